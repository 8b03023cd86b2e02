// SPDX-License-Identifier: Apache-2.0
// What a person does with luci-app-securebox: the real pages in Chromium, on a bus with a made-up gateway. luci-gateway.test.ts has the real one.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseUci } from "../../src/openwrt/uci/text.ts";
import { SECTIONS } from "../../src/gateway/config/uci/options.ts";
import { until } from "../lab/command.ts";
import { FakeGateway, HOSTILE, LAPTOP, PRINTER } from "../luci/fake-gateway.ts";
import { isClean, later, LuciBench, REAL } from "../luci/bench.ts";

const test = suite(`pages for LuCI (real: ${REAL})`);
let bench: LuciBench;
let gateway: FakeGateway;

test.before(async () => {
  bench = await LuciBench.start();
});
test.before.each(async () => {
  gateway = new FakeGateway();
  await gateway.publish(bench.bus.client());
});
test.after.each(() => gateway.withdraw());
test.after(() => bench?.stop());

/** One visit; it ends without a complaint of the browser, and no text from outside became markup. */
function scene(name: string, page: string, heading: string, play: (page: Page) => Promise<void>, user = "root"): void {
  test(name, async () => {
    const seen = await bench.open(page, heading, user);
    try {
      await play(seen.page);
      assert.equal(seen.complaints, []);
      assert.ok(await isClean(seen.page), "a text from outside became markup");
    } finally {
      await seen.close();
    }
  });
}

const rowOf = (page: Page, text: string) => page.locator("tr.tr", { hasText: text });
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const sessionOf = (page: Page): Promise<string> => page.evaluate("L.env.sessionid");
const login = async (user: string): Promise<string> => String((await bench.bus.client().call("session", "login", { username: user, password: user }))["ubus_rpc_session"]);
const changesOf = async (page: Page): Promise<unknown[]> => ((await bench.bus.client().call("uci", "changes", { ubus_rpc_session: await sessionOf(page) }))["changes"] as Record<string, unknown[]>)["securebox"] ?? [];
const calls = (name: string): unknown[] => gateway.calls.filter(({ method }) => method === name).map(({ args: { ubus_rpc_session: _, ...args } }) => args);

scene("status tells what is in force and what is wrong, and goes on asking", "status", "Securebox", async (page) => {
  await rowOf(page, "Open vSwitch").getByText("Open vSwitch 2.17.9, OpenFlow 1.4").waitFor();
  await page.getByText("5 rules, 2 groups").waitFor();
  await page.getByText("line 7: rules[1].from: expected a group").waitFor();
  await page.getByText("wlan0 (bss), eth1 (uplink, missing)").waitFor();
  assert.is(await page.getByText("Something is wrong").count(), 0);
  gateway.problems = [`the switch is away <img src=x onerror="window.pwned=1">`];
  await later(page);
  await page.getByRole("alert").getByText("the switch is away <img").waitFor();
  await page.getByText("Not healthy").waitFor();
});

scene("enrolment: a refused token in words, a good one, and leaving after a question", "status", "Securebox", async (page) => {
  const token = page.getByRole("textbox", { name: "Enrolment token" });
  await button(page, "Enrol").click();
  await page.getByText("Paste the token first").waitFor();
  await token.fill("wrong");
  await button(page, "Enrol").click();
  await page.getByText("the backend does not know this token").waitFor();
  assert.is(await token.inputValue(), "wrong");
  await token.fill("  good-token\n");
  await button(page, "Enrol").click();
  await page.getByText("Enrolled as gw-1 of network home.").waitFor();
  await page.getByText("broker.example:8883").waitFor();
  assert.not(await token.isVisible());
  await button(page, "Leave the backend…").click();
  await button(page, "Stay").click();
  assert.equal(calls("unenroll"), []);
  await button(page, "Leave the backend…").click();
  await button(page, "Leave the backend").click();
  await page.getByText("Left network home.").waitFor();
  await token.waitFor();
});

scene("a gateway that is away, and comes back, breaks no page", "devices", "Devices", async (page) => {
  await rowOf(page, "Printer").first().waitFor();
  await gateway.withdraw();
  await button(rowOf(page, "Printer").first() as unknown as Page, "Isolate").click();
  await page.getByText("The gateway is not running.").first().waitFor();
  await rowOf(page, "Laptop").first().waitFor();
  await page.reload();
  await page.getByRole("alert").getByText("The gateway is not running.").waitFor();
  await gateway.publish(bench.bus.client());
  await later(page);
  await rowOf(page, "Printer").first().waitFor();
  await page.getByRole("alert").waitFor({ state: "detached" });
});

for (const [page, heading] of [["status", "Securebox"], ["why", "Why"], ["events", "Events"], ["devices", "Devices"]] as const) {
  test(`${page} without a gateway says so`, async () => {
    await gateway.withdraw();
    const seen = await bench.open(page, heading);
    await seen.page.getByRole("alert").getByText("The gateway is not running.").waitFor();
    assert.equal(seen.complaints, []);
    await seen.close();
  });
}

scene("devices: names of devices are text that hides nothing, whatever they call themselves", "devices", "Devices", async (page) => {
  for (const [index, name] of HOSTILE.entries()) assert.is(await rowOf(page, `02:00:00:00:00:${20 + index}`).locator("strong").innerText(), name.replaceAll("\u202e", "\ufffd"));
  await rowOf(page, "no name").getByText("02:00:00:00:00:13").waitFor();
  await page.getByRole("textbox", { name: "Filter" }).fill("10.77.0.12");
  await rowOf(page, "Printer").waitFor({ state: "detached" });
  assert.is(await page.locator("tr.tr", { hasText: "02:00:00" }).count(), 1);
});

scene("devices: isolate, quarantine, each with undo", "devices", "Devices", async (page) => {
  const printer = rowOf(page, "Printer").first();
  await printer.getByRole("button", { name: "Isolate" }).click();
  await page.getByText(`In force: Printer (${PRINTER}) is isolated: internet and router only`).waitFor();
  await page.locator(".alert-message").getByRole("button", { name: "Undo" }).click();
  await page.getByText(`Undone: Printer (${PRINTER}) is isolated`).waitFor();
  assert.equal(gateway.overrides, []);
  await printer.getByRole("button", { name: "Quarantine" }).click();
  await page.locator("tr.tr", { hasText: "is in quarantine" }).getByRole("button", { name: "Undo" }).click();
  await page.getByText("None: the policy alone decides.").waitFor();
  assert.equal([calls("isolate"), calls("quarantine"), calls("undo")], [[{ device: PRINTER }], [{ device: PRINTER }], [{ id: 1 }, { id: 2 }]]);
  await rowOf(page, "Laptop").first().getByRole("button", { name: "Isolate" }).click();
  await page.getByText("256 overrides are in force; undo one first").waitFor();
});

scene("devices: who may reach whom, allow and deny a service", "devices", "Devices", async (page) => {
  await rowOf(page, "Printer").first().getByRole("button", { name: "Who reaches it" }).click();
  await page.getByRole("heading", { name: `Who may reach whom: Printer (${PRINTER})` }).waitFor();
  const peers = page.locator(".cbi-section", { hasText: "Who may reach whom" });
  const laptop = peers.locator("tr.tr", { hasText: LAPTOP });
  assert.equal(await laptop.locator("td").allInnerTexts().then((texts) => texts.slice(1, 3)), ["denied", "asked for each flow"]);
  assert.match(await peers.locator("tr.tr", { hasText: "the internet" }).innerText(), /allowed\s+denied/);
  await peers.getByRole("textbox", { name: "Service" }).fill("tcp/631");
  await laptop.getByRole("button", { name: "Allow" }).click();
  await page.getByText(`In force: Printer (${PRINTER}) may reach Laptop (${LAPTOP}): tcp/631`).waitFor();
  await peers.locator("tr.tr", { hasText: "the router" }).getByRole("button", { name: "Deny" }).click();
  await page.getByText("may not reach the router: tcp/631").first().waitFor();
  assert.equal([calls("allow"), calls("deny")], [[{ a: PRINTER, b: LAPTOP, service: "tcp/631" }], [{ a: PRINTER, b: "gateway", service: "tcp/631" }]]);
});

scene("why: two ends and a service are explained; what is denied can be allowed there", "why", "Why", async (page) => {
  await button(page, "Explain").click();
  await page.getByText("Choose both ends first.").waitFor();
  await page.getByRole("combobox", { name: "From" }).selectOption({ label: `${HOSTILE[0]} (02:00:00:00:00:20)` });
  await page.getByRole("combobox", { name: "To" }).selectOption("*");
  await page.getByRole("textbox", { name: "To: address or name" }).fill("www.example.org");
  await page.getByRole("textbox", { name: "Service" }).fill("tcp/443");
  await button(page, "Explain").click();
  await page.getByText(`no rule allows it from ${HOSTILE[0]}`).waitFor();
  await button(page, "Allow this").click();
  await page.getByText("may reach www.example.org: tcp/443").first().waitFor();
  assert.equal(calls("explain")[0], { a: "02:00:00:00:00:20", b: "www.example.org", service: "tcp/443" });
  assert.equal(calls("allow"), [{ a: "02:00:00:00:00:20", b: "www.example.org", service: "tcp/443" }]);
});

scene("events: the newest first, more as they come, the explanation of a denied flow by one click", "events", "Events", async (page) => {
  await page.getByText("No events.").waitFor();
  const event = (sequence: number, level: "info" | "debug", name: string, fields: Record<string, string>) => ({ sequence, time: `2026-01-02T03:04:${10 + sequence}.000Z`, level, event: name, fields });
  gateway.events = [event(1, "info", "gateway starts", {}), event(2, "info", "device name", { name: HOSTILE[0]! }), event(3, "debug", "a detail", {}), event(4, "info", "flow denied", { from: PRINTER, to: LAPTOP, service: "tcp/22" })];
  await later(page);
  await page.getByText("gateway starts").waitFor();
  assert.equal(await page.locator("tr.tr td:nth-child(3)").allInnerTexts(), ["flow denied", "device name", "gateway starts"]);
  await page.getByRole("combobox", { name: "Least level" }).selectOption("debug");
  await page.getByText("a detail").waitFor();
  gateway.events = [event(1, "info", "gateway starts anew", {}), event(4, "info", "flow denied", { from: PRINTER, to: LAPTOP, service: "tcp/22" })]; // another life of the process: the same numbers
  gateway.events[1]!.time = "2026-02-02T03:04:05.000Z";
  await later(page);
  await page.getByText("gateway starts anew").waitFor();
  assert.is(await page.getByText("device name").count(), 0);
  assert.ok(await isClean(page));
  await page.getByRole("link", { name: "Why?" }).click();
  await page.getByText("no rule allows it from Printer").waitFor();
  assert.equal(calls("explain"), [{ a: PRINTER, b: LAPTOP, service: "tcp/22" }]);
});

scene("who may only read finds every button of change disabled, and rpcd refuses the call as well", "devices", "Devices", async (page) => {
  const isolate = rowOf(page, "Printer").first().getByRole("button", { name: "Isolate" });
  assert.ok(await isolate.isDisabled());
  await isolate.evaluate((node) => void Object.assign(node, { disabled: false }).click());
  await page.getByText("You have no permission for this").waitFor();
  assert.equal(calls("isolate"), []);
}, "guest");

test("who lacks the access group gets no page", async () => {
  const { status } = await fetch(`${bench.uhttpd.url}${bench.uhttpd.login("other", "other", "x")}`, { redirect: "manual" });
  assert.is(status, 302);
  const answer = await fetch(`${bench.uhttpd.url}/cgi-bin/luci/admin/services/securebox/status`, { headers: { cookie: `sysauth_http=${await login("other")}` } });
  assert.is(answer.status, 403);
});

scene("settings: every option of /etc/config/securebox, saved and applied", "settings", "Settings", async (page) => {
  await page.locator("#cbi-securebox-main-bridge").waitFor();
  for (const { type, name, options } of SECTIONS) for (const option of options) {
    const found = name === undefined ? page.locator(`#cbi-securebox-${type} [data-name="${option.name}"]`) : page.locator(`#cbi-securebox-${name}-${option.name}`);
    if (type !== "wifi" && type !== "key") assert.is(await found.count(), 1, `${type}.${option.name}`);
  }
  const wifi = (name: string) => page.locator(`#cbi-securebox-wifi [data-name="${name}"]`);
  await page.locator("#cbi-securebox-wifi .cbi-button-add").click();
  await wifi("iface").locator("input").fill("default_radio0");
  await wifi("group_keys").locator("select").selectOption("per-station");
  const field = (key: string) => page.locator(`#cbi-securebox-${key}`);
  assert.is(await field("main-bridge").locator("input").inputValue(), "br0");
  await field("main-bridge").locator("input").fill("br-lan");
  await field("main-manage_ports").locator("input[type=checkbox]").uncheck();
  await field("main-log_level").locator("select").selectOption("debug");
  await field("limits-devices").locator("input").fill("300");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await until("the change in the session", 10_000, async () => (await changesOf(page)).length >= 7);
  assert.match(readFileSync(bench.configFile, "utf8"), /option bridge 'br0'/);
  await page.locator(".cbi-page-actions").getByText("Save & Apply").first().click();
  await until("the file", 10_000, () => readFileSync(bench.configFile, "utf8").includes("br-lan"));
  const sections = parseUci(readFileSync(bench.configFile, "utf8"));
  const of = (type: string) => Object.fromEntries(sections.find((section) => section.type === type)!.options);
  assert.equal([of("securebox")["manage_ports"], of("securebox")["log_level"], of("limits")["devices"]], ["0", "debug", "300"]);
  assert.equal(of("wifi"), { iface: "default_radio0", group_keys: "per-station" });
  assert.equal([of("network")["prefix"], of("port")["device"], of("limits")["held_total"]], [["192.168.1.0/24"], "wlan0", "1024"]);
});

test("settings: a Wi-Fi key is typed, stored, and not shown again", async () => {
  const { page, close } = await bench.open("settings", "Settings");
  const cell = (name: string) => page.locator(`#cbi-securebox-key [data-name="${name}"] input:visible`).first();
  const applied = async (): Promise<void> => { await page.locator(".cbi-page-actions").getByText("Save & Apply").first().click(); };
  const stored = (): Record<string, unknown> | undefined => { const section = parseUci(readFileSync(bench.configFile, "utf8")).find(({ type }) => type === "key"); return section && Object.fromEntries(section.options); };
  await page.locator("#cbi-securebox-key .cbi-button-add").click();
  await cell("name").fill("printer");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Key: expected a value").first().waitFor();
  for (const button of await page.locator("[role=dialog], .modal").getByRole("button").all()) await button.click();
  assert.is(await cell("key").getAttribute("type"), "password");
  await cell("key").fill("sEcReT words");
  await cell("vlan").fill("20");
  await applied();
  await until("the file", 10_000, () => stored() !== undefined);
  assert.equal(stored(), { name: "printer", key: "sEcReT words", vlan: "20" });
  await page.reload();
  await cell("key").waitFor();
  assert.equal([await cell("key").inputValue(), await cell("key").getAttribute("placeholder")], ["", "not shown"]);
  assert.not.match(await page.content(), "sEcReT");
  await cell("vlan").fill("30");
  await applied();
  await until("the other VLAN", 10_000, () => stored()?.["vlan"] === "30");
  assert.equal(stored(), { name: "printer", key: "sEcReT words", vlan: "30" });
  await close();
});

test("settings: what is out of range is refused before it is stored, and who may only read can store nothing", async () => {
  const before = readFileSync(bench.configFile, "utf8");
  const { page, close } = await bench.open("settings", "Settings");
  await page.locator("#cbi-securebox-limits-devices input").fill("0");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Devices").getByText(/out of range|invalid input value|must be/i).or(page.locator("[role=dialog], .modal").getByText(/Devices/)).first().waitFor();
  assert.equal(await changesOf(page), []);
  await close();
  const guest = await bench.open("settings", "Settings", "guest");
  await guest.page.locator("#cbi-securebox-main-bridge").waitFor();
  assert.ok(await guest.page.locator("#cbi-securebox-main-bridge input").isDisabled());
  assert.ok(await guest.page.getByRole("button", { name: "Save", exact: true }).isDisabled());
  assert.equal(guest.complaints, []);
  await guest.close();
  assert.is(readFileSync(bench.configFile, "utf8"), before);
});

test.run();
