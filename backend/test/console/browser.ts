// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, and pages in it that remember everything that a good page does not do.
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";
/** Milliseconds that one step may take; the machine may be busy. */
const PATIENCE = 15_000;

export async function openBrowser(): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing; run: node tools/run.mjs tools/setup/index.ts`);
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: PROGRAM, args: [...asRoot, "--disable-dev-shm-usage", "--disable-gpu"], timeout: 60_000 });
}

export interface Visit {
  page: Page;
  /** Console errors, uncaught exceptions, violations of the content security policy, requests to other hosts. */
  complaints: string[];
  close(): Promise<void>;
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ baseURL: url, ignoreHTTPSErrors: true, viewport: { width: 1280, height: 860 }, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // The browser itself writes a line for every answer of 400 and above; the page shows those to the person.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`${error.stack ?? error.message}`));
  page.on("request", (request) => { if (!request.url().startsWith(url)) complaints.push(`request to ${request.url()}`); });
  await context.addInitScript(() => {
    (globalThis as unknown as EventTarget).addEventListener("securitypolicyviolation", (event) => {
      const { violatedDirective, blockedURI, sample } = event as unknown as { violatedDirective: string; blockedURI: string; sample: string };
      console.error(`violates ${violatedDirective}: ${blockedURI} ${sample}`);
    });
  });
  return { page, complaints, close: () => context.close() };
}

/** Polls from outside: playwright's own waitForFunction evaluates strings in the page, which the content security policy forbids. */
export async function until(page: Page, expression: string): Promise<void> {
  for (const end = Date.now() + PATIENCE; !(await page.evaluate(expression)); await page.waitForTimeout(50)) if (Date.now() > end) throw new Error(`not within ${PATIENCE} ms: ${expression}`);
}

export async function signIn(page: Page, password: string, name = "admin"): Promise<void> {
  await page.goto("/");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Networks", level: 1 }).waitFor();
}
