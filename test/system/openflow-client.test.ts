// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { platform } from "quickjs-ts/platform";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type FlowMod, type NxPacketIn2, type PortStatus, probe, type Version } from "node-openvswitch/openflow";
import { until } from "../lab/command.ts";
import { type OvsInstance, startOpenvswitch } from "../lab/openvswitch.ts";
import { countFlows, flowMods, openBridge, openflowChecks } from "../live/openflow.ts";
import { refusal } from "../live/ovsdb.ts";
import { runOnQuickjs } from "../live/quickjs.ts";

const base = mkdtempSync(join(tmpdir(), "ofp-"));
const tcp = "in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x0800),ipv4(src=192.168.0.1,dst=192.168.0.2,proto=6,tos=0,ttl=64,frag=no),tcp(src=8,dst=9)";
const pause: FlowMod = { type: "flow-mod", command: "add", flow: { table: 0, priority: 1, match: { in_port: 1 }, cookie: 9n, instructions: [{ type: "apply", actions: [{ type: "controller", pause: true, maxLength: 0xffff }, { type: "output", port: 2 }] }] } };

for (const version of ["3.1", "2.15"] as const) {
  const test = suite(`openflow client ${version}`);
  let ovs: OvsInstance;
  test.before(async () => {
    ovs = await startOpenvswitch({ version, directory: join(base, version), dummy: true });
    const port = (name: string, number: number): string[] => ["--", "add-port", "br0", name, "--", "set", "interface", name, "type=dummy", `ofport_request=${number}`];
    await ovs.addBridge("br0", ...port("p1", 1), ...port("p2", 2), "--", "--id=@t9", "create", "Flow_Table", "flow_limit=5", "overflow_policy=refuse", "--", "set", "bridge", "br0", "flow_tables:9=@t9");
  });
  test.after(() => ovs.stop());
  const socket = (): string => ovs.mgmtSocket("br0");

  for (const [name, check] of Object.entries(openflowChecks)) test(name, () => check(platform, socket()));
  test("all of this on QuickJS", async () => {
    const { passed, failed } = await runOnQuickjs("openflow", socket());
    assert.equal(failed, []);
    assert.is(passed.length, Object.keys(openflowChecks).length);
  });

  for (const wire of [4, 5, 6] as Version[]) {
    test(`packets come at the service socket, held ones go on when resumed (wire version ${wire})`, async () => {
      const packets: NxPacketIn2[] = [];
      const ports: PortStatus[] = [];
      const client = openBridge(platform, socket(), { versions: [wire], packetIns: true, handlers: { packetIn: (packet) => void (packet.type === "nx-packet-in2" && packets.push(packet)), portStatus: (status) => ports.push(status) } });
      await client.whenReady();
      await client.apply([pause]);
      const sent = async (): Promise<number> => Number(/tx pkts=(\d+)/.exec(await ovs.ofctl("dump-ports", "br0", "2"))![1]);
      const before = await sent();
      await ovs.appctl("netdev-dummy/receive", "p1", tcp);
      const packet = await until("a packet-in", 2000, () => packets[0]);
      assert.equal([packet.metadata!["in_port"], packet.cookie, packet.packet[0]], [1, 9n, 0x50]);
      assert.is(await sent(), before, "it is held");
      client.send({ ...packet, type: "nx-resume" });
      await client.barrier();
      await until("the packet at port 2", 2000, async () => (await sent()) === before + 1);
      await ovs.vsctl("add-port", "br0", `q${wire}`, "--", "set", "interface", `q${wire}`, "type=dummy");
      await until("port status", 2000, () => ports.some(({ port, reason }) => port.name === `q${wire}` && reason === 0));
      client.close();
    });
  }

  test("abilities are found by asking", async () => {
    for (const wire of [4, 5, 6] as Version[]) {
      const client = openBridge(platform, socket(), { versions: [wire] });
      await client.whenReady();
      const found = await probe(client);
      assert.match(found.description.software, new RegExp(`^${version.replace(".", "\\.")}`));
      assert.equal([found.ctFlush, found.flowMonitor, found.bundles, found.ctFlushZone, found.tables], version === "3.1" ? [true, true, true, true, 254] : [false, false, true, true, 254]);
      assert.ok(found.maxMeter > 1000);
      client.close();
    }
  });

  test("a restart of ovs-vswitchd under a bundle: it is refused as unknown, the client comes back and starts over", async () => {
    let ready = 0;
    const client = openBridge(platform, socket(), { reconnect: { minimum: 100 }, handlers: { ready: () => void ready++ } });
    await client.whenReady();
    const endless = { *[Symbol.iterator]() { for (;;) yield* flowMods(1, 1000); } };
    const failed = refusal(client.bundle(endless));
    await until("some of the bundle", 2000, () => true);
    ovs.kill("vswitchd", "SIGKILL");
    const error = (await failed) as Error & { sent?: boolean };
    assert.is(error.name, "DisconnectedError");
    assert.throws(() => client.send(pause), (thrown: Error) => thrown.name === "DisconnectedError");
    await ovs.restartVswitchd();
    await client.whenReady();
    assert.is(ready, 2);
    assert.is(await countFlows(client, 1), 0, "nothing of a bundle that was not committed");
    client.close();
  });

  test("a switch that stops reading: the queue stays bounded, calls end at their deadline, the connection is given up", async () => {
    const reasons: string[] = [];
    const client = openBridge(platform, socket(), { timeout: 400, maxQueued: 300_000, reconnect: { probe: 500, minimum: 100 }, handlers: { lost: (reason) => reasons.push(reason) } });
    await client.whenReady();
    ovs.kill("vswitchd", "SIGSTOP");
    try {
      assert.is((await refusal(client.barrier())).name, "DeadlineError");
      let sent = 0;
      const flood = (): void => { for (const message of flowMods(1, 100_000)) { client.send(message); sent++; } };
      assert.throws(flood, (error: Error) => error.name === "QueueFullError");
      assert.ok(sent > 1000 && sent < 20_000, `${sent} sent`);
      await until("given up", 5000, () => reasons.includes("the peer is silent"));
    } finally {
      ovs.kill("vswitchd", "SIGCONT");
    }
    await client.whenReady(5000);
    client.close();
  });
  test.run();
}

const last = suite("openflow client: end");
last("removes its files", () => rmSync(base, { recursive: true }));
last.run();
