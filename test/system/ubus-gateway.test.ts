// SPDX-License-Identifier: Apache-2.0
// The gateway's executable on a real Open vSwitch, asked over a bus alone: the stand-in ubusd, or the real one of OPENWRT_PREFIX.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MessageType, type Table, type UbusClient } from "ubus-ts";
import { prefix, startBus, type TestBus } from "../../packages/ubus-ts/test/bus.ts";
import type { DeviceResult, OverrideRecord, ReachPeer, ReachResult } from "../../src/gateway/control/protocol.ts";
import { arp } from "../../src/wifi-isolation/fake/frames.ts";
import { setup } from "../../tools/setup/index.ts";
import { run, type RunResult, telling, until } from "../lab/command.ts";
import { DummyGateway } from "../lab/dummy-gateway.ts";

const test = suite(`gateway on ubus (ubusd: ${prefix ? "real" : "stand-in"})`);
const PRINTER = "02:00:00:00:00:41", LAPTOP = "02:00:00:00:00:42";
const POLICY = "network: home\nrules:\n  - { from: all, to: all, allow: [tcp/631] }\n  - { from: all, to: internet, allow: all }\n";
let bus: TestBus, caller: UbusClient, gateway: DummyGateway;

const securebox = (...args: string[]): Promise<RunResult> => run([...gateway.program, ...args, "--config", gateway.configFile], { deadline: 30_000 });
const call = (method: string, args: Table = {}): Promise<Table> => caller.call("securebox", method, args);
const flows = async (): Promise<string> => (await gateway.flows()).split("\n").sort().join("\n");

async function between(mac: string, peer: string): Promise<ReachPeer> {
  const { peers } = JSON.parse((await securebox("reach", mac, "--json")).stdout) as ReachResult;
  return peers.find((each) => each.mac === peer)!;
}

test.before(telling(async () => {
  await setup({ parts: ["packages", "openvswitch"] });
  bus = await startBus();
  caller = bus.client();
  gateway = await DummyGateway.prepare("quickjs", POLICY, `ubus: ${bus.path}\n`);
  await gateway.start().catch((error: Error) => { throw new Error(`${error.message}: ${gateway.log}`); });
  for (const [mac, ip] of [[PRINTER, "10.77.0.41"], [LAPTOP, "10.77.0.42"]] as const) {
    await gateway.receive("p1", arp(1, { mac, ip }, { ip: "10.77.0.1" }));
    await until(`${mac} known`, 10_000, async () => (await gateway.devices()).some((device) => device.mac === mac && device.addresses.includes(ip)));
  }
  await until("the object", 20_000, async () => (await caller.list("securebox")).length === 1);
}));
test.after(async () => {
  await gateway?.stop();
  await bus?.stop();
});

test("isolate, allow and undo over the bus are in the switch when they are answered", async () => {
  const before = await flows();
  assert.equal(await between(LAPTOP, PRINTER), { mac: PRINTER, to: "allow", from: "allow", toServices: ["tcp/631"], fromServices: ["tcp/631"] });
  const { override } = await call("isolate", { device: PRINTER }) as unknown as { override: OverrideRecord };
  assert.is(override.text, `isolate ${PRINTER}`);
  const isolated = await flows();
  assert.is.not(isolated, before);
  assert.equal(await between(LAPTOP, PRINTER), { mac: PRINTER, to: "deny", from: "deny" });
  assert.equal(await between(PRINTER, "internet"), { mac: "internet", to: "allow", from: "deny" });
  const { devices } = JSON.parse((await securebox("devices", "--json")).stdout) as { devices: DeviceResult[] };
  assert.equal(devices.map(({ mac, isolated: marked }) => [mac, marked]).sort(), [[PRINTER, true], [LAPTOP, undefined]]);
  assert.match((await securebox("explain", LAPTOP, PRINTER, "tcp/631")).stdout, "was isolated at this gateway");
  assert.is((await securebox("allow", LAPTOP, PRINTER, "tcp/631")).code, 0);
  assert.equal(await between(LAPTOP, PRINTER), { mac: PRINTER, to: "allow", from: "deny", toServices: ["tcp/631"] });
  assert.is((await securebox("undo")).code, 0);
  assert.is(await flows(), isolated);
  assert.is((await securebox("undo", String(override.id))).code, 0);
  assert.is(await flows(), before);
});

test("the commands went over the bus: without it they say the socket's words, and with it the socket is not needed", async () => {
  const refused = await securebox("isolate", "nobody");
  assert.equal([refused.code, refused.stderr], [4, "securebox: no device has the name, MAC or IP address \"nobody\"\n"]);
  let calls = 0;
  const monitor = await bus.client().monitor(({ type, body }) => { if (type === MessageType.invoke && Buffer.from(body).includes("policy\0")) calls++; });
  assert.is((await securebox("policy", "show")).code, 0);
  await until("the call seen on the bus", 5000, () => calls > 0);
  await monitor.remove();
});

test("ubusd dies and comes back: the object is there again, and the gateway was not disturbed", async () => {
  const { pid } = await gateway.status();
  await bus.kill();
  assert.is((await securebox("devices")).code, 0, "the socket answers meanwhile");
  await bus.start();
  await until("the object again", 20_000, async () => (await caller.list("securebox").catch(() => [])).length === 1);
  assert.is((await call("status"))["pid"], pid);
});

test("a gateway that ends takes its object away; then nobody answers, and the message names both ways", async () => {
  await gateway.kill("SIGTERM");
  await until("no object", 5000, async () => (await caller.list("securebox")).length === 0);
  const { code, stderr } = await securebox("status");
  assert.is(code, 3);
  assert.match(stderr, /has no object "securebox" for us \(not-found\), and no gateway is running at/);
});

test.run();
