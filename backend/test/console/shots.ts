// SPDX-License-Identifier: Apache-2.0
// Pictures of every page, light, dark and on a phone, for people to look at: node tools/run.mjs backend/test/console/shots.ts DIRECTORY
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { openBrowser, signIn, visit } from "./browser.ts";
import { openStandIn } from "./stand-in.ts";

const PAGES: [name: string, path: string, then?: (page: Page) => Promise<unknown>][] = [
  ["networks", "/"], ["gateways", "/networks/school/gateways"], ["gateway", "/networks/school/gateways/library"], ["devices", "/networks/school/devices"],
  ["policy", "/networks/school/policy", async (page) => page.locator(".cm-content").first().waitFor()],
  ["policy-wrong", "/networks/school/policy", mistype], ["dry-run", "/networks/school/policy", dryRun], ["push", "/networks/school/policy", (page) => page.getByRole("button", { name: "Push…" }).click()],
  ["history", "/networks/school/policy/history", async (page) => page.locator(".cm-content").first().waitFor()],
  ["verdicts", "/networks/school/verdicts"], ["add-verdict", "/networks/school/verdicts", (page) => page.getByRole("button", { name: "Add verdict" }).click()],
  ["events", "/networks/school/events"], ["settings", "/networks/school/settings"], ["remove-network", "/networks/workshop/settings", (page) => page.getByRole("button", { name: "Remove network…" }).click()],
  ["signing-keys", "/keys"], ["rotate", "/keys", (page) => page.getByRole("button", { name: "Change signing key…" }).click()], ["revoke", "/networks/school/gateways/hall", (page) => page.getByRole("button", { name: "Revoke…" }).click()],
  ["audit", "/audit"], ["tokens", "/tokens"], ["users", "/users"],
  ["token", "/networks/workshop/gateways", makeToken], ["keys", "/", (page) => page.keyboard.press("?")], ["menu", "/", (page) => page.getByRole("button", { name: /settings/ }).click()],
];
const LOOKS: Record<string, BrowserContextOptions> = { light: { colorScheme: "light" }, dark: { colorScheme: "dark" }, phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true } };

async function edit(page: Page, search: string, text: string): Promise<void> {
  const line = page.locator(".cm-line", { hasText: search }).first();
  await line.click();
  for (let i = 0; i < 2; i++) await page.keyboard.press("End"); // of what is seen, then of the line, where it is wrapped
  await page.keyboard.type(text);
}
async function mistype(page: Page): Promise<void> {
  await edit(page, "projectors, allow", '\n- { from: staf, to: printers, allow: [tpc/80] }');
  await page.locator(".problem-list").waitFor();
  await page.waitForTimeout(300);
}
async function dryRun(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Drop my text" }).or(page.getByRole("button", { name: "Discard my changes" })).click({ timeout: 3000 }).catch(() => {});
  await edit(page, "staff, to: internet", "\n- { from: tablets, to: printers, allow: [tcp/631] }");
  await page.getByRole("button", { name: "Dry run" }).click();
  await page.locator(".dry-run .cm-content").waitFor();
}
async function makeToken(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Add gateway" }).first().click();
  await page.getByLabel("Identifier").fill("bench");
  await page.getByRole("button", { name: "Make token" }).click();
  await page.getByText("Waiting for the gateway").waitFor();
}

const directory = process.argv[2] ?? "build/console-shots";
mkdirSync(directory, { recursive: true });
const bench = await openStandIn();
const browser = await openBrowser();
for (const [look, options] of Object.entries(LOOKS)) {
  const { page, complaints } = await visit(browser, bench.url, options);
  await page.goto("/");
  await page.getByLabel("Name").waitFor();
  await page.screenshot({ path: join(directory, `sign-in-${look}.png`) });
  await signIn(page, bench.adminPassword);
  for (const [name, path, then] of PAGES) {
    await page.goto(path);
    await page.locator("[data-heading]").first().waitFor();
    await page.waitForTimeout(350);
    await then?.(page);
    await page.evaluate("scrollTo(0, 0)");
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(directory, `${name}-${look}.png`), fullPage: !["push", "add-verdict", "token", "keys", "menu", "remove-network", "rotate", "revoke"].includes(name) });
  }
  process.stdout.write(`${look}: ${PAGES.length + 1} pictures${complaints.map((text) => `\n  ${text}`).join("")}\n`);
}
await browser.close();
await bench.close();
process.exit(0);
