// SPDX-License-Identifier: Apache-2.0
// What holds on every page: accessible, readable in both colour schemes, no wider than a phone, usable by keyboard alone.
import { readFileSync } from "node:fs";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openBrowser, signIn, until, visit } from "./browser.ts";
import { openStandIn, type StandIn } from "./stand-in.ts";

let bench: StandIn;
let browser: Browser;
test.before(async () => {
  [bench, browser] = await Promise.all([openStandIn(), openBrowser()]);
});
test.after(async () => {
  await browser?.close();
  await bench?.close();
});

/** Path, and something that is there when the page is complete. */
const PAGES: [path: string, complete: string][] = [
  ["/", "table"], ["/networks/school/gateways", "table"], ["/networks/workshop/gateways", ".empty"], ["/networks/school/gateways/library", "table[aria-label=Events]"], ["/networks/school/devices", "table"],
  ["/networks/school/policy", ".problems"], ["/networks/school/policy/history", ".difference .cm-content"], ["/networks/school/verdicts", "table"], ["/networks/school/events", "table"],
  ["/networks/school/audit", "table"], ["/events", "table"], ["/networks/school/settings", "#removal + p"], ["/networks/workshop/settings", "#removal + button"], ["/audit", "table"], ["/keys", "table"], ["/tokens", ".empty, table"], ["/users", "table"], ["/nowhere", "[data-heading]"],
];

async function everyPage(options: BrowserContextOptions, look: (page: Page, path: string) => Promise<void>): Promise<void> {
  const { page, complaints, close } = await visit(browser, bench.url, options);
  await page.goto("/");
  await page.getByLabel("Name").waitFor();
  await look(page, "sign-in");
  await signIn(page, bench.adminPassword);
  for (const [path, complete] of PAGES) {
    await page.goto(path);
    await page.locator(complete).first().waitFor();
    await look(page, path);
  }
  assert.equal(complaints, []);
  await close();
}

const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
interface Violation { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }

/** All rules of WCAG 2.2 A and AA and axe's best practices, colour contrast among them. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as { violations: Violation[] };
  return found.violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary.replace(/\s+/g, " ")}`).join(" | ")}`);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`no page breaks a rule of axe, ${colorScheme}`, async () => {
    const found: string[] = [];
    await everyPage({ colorScheme }, async (page, path) => { for (const text of await violations(page)) found.push(`${path} ${text}`); });
    assert.equal(found, []);
  });
}

test("no dialog breaks a rule of axe", async () => {
  const { page, close } = await visit(browser, bench.url);
  await signIn(page, bench.adminPassword);
  const dialogs: [path: string, button: string][] = [
    ["/", "Add network"], ["/networks/school/gateways", "Add gateway"], ["/networks/school/gateways/hall", "Revoke…"], ["/networks/school/gateways/hall", "Name…"], ["/networks/school/gateways/old-hall", "Remove…"], ["/networks/workshop/settings", "Remove network…"], ["/keys", "Change signing key…"], ["/networks/school/verdicts", "Add verdict"],
    ["/networks/school/policy/history", "Go back to version 1"], ["/tokens", "Make token"], ["/users", "Add user"],
  ];
  for (const [path, button] of dialogs) {
    await page.goto(path);
    await page.getByRole("button", { name: button }).first().click();
    await page.getByRole("dialog").waitFor();
    assert.equal(await violations(page), [], `${path} ${button}`);
  }
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: /settings/ }).click();
  assert.equal(await violations(page), [], "menu");
  await close();
});

test("on a phone of 360 pixels nothing has to be scrolled sideways, and the navigation is at the bottom", async () => {
  await everyPage({ viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true }, async (page, path) => {
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    const out = await page.evaluate("[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 361 && getComputedStyle(e).position !== 'absolute' && !e.closest('.sr-only, thead')).map(e => e.outerHTML.slice(0, 120))");
    assert.equal([wide, out], [360, []], path);
    const cut = await page.evaluate("[...document.querySelectorAll('tbody td > *, tbody td > * > *')].filter(e => e.getBoundingClientRect().right > e.closest('tr').getBoundingClientRect().right - 8).map(e => e.outerHTML.slice(0, 120))");
    assert.equal(cut, [], `${path}: within its card`);
    if (path === "sign-in") return;
    const box = (await page.getByRole("navigation", { name: "Main" }).boundingBox())!;
    assert.ok(box.y > 500 && box.y + box.height <= 641, `${path}: navigation at ${box.y}`);
  });
});

/** Relative luminance and contrast, WCAG 2.2. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string): number => {
    const [r, g, b] = /(\d+), (\d+), (\d+)/.exec(colour)!.slice(1).map((part) => Number(part) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const TEXT_PAIRS: [text: string, ground: string][] = [
  ...["--bg", "--surface", "--sunken"].flatMap((ground): [string, string][] => [["--text", ground], ["--muted", ground], ["--accent", ground]]),
  ["--on-accent", "--accent"], ["--on-accent", "--accent-hover"], ["--accent", "--accent-soft"], ["--good", "--good-soft"], ["--warn", "--warn-soft"], ["--bad", "--bad-soft"], ["--muted", "--calm-soft"],
  ["--text", "--good-soft"], ["--text", "--warn-soft"], ["--text", "--bad-soft"], ["--good", "--bg"], ["--bad", "--bg"], ["--bad", "--surface"],
  ...["--surface", "--added", "--removed", "--added-strong", "--removed-strong", "--selection"].flatMap((ground): [string, string][] => [["--syntax-key", ground], ["--syntax-text", ground], ["--text", ground], ["--muted", ground]]),
];

for (const colorScheme of ["light", "dark"] as const) {
  test(`text is readable on its ground: contrast of 4.5 and more, ${colorScheme}; lines of controls 3 and more`, async () => {
    const { page, close } = await visit(browser, bench.url, { colorScheme });
    await page.goto("/");
    const colour = async (name: string): Promise<string> => String(await page.evaluate(`(() => { const e = document.createElement('i'); e.style.color = 'var(${name})'; document.body.append(e); const c = getComputedStyle(e).color; e.remove(); return c; })()`));
    const weak: string[] = [];
    for (const [pairs, least] of [[TEXT_PAIRS, 4.5], [[["--line-strong", "--surface"], ["--line-strong", "--bg"], ["--accent", "--surface"]] as [string, string][], 3]] as const) {
      for (const [text, ground] of pairs) {
        const ratio = contrast(await colour(text), await colour(ground));
        if (ratio < least) weak.push(`${text} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
    assert.equal(weak, []);
    await close();
  });
}

test("light or dark by choice, kept on this browser", async () => {
  const { page, close } = await visit(browser, bench.url, { colorScheme: "light" });
  await signIn(page, bench.adminPassword);
  const ground = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
  assert.is(await ground(), "rgb(245, 246, 248)");
  await page.getByRole("button", { name: /settings/ }).click();
  await page.getByLabel("dark").check();
  assert.is(await ground(), "rgb(15, 20, 26)");
  await page.reload();
  await page.getByRole("heading", { name: "Networks" }).waitFor();
  assert.is(await ground(), "rgb(15, 20, 26)");
  await close();
});

/** Tab until what has the focus is called `name`; the way a person without a mouse goes. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const focused = String(await page.evaluate("(() => { let e = document.activeElement; while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement; return (e?.getAttribute('aria-label') || e?.labels?.[0]?.textContent || e?.textContent || '').trim(); })()"));
    if (!name.test(focused)) continue;
    const ring = await page.evaluate("(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' || s.boxShadow !== 'none' || document.activeElement.matches('.editor'); })()");
    assert.ok(ring, `the focus on ${name} can be seen`);
    return;
  }
  throw new Error(`no control ${name} within 60 tabs`);
}

test("from sign-in to a pushed policy with the keyboard alone", async () => {
  const { page, complaints, close } = await visit(browser, bench.url);
  await page.goto("/");
  await page.getByLabel("Name").waitFor();
  await page.keyboard.type("admin");
  await page.keyboard.press("Tab");
  await page.keyboard.type(bench.adminPassword);
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Networks" }).waitFor();
  await tabTo(page, /^Skip to the content$/);
  await page.keyboard.press("Enter");
  await tabTo(page, /^school$/);
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Gateways" }).waitFor();
  await until(page, "document.activeElement.textContent === 'Gateways'");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  for (let i = 0; i < 40 && (await page.evaluate("document.activeElement.textContent")) !== "Policy"; i++) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Valid: 5 rules").waitFor();
  await tabTo(page, /^Policy of school, YAML$/);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# by keyboard\n");
  await page.keyboard.press("Control+Enter");
  await page.getByText("No decision between known devices would change").waitFor();
  for (let i = 0; i < 60 && (await page.evaluate("document.activeElement.textContent")) !== "Push…"; i++) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Push to school" }).waitFor();
  await page.keyboard.type("to show that it can be done");
  await page.keyboard.press("Enter");
  await page.getByText("Version 5 is pushed").waitFor();
  assert.is((await bench.fleet.policy("school"))!.reason, "to show that it can be done");
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await page.getByRole("heading", { name: "Events", level: 1 }).waitFor();
  await until(page, "document.activeElement.tagName === 'H1'");
  assert.equal(complaints, []);
  await close();
});

test.run();
