// SPDX-License-Identifier: Apache-2.0
// OVSDB and UCI in one transaction, with real databases: in force, rolled back, undone at the next start, and on disk when it is said to be.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OvsdbClient } from "node-openvswitch/ovsdb";
import { platform } from "quickjs-ts/platform";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Applier, type ApplyLog, type Part, type Signs } from "../../src/apply/index.ts";
import { OvsdbPart } from "../../src/gateway/switch/ovsdb-part.ts";
import { UciFiles } from "../../src/openwrt/uci/files.ts";
import { until } from "../lab/command.ts";
import { startOpenvswitch, type OvsInstance } from "../lab/openvswitch.ts";

const base = mkdtempSync(join(tmpdir(), "part-"));
const quiet: ApplyLog = { debug() {}, info() {}, warn() {}, error() {} };
const WIRELESS = "\nconfig wifi-iface 'ap'\n\toption network 'lan'\n\n";
const SECURE = { fail_mode: "secure", datapath_type: "dummy" };
const WANTED = { ovsdb: { "bridge br1": SECURE, "port br1 p2": { type: "dummy" }, "port br0 p3": { type: "dummy" } }, uci: { "wireless.ap.network": null, "wireless.ap.isolate": "1" } };

for (const version of ["3.1", "2.15"] as const) {
  const test = suite(`a transaction over Open vSwitch ${version} and UCI`);
  const directory = join(base, version);
  let ovs: OvsInstance;
  let client: OvsdbClient;
  let part: OvsdbPart;
  test.before(async () => {
    mkdirSync(join(directory, "config"), { recursive: true });
    ovs = await startOpenvswitch({ version, directory, dummy: true });
    await ovs.addBridge("br0", "--", "set", "bridge", "br0", "fail_mode=standalone");
    writeFileSync(join(directory, "config/wireless"), WIRELESS);
    client = new OvsdbClient(platform, { remotes: [{ unix: ovs.ovsdbSocket }], reconnect: { minimum: 100, maximum: 500 } });
    part = new OvsdbPart(client);
  });
  test.after(async () => {
    client.close();
    await ovs.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const open = (look: () => Signs = () => ({ backend: true })): Applier => new Applier({
    files: platform.files, directory: join(directory, "state"), log: quiet, clock: platform, limits: { deadline: 1500, settle: 20, interval: 20 },
    parts: { ovsdb: part, uci: new UciFiles(platform.files, join(directory, "config")) as Part }, probe: { look: async () => look() },
  });
  const old = { "bridge br1": null, "port br0 p3": null };
  const wireless = (): string => readFileSync(join(directory, "config/wireless"), "utf8");

  test("what works no longer: bridge, ports and UCI are as they were", async () => {
    const applier = open(() => ({ backend: wireless() === WIRELESS }));
    await applier.start();
    const outcome = await applier.apply({ id: "a", wanted: WANTED });
    assert.match(JSON.stringify(outcome), "no longer seen to work: backend");
    assert.equal(await part.read(Object.keys(WANTED.ovsdb)), old);
    assert.equal([wireless(), (await ovs.vsctl("list-br")).trim()], [WIRELESS, "br0"]);
    applier.stop();
  });

  test("confirmed: the switch has it, and a database that is killed at once has it when it starts again", async () => {
    const applier = open();
    await applier.start();
    assert.equal(await applier.apply({ id: "b", wanted: WANTED }), { result: "confirmed" });
    ovs.kill("ovsdb", "SIGKILL");
    await ovs.restartOvsdb();
    await until("connected again", 10_000, () => client.ready);
    assert.equal(await part.read(Object.keys(WANTED.ovsdb)), WANTED.ovsdb);
    assert.equal((await ovs.vsctl("list-ports", "br1")).trim(), "p2");
    assert.is((await ovs.vsctl("get-fail-mode", "br1")).trim(), "secure");
    assert.equal(await applier.apply({ id: "b", wanted: WANTED }), { result: "confirmed", unchanged: true });
    applier.stop();
  });

  test("a process that ends amid a change: the next start undoes it", async () => {
    const dying = open(() => ({ backend: !wireless().includes("'0'") }));
    await dying.start();
    const never = dying.apply({ id: "c", wanted: { ovsdb: { "port br1 p2": null, "bridge br0": SECURE }, uci: { "wireless.ap.isolate": "0" } } });
    await until("all is put", 5000, () => wireless().includes("'0'"));
    dying.stop();
    assert.match(JSON.stringify(await never), "the next start undoes it");
    assert.equal(await part.read(["port br1 p2", "bridge br0"]), { "port br1 p2": null, "bridge br0": SECURE });
    const next = open();
    await next.start();
    assert.equal(await part.read(["port br1 p2", "bridge br0"]), { "port br1 p2": { type: "dummy" }, "bridge br0": { fail_mode: "standalone", datapath_type: "dummy" } });
    assert.match(wireless(), "isolate '1'");
    assert.match(next.problems.join(), "interrupted while it was applied");
    next.stop();
  });

  test("keys and values that do not fit are refused by name; a port without a bridge has no place", async () => {
    for (const [key, value] of [["bridge", null], ["port br0", null], ["port a b c", null], ["table x", null], ["bridge br0", { fail_mode: 7 }], ["port br0 p9", "x"]] as const) {
      let reason = "";
      await part.put({ [key]: value }).catch((error: Error) => { reason = error.message; });
      assert.match(reason, key);
    }
    assert.equal(await part.read(["port nobody p1"]), {});
  });
  test.run();
}

