// SPDX-License-Identifier: Apache-2.0
// What a person does with the console, in Chromium, on the real API over a stand-in fleet.
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openBrowser, signIn, until, visit, type Visit } from "./browser.ts";
import { openWire } from "./cut.ts";
import { openStandIn, type StandIn } from "./stand-in.ts";
import { POLICY } from "./believable.ts";

let bench: StandIn;
let browser: Browser;
test.before(async () => {
  [bench, browser] = await Promise.all([openStandIn(), openBrowser()]);
});
test.after(async () => {
  await browser?.close();
  await bench?.close();
});

/** One visit of somebody signed in; it ends without a complaint of the browser. */
function scene(name: string, play: (page: Page, seen: Visit) => Promise<void>): void {
  test(name, async () => {
    const seen = await visit(browser, bench.url);
    try {
      await signIn(seen.page, bench.adminPassword);
      await play(seen.page, seen);
      assert.equal(seen.complaints, []);
    } finally {
      await seen.close();
    }
  });
}

async function openPolicy(page: Page, network = "school"): Promise<void> {
  await page.goto(`/networks/${network}/policy`);
  await page.getByRole("textbox", { name: `Policy of ${network}` }).waitFor();
}

/** A new line after the one with `text`. */
async function addLine(page: Page, text: string, line: string): Promise<void> {
  await page.locator(".cm-line", { hasText: text }).first().click();
  await page.keyboard.press("End");
  await page.keyboard.type(`\n${line}`);
}

const push = (text: string, reason: string): Promise<unknown> => bench.fleet.pushPolicy({ name: "ben" }, "school", text, reason);

test("a wrong password is refused in words, the right one leads where the person wanted to go", async () => {
  const { page, complaints, close } = await visit(browser, bench.url);
  await page.goto("/networks/school/devices");
  await page.getByLabel("Name").waitFor();
  assert.is(await page.evaluate("document.activeElement.name"), "username");
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill("not the password");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("The name or the password is wrong.").waitFor();
  await page.getByLabel("Password").fill(bench.adminPassword);
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Devices" }).waitFor();
  await page.getByRole("button", { name: /settings/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Password").waitFor();
  assert.is((await page.request.get("/api/v1/me")).status(), 401);
  assert.equal(complaints, []);
  await close();
});

scene("an ended session asks to sign in again and goes on at the same place", async (page) => {
  await page.goto("/networks/school/verdicts");
  await page.getByRole("table", { name: "Verdicts" }).waitFor();
  await bench.database.query("DELETE FROM api_sessions");
  await page.getByRole("link", { name: "Devices" }).click();
  await page.getByText("Your session has ended").waitFor();
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill(bench.adminPassword);
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Devices" }).waitFor();
});

scene("the list of networks counts gateways, drift and requests", async (page) => {
  const row = page.getByRole("row", { name: /school/ });
  assert.match(await row.innerText(), /3 of 4/);
  assert.match(await row.innerText(), /3 gateways not as desired/);
  assert.match(await row.innerText(), /1 request to enrol again/);
  assert.match(await row.innerText(), /version 4/);
});

scene("the reason of a refused document is there in words, in the list and on the gateway's page", async (page) => {
  await page.goto("/networks/school/gateways");
  await page.getByRole("row", { name: /library/ }).getByText("the document expired 2 h before its issue time").waitFor();
  assert.match(await page.getByRole("row", { name: /library/ }).innerText(), /version 3\s+should be version 4/);
  await page.getByRole("link", { name: "library" }).click();
  await page.getByText("It refused a document (desired, number 44)").waitFor();
  await page.getByText("port wlan1 is not in the bridge").waitFor();
  await page.getByText("may reach nothing until 18:00").waitFor();
});

scene("mistakes are marked while typing, listed with their line, and mended by a click", async (page) => {
  await openPolicy(page);
  await page.getByText("Valid: 5 rules, 5 groups").waitFor();
  await addLine(page, "staff, to: internet", "- { from: staf, to: printers, allow: [tcp/80] }");
  await page.getByText("1 problem: it cannot be pushed like this").waitFor();
  assert.ok(await page.getByRole("button", { name: "Push…" }).isDisabled());
  assert.is(await page.locator(".cm-lintRange-error").innerText(), "staf");
  await page.locator(".cm-line", { hasText: "network: school" }).click();
  await page.getByRole("button", { name: /Line 15/ }).click();
  assert.match(await page.locator(".cm-activeLine.cm-line").innerText(), /from: staf,/);
  await page.locator(".cm-lintRange-error").hover();
  await page.getByRole("button", { name: "Change to staff" }).click();
  await page.getByText("Valid: 6 rules, 5 groups").waitFor();
  await page.locator(".cm-line", { hasText: "network: school" }).click();
  await page.keyboard.press("End");
  await page.keyboard.type("s");
  await page.getByRole("button", { name: /Line 2 .*"schools" is another network/ }).waitFor();
  assert.is(await page.locator(".cm-lintRange-error").innerText(), "schools");
});

scene("typing over lines that are selected leaves no style that the browser made up", async (page, { complaints }) => {
  await openPolicy(page);
  await page.locator(".cm-line", { hasText: "network: school" }).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("network: school");
  await page.keyboard.press("Enter");
  await page.keyboard.type("rules: []");
  await page.getByText("Valid: 0 rules, 0 groups").waitFor();
  assert.equal(complaints, []);
  await page.keyboard.press("ControlOrMeta+z");
  await page.keyboard.press("ControlOrMeta+z");
  await page.keyboard.press("ControlOrMeta+z");
  await page.getByText("Valid: 5 rules, 5 groups").waitFor();
});

scene("a dry run names the gateways, the changed decisions by the devices' names, and the text's difference", async (page) => {
  await openPolicy(page);
  await addLine(page, "staff, to: internet", "- { from: tablets, to: printers, allow: [tcp/631] }");
  await page.keyboard.press("Control+Enter");
  await page.getByText("3 decisions between known devices would change, on 5 gateways").waitFor();
  const row = page.getByRole("table", { name: "Changed decisions" }).getByRole("row", { name: /tablet-01/ });
  assert.match((await row.innerText()).replace(/\s+/g, " "), /tablet-01 02:00:00:00:01:05 printer-office 02:00:00:00:01:03 tcp\/631 deny allow/);
  assert.match(await page.locator(".difference .cm-insertedLine, .difference .cm-changedLine").first().innerText(), /tablets, to: printers/);
  const { dryRun } = bench.fleet;
  bench.fleet.dryRun = async (network, text) => ({ ...(await dryRun(network, text)), total: 1234, cut: ["changes", "time"] });
  await page.getByRole("button", { name: "Dry run" }).click();
  await page.getByText("At least 1,234 decisions between the compared devices would change").waitFor();
  await page.getByText("Not everything is shown. The table has the first 3 of at least 1,234 decisions.").waitFor();
  bench.fleet.dryRun = dryRun;
});

scene("a draft survives another page and a reload; a push needs a reason and makes the next version", async (page) => {
  await openPolicy(page);
  await addLine(page, "staff, to: internet", "- { from: staff, to: cameras, allow: [tcp/554] }");
  await page.getByText("Not pushed yet").waitFor();
  await page.getByRole("link", { name: "Devices" }).click();
  await page.getByRole("table", { name: "Devices" }).waitFor();
  await page.reload();
  await openPolicy(page);
  await page.getByText("Valid: 6 rules").waitFor();
  await page.getByRole("button", { name: "Push…" }).click();
  await page.getByRole("button", { name: "Push version 5" }).click();
  assert.is(await page.getByRole("dialog").count(), 1, "without a reason the form stays");
  await page.getByLabel("Reason").fill("staff may look at the door");
  await page.getByRole("button", { name: "Push version 5" }).click();
  await page.getByText("Version 5 is pushed").waitFor();
  await page.getByText("Version 5 by admin").waitFor();
  const made = (await bench.fleet.policy("school"))!;
  assert.equal([made.version, made.reason, made.text], [5, "staff may look at the door", POLICY.replace("internet,   allow: all }\n", "internet,   allow: all }\n  - { from: staff, to: cameras, allow: [tcp/554] }\n")]);
});

scene("who edits while another pushes sees what changed, and loses nothing", async (page) => {
  await openPolicy(page);
  const before = (await bench.fleet.policy("school"))!;
  await addLine(page, "staff, to: internet", "- { from: staff, to: cameras, allow: [icmp] }");
  await page.getByRole("button", { name: "Push…" }).click();
  await page.getByLabel("Reason").fill("ping the camera");
  // The live event is on its way while the person presses the button; the answer 409 must do as well.
  await page.route("**/policy/history/**", async (route) => { await new Promise((resolve) => setTimeout(resolve, 100)); await route.continue(); });
  await push(`${before.text}# by ben\n`, "a remark");
  await page.getByRole("button", { name: "Push version 6" }).click();
  await page.getByText("Version 6 was pushed by ben").waitFor();
  assert.match(await page.getByLabel("A newer version was pushed").innerText(), /a remark/);
  await page.getByLabel("A newer version was pushed").getByText("# by ben").waitFor();
  assert.is((await bench.fleet.policy("school"))!.version, 6);
  await page.getByRole("button", { name: "Go on with my text from version 6" }).click();
  await page.getByRole("button", { name: "Push…" }).click();
  await page.getByLabel("Reason").fill("ping the camera");
  await page.getByRole("button", { name: "Push version 7" }).click();
  await page.getByText("Version 7 is pushed").waitFor();
  assert.match((await bench.fleet.policy("school"))!.text, /cameras, allow: \[icmp\]/);
});

scene("an untouched editor follows the newest version by itself", async (page) => {
  await openPolicy(page);
  const { text, version } = (await bench.fleet.policy("school"))!;
  await push(`${text}# newest\n`, "another remark");
  await page.getByText(`Version ${version + 1} by ben`).waitFor();
  await page.locator(".cm-line", { hasText: "# newest" }).waitFor();
});

scene("history: who, why, the difference of two versions, going back", async (page) => {
  await page.goto("/networks/school/policy/history");
  await page.getByRole("row", { name: /reading week is over/ }).getByText("back to 1").waitFor();
  await page.getByRole("button", { name: "Changes of version 2" }).click();
  await page.locator(".difference .cm-deletedChunk, .difference .cm-changedLine").first().waitFor();
  assert.is(await page.getByLabel("From", { exact: true }).inputValue(), "1");
  await page.getByRole("button", { name: "Go back to version 2" }).click();
  await page.getByLabel("Reason").fill("reading week again");
  await page.getByRole("dialog").getByRole("button", { name: "Go back to version 2" }).click();
  await page.getByText("has the text of version 2").waitFor();
  const { text, reason } = (await bench.fleet.policy("school"))!;
  assert.equal([text, reason], [(await bench.fleet.policy("school", 2))!.text, "reading week again"]);
  await page.getByRole("row", { name: /reading week again/ }).getByText("current").waitFor();
});

scene("events come live, wait while paused, and are filtered; older ones page by page", async (page) => {
  await page.goto("/networks/school/events");
  const table = page.getByRole("table", { name: "Events" });
  await table.waitFor();
  bench.happen({ event: "device-associated", fields: { mac: "02:00:00:00:01:77" } });
  await table.getByText("02:00:00:00:01:77").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  bench.happen({ event: "device-left", fields: { mac: "02:00:00:00:01:78" } });
  await page.getByRole("button", { name: "Go on (1 new)" }).waitFor();
  assert.is(await table.getByText("02:00:00:00:01:78").count(), 0);
  await page.getByRole("button", { name: "Go on" }).click();
  await table.getByText("02:00:00:00:01:78").waitFor();
  const rows = await table.getByRole("row").count();
  await page.getByRole("button", { name: "Older events" }).click();
  await until(page, `document.querySelectorAll("tbody tr").length > ${rows + 20}`);
  await page.getByLabel("Search in what is shown").fill("01:78");
  assert.is(await table.getByRole("row").count(), 2, "heading and one event");
});

test("a lost live connection is told, and what was missed is there afterwards", async () => {
  const wire = await openWire(bench.url);
  const { page, complaints, close } = await visit(browser, wire.url);
  await signIn(page, bench.adminPassword);
  await page.goto("/networks/school/verdicts");
  await page.getByRole("table", { name: "Verdicts" }).waitFor();
  wire.cut();
  await page.getByText("The live connection to the backend was lost").waitFor();
  await page.getByText("Not live").waitFor();
  await bench.fleet.addVerdict({ name: "ben" }, { network: "school", device: "*", remote: "203.0.113.7", kind: "flow", verdict: "deny", reason: "a new scanner", lifetime: 60 });
  wire.mend();
  await page.getByText("a new scanner").waitFor();
  await page.getByText("Not live").waitFor({ state: "detached" });
  assert.equal(complaints, []);
  await close();
  await wire.close();
});

scene("a gateway's enrolment: the command to copy, then the word that it has enrolled", async (page) => {
  await page.goto("/networks/workshop/gateways");
  await page.getByText("No gateway has enrolled yet").waitFor();
  await page.getByRole("button", { name: "Add gateway" }).first().click();
  await page.getByLabel("Identifier").fill("bench");
  await page.getByRole("button", { name: "Make token" }).click();
  assert.match(await page.locator(".copyable code").innerText(), /^securebox enroll sbx1\./);
  bench.emit({ kind: "gateway", network: "workshop", gateway: "bench" });
  await page.getByText("bench has enrolled").waitFor();
});

scene("a request to enrol again shows the key's fingerprint and is decided", async (page) => {
  await page.goto("/networks/school/gateways");
  const request = page.getByRole("article", { name: "Request of gym" });
  assert.match(await request.innerText(), /Its key is new/);
  assert.match(await request.innerText(), /b5bb9d8014a0f9b1/);
  await request.getByRole("button", { name: "Approve" }).click();
  await page.getByText("gym: approved").waitFor();
  assert.is(bench.enrolment.open[0]!.state, "approved");
});

scene("revoking a gateway asks why", async (page) => {
  await page.goto("/networks/shop/gateways/till");
  await page.getByRole("button", { name: "Revoke…" }).click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.is((await bench.fleet.gateway("till")).state, "enrolled");
  await page.getByRole("button", { name: "Revoke…" }).click();
  await page.getByLabel("Reason").fill("stolen");
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await page.getByText("till is revoked").waitFor();
  assert.is((await bench.fleet.gateway("till")).state, "revoked");
});

test("a viewer sees everything and is offered nothing that they may not do", async () => {
  await bench.user("vera", "viewer");
  const { page, complaints, close } = await visit(browser, bench.url);
  await signIn(page, "password of vera", "vera");
  assert.is(await page.getByRole("button", { name: "Add network" }).count(), 0);
  assert.is(await page.getByRole("link", { name: "Users" }).count(), 0);
  await openPolicy(page);
  assert.is(await page.getByRole("button", { name: "Push…" }).count(), 0);
  assert.is(await page.getByRole("textbox", { name: "Policy of school" }).getAttribute("aria-readonly"), "true");
  await page.goto("/networks/school/verdicts");
  await page.getByRole("table", { name: "Verdicts" }).waitFor();
  assert.is(await page.getByRole("button", { name: "Add verdict" }).count(), 0);
  await page.goto("/networks/school/settings");
  await page.locator(".facts").getByText("What happens (info)").waitFor();
  await page.goto("/keys");
  await page.getByRole("table", { name: "Signing keys" }).waitFor();
  assert.is(await page.getByRole("button", { name: /Change|Save|Remove/ }).count(), 0);
  assert.equal(complaints, []);
  await close();
});

scene("a failed load says why and can be tried again", async (page) => {
  await page.route("**/api/v1/networks/school/devices", (route) => route.fulfill({ status: 503, contentType: "application/json", body: '{"error":{"code":"unavailable","message":"the database does not answer"}}' }));
  await page.goto("/networks/school/devices");
  await page.getByRole("alert").getByText("The database does not answer.").waitFor();
  await page.unroute("**/api/v1/networks/school/devices");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("table", { name: "Devices" }).waitFor();
});

test.run();
