// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { platform } from "quickjs-ts/platform";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Change, OvsdbClient, requests } from "node-openvswitch/ovsdb";
import { until } from "../lab/command.ts";
import { type OvsInstance, startOpenvswitch } from "../lab/openvswitch.ts";
import { startOvsdbCluster } from "../lab/ovsdb-cluster.ts";
import { open, ovsdbChecks, refusal } from "../live/ovsdb.ts";
import { runOnQuickjs } from "../live/quickjs.ts";

const base = mkdtempSync(join(tmpdir(), "ovsdb-"));
for (const version of ["3.1", "2.15"] as const) {
  const test = suite(`ovsdb ${version}`);
  let ovs: OvsInstance;
  test.before(async () => {
    ovs = await startOpenvswitch({ version, directory: join(base, version), dummy: true });
    await ovs.addBridge("br0", "--", "add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy");
  });
  test.after(() => ovs.stop());

  for (const [name, check] of Object.entries(ovsdbChecks)) test(name, () => check(platform, ovs.ovsdbSocket));
  test("all of this on QuickJS", async () => {
    const { passed, failed } = await runOnQuickjs("ovsdb", ovs.ovsdbSocket);
    assert.equal(failed, []);
    assert.is(passed.length, Object.keys(ovsdbChecks).length);
  });

  test("a restart of the server: the replica follows, changes made meanwhile come as the net difference", async () => {
    const client = open(platform, ovs.ovsdbSocket, { reconnect: { minimum: 100 } });
    const { replica } = await client.monitor({ Port: { columns: ["name", "tag"] } });
    const seen: Change[] = [];
    replica.onChange((changes) => void seen.push(...changes));
    const lock = await client.lock("across");
    ovs.kill("ovsdb", "SIGKILL");
    await until("loss noticed", 2000, () => !replica.synchronized);
    assert.ok(replica.table("Port").size >= 2, "what was known stays readable");
    assert.not.ok(lock.owned);
    await ovs.restartOvsdb();
    await ovs.vsctl("--no-wait", "set", "port", "p1", "tag=99");
    await until("tag 99 seen", 5000, () => [...replica.table("Port").values()].some((row) => row["tag"] === 99));
    assert.equal(seen.map(({ before, after }) => [before?.["name"], after?.["tag"]]), [["p1", 99]]);
    await until("lock back", 2000, () => lock.owned);
    client.close();
  });

  test("a server that stops answering: calls end at their deadline, the connection is given up and made again", async () => {
    const reasons: string[] = [];
    const client = open(platform, ovs.ovsdbSocket, { reconnect: { probe: 300, minimum: 100 }, lost: (reason) => reasons.push(reason) });
    await client.schema();
    ovs.kill("ovsdb", "SIGSTOP");
    try {
      const start = performance.now();
      assert.is((await refusal(client.transact([{ op: "comment", comment: "x" }], { timeout: 200 }))).name, "DeadlineError");
      assert.ok(performance.now() - start < 1000);
      await until("given up", 5000, () => reasons.includes("the peer is silent"));
    } finally {
      ovs.kill("ovsdb", "SIGCONT");
    }
    await client.transact([{ op: "comment", comment: "back" }]);
    client.close();
  });

  test("a database that is converted: the monitor is made again, with the new schema", async () => {
    const client = open(platform, ovs.ovsdbSocket, { reconnect: { minimum: 100 } }), other = open(platform, ovs.ovsdbSocket);
    const { replica } = await client.monitor({ Port: { columns: ["name", "tag"] } });
    const schema = structuredClone(await other.call(requests.getSchema("Open_vSwitch"))) as { version: string };
    const [major, minor, micro] = schema.version.split(".").map(Number);
    await other.call(requests.convert("Open_vSwitch", { ...schema, version: `${major}.${minor}.${micro! + 1}` }));
    await until("the new schema", 5000, async () => client.ready && (await client.schema()).version === `${major}.${minor}.${micro! + 1}`);
    await other.transact((await other.transaction()).update("Port", [["name", "==", "p1"]], { tag: 77 }));
    await until("tag 77 seen", 5000, () => replica.synchronized && [...replica.table("Port").values()].some((row) => row["tag"] === 77));
    client.close();
    other.close();
  });

  test("interface statistics that ovs-vswitchd writes are read, and 10,000 changes are followed", async () => {
    const client = open(platform, ovs.ovsdbSocket);
    const { replica } = await client.monitor({ Interface: { columns: ["name", "statistics"] }, Port: { columns: ["name", "external_ids"] } });
    await until("statistics", 8000, () => [...replica.table("Interface").values()].some(({ statistics }) => (statistics as Map<string, number>).has("rx_packets")));
    let changes = 0;
    replica.onChange((list) => void (changes += list.filter(({ table }) => table === "Port").length));
    for (let round = 0; round < 100; round++) {
      await Promise.all(Array.from({ length: 100 }, async (_, i) => client.transact((await client.transaction()).update("Port", [["name", "==", "p1"]], { external_ids: { n: `${round}.${i}` } }))));
    }
    assert.is(changes, 10_000);
    client.close();
  });
  test.run();

  const cluster = suite(`ovsdb cluster ${version}`);
  cluster("leader only: finds the leader, leaves it when it loses the lead or dies", async () => {
    const servers = await startOvsdbCluster({ version, directory: join(base, `c${version}`) });
    try {
      const first = await servers.leader();
      const sockets = [...servers.sockets.slice(first + 1), ...servers.sockets.slice(0, first + 1)]; // the leader comes last
      const reasons: string[] = [];
      const client = new OvsdbClient(platform, { remotes: sockets.map((unix) => ({ unix })), leaderOnly: true, timeout: 15_000, reconnect: { minimum: 100, maximum: 500 }, lost: (reason) => reasons.push(reason) });
      const { replica } = await client.monitor({ Open_vSwitch: { columns: ["external_ids"] } });
      assert.ok(reasons.some((reason) => reason.includes("not the leader")), reasons.join("; "));
      await client.transact((await client.transaction()).delete("Open_vSwitch", []));
      const t = await client.transaction();
      t.insert("Open_vSwitch", { external_ids: { n: "0" } });
      await client.transact(t);
      const write = async (n: string) => client.transact((await client.transaction()).update("Open_vSwitch", [], { external_ids: { n } }));
      const value = () => [...replica.table("Open_vSwitch").values()].map((row) => (row["external_ids"] as Map<string, string>).get("n"));
      await write("1");
      const { generation } = client;
      servers.kill(first, "SIGKILL");
      await until("another leader", 20_000, async () => client.ready && client.generation > generation);
      await write("2");
      await until("the replica to follow", 5000, () => value()[0] === "2");
      assert.equal(value(), ["2"]);
      client.close();
    } finally {
      await servers.stop();
    }
  });
  cluster.run();
}

const last = suite("ovsdb: end");
last("removes its files", () => rmSync(base, { recursive: true }));
last.run();
