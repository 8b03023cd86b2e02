// SPDX-License-Identifier: Apache-2.0
// luci-app-securebox on a real gateway with a real switch: what the pages say is what the gateway does.
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DhcpOption, encodeDhcpv4 } from "../../src/packets/dhcpv4.ts";
import { HostapdStandIn } from "../../src/gateway/bus/test/hostapd.ts";
import { arp, tcp, udp } from "../../src/wifi-isolation/fake/frames.ts";
import { setup } from "../../tools/setup/index.ts";
import { telling, until } from "../lab/command.ts";
import { DummyGateway } from "../lab/dummy-gateway.ts";
import { later, LuciBench, REAL } from "../luci/bench.ts";

const test = suite(`pages for LuCI and a gateway (real: ${REAL})`);
const ROUTER = "02:00:00:00:00:01", PRINTER = "02:00:00:00:00:41", LAPTOP = "02:00:00:00:00:42";
const POLICY = "network: home\nrules:\n  - { from: all, to: internet, otherwise: ask, fallback: deny }\n";
let bench: LuciBench, gateway: DummyGateway;

/** The router's answer, with the name that the device gave itself. */
function lease(mac: string, ip: string, name: string): Uint8Array {
  const text = new TextEncoder();
  const options = new Map([[DhcpOption.MESSAGE_TYPE, Uint8Array.of(5)], [DhcpOption.LEASE_SECONDS, Uint8Array.of(0, 0, 0x0e, 0x10)], [DhcpOption.HOSTNAME, text.encode(name)]]);
  const message = encodeDhcpv4({ operation: "reply", transaction: 7, seconds: 0, broadcast: false, clientAddress: "0.0.0.0", yourAddress: ip, serverAddress: "10.77.0.1", relayAddress: "0.0.0.0", clientMac: mac, options });
  return udp({ from: { mac: ROUTER, ip: "10.77.0.1" }, to: { mac, ip } }, 67, 68, [...message]);
}

test.before(telling(async () => {
  await setup({ parts: ["packages", "openvswitch"] });
  bench = await LuciBench.start();
  gateway = await DummyGateway.prepare("node", POLICY, `ubus: ${bench.bus.path}\n`);
  await gateway.start();
  const hostapd = new HostapdStandIn(bench.bus.client());
  await hostapd.add("p1");
  for (const [mac, ip, name] of [[PRINTER, "10.77.0.41", "Printer"], [LAPTOP, "10.77.0.42", "Laptop"]] as const) {
    hostapd.authorize("p1", mac);
    await gateway.receive("p1", arp(1, { mac, ip }, { ip: "10.77.0.1" }));
    await until(`${name} known`, 10_000, async () => (await gateway.devices()).some((device) => device.mac === mac && device.addresses.includes(ip)));
    await gateway.receive("p2", lease(mac, ip, name));
    await until(`${name}'s name`, 10_000, async () => (await gateway.devices()).some((device) => device.name === name));
  }
}));
test.after(async () => {
  await bench?.stop();
  await gateway?.stop();
});

function scene(name: string, page: string, heading: string, play: (page: Page) => Promise<void>): void {
  test(name, async () => {
    const seen = await bench.open(page, heading);
    try {
      await play(seen.page);
      assert.equal(seen.complaints, []);
    } finally {
      await seen.close();
    }
  });
}

/** The switch has no order among flows of one priority. */
const flows = async (): Promise<string> => (await gateway.flows()).split("\n").sort().join("\n");
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

scene("status: the switch, the policy, and a token that is none refused in the gateway's words", "status", "Securebox", async (page) => {
  const { switch: { software } } = await gateway.status();
  await page.getByText(`Open vSwitch ${software!}, OpenFlow 1.4`).waitFor();
  await page.getByText("1 rules, 0 groups").waitFor();
  await page.getByText("p1 (bss), p2 (uplink)").waitFor();
  await page.getByText("2 known, ").waitFor();
  await page.getByRole("textbox", { name: "Enrolment token" }).fill("no token");
  await button(page, "Enrol").click();
  const { stderr } = await gateway.cli(["enroll", "no token"]);
  const words = stderr.trim().replace(/^securebox: /, "");
  assert.ok(words.length > 10);
  assert.ok(words.includes(await page.locator(".alert-message.error span").first().innerText()), stderr);
});

scene("devices: as the gateway knows them; quarantine takes everything, undo gives it back", "devices", "Devices", async (page) => {
  const row = page.locator("tr.tr", { hasText: "Printer" }).first();
  assert.equal((await row.locator("td").allInnerTexts()).slice(0, 5), ["Printer", PRINTER, "10.77.0.41", "-", "p1"]);
  await row.getByRole("button", { name: "Quarantine" }).click();
  await page.locator(".alert-message").getByText(`Printer (${PRINTER}) is in quarantine`).waitFor();
  assert.ok((await gateway.devices()).find(({ mac }) => mac === PRINTER)!.quarantined);
  await row.getByText("In quarantine").waitFor();
  await page.locator(".alert-message").getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone:").waitFor();
  assert.not((await gateway.devices()).find(({ mac }) => mac === PRINTER)!.quarantined);
});

scene("devices: who may reach whom before and after isolation at a click", "devices", "Devices", async (page) => {
  const { peers } = JSON.parse((await gateway.cli(["reach", PRINTER, "--json"])).stdout) as { peers: { mac: string; to: string }[] };
  assert.ok(peers.some(({ mac, to }) => mac === "internet" && to === "ask"), JSON.stringify(peers));
  const row = page.locator("tr.tr", { hasText: "Printer" }).first();
  await row.getByRole("button", { name: "Isolate" }).click();
  await page.locator(".alert-message").getByText("Undo").waitFor();
  assert.ok((await gateway.devices()).find(({ mac }) => mac === PRINTER)!.isolated);
  await page.locator(".alert-message").getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone:").waitFor();
  assert.not((await gateway.devices()).find(({ mac }) => mac === PRINTER)!.isolated);
});

scene("why: denied by default, allowed at a click and in the switch, and denied again", "why", "Why", async (page) => {
  const before = await flows();
  await page.getByRole("combobox", { name: "From" }).selectOption(LAPTOP);
  await page.getByRole("combobox", { name: "To" }).selectOption(PRINTER);
  await page.getByRole("textbox", { name: "Service" }).fill("tcp/631");
  await button(page, "Explain").click();
  await page.getByText("denied", { exact: true }).waitFor();
  await button(page, "Allow this").click();
  await page.getByText("allowed", { exact: true }).waitFor();
  assert.is.not(await flows(), before);
  assert.match((await gateway.cli(["explain", "Laptop", "Printer", "tcp/631"])).stdout, /allow/);
  await page.getByRole("button", { name: /^Undo: Laptop/ }).click();
  await page.getByText("denied", { exact: true }).waitFor();
  await until("the flows as before", 10_000, async () => (await flows()) === before);
});

scene("events: a flow that nobody answered for leads to its explanation", "events", "Events", async (page) => {
  await gateway.receive("p1", tcp({ from: { mac: PRINTER, ip: "10.77.0.41" }, to: { mac: ROUTER, ip: "192.0.2.9" } }, 50_000, 443));
  await until("the event", 10_000, () => gateway.log.includes("flow denied"));
  await later(page);
  const row = page.locator("tr.tr", { hasText: "flow denied" });
  assert.match(await row.first().innerText(), /from=02:00:00:00:00:41 to=192\.0\.2\.9 service=tcp\/443 name=Printer/);
  await row.getByRole("link", { name: "Why?" }).first().click();
  await page.getByText("asked for each flow; without an answer: denied").waitFor();
  await page.getByText("rule 1 of the policy").waitFor();
});

test("the gateway ends and comes back under an open page", async () => {
  const { page, complaints, close } = await bench.open("status", "Securebox");
  await page.getByText("Healthy").waitFor();
  await gateway.kill("SIGTERM");
  await later(page);
  await page.getByText("The gateway is not running.").waitFor();
  await gateway.start();
  await later(page);
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.getByText("2 known, ").waitFor();
  assert.equal(complaints, []);
  await close();
});

test.run();
