// SPDX-License-Identifier: Apache-2.0
// The packages' examples, run by the commands that their READMEs name, on both engines.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startBus, type TestBus } from "../../packages/ubus-ts/test/bus.ts";
import { until } from "../lab/command.ts";
import { type OvsInstance, startOpenvswitch } from "../lab/openvswitch.ts";

const test = suite("examples");
const base = mkdtempSync(join(tmpdir(), "examples-"));
const command = (engine: string, ...rest: string[]): string[] => ["tools/run.mjs", "tools/example.ts", engine, ...rest];
let ovs: OvsInstance;
let bus: TestBus;

test.before(async () => {
  bus = await startBus();
  ovs = await startOpenvswitch({ version: "3.1", directory: base, dummy: true });
  await ovs.addBridge("br0", "--", "add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy", "ofport_request=7");
});
test.after(async () => {
  await bus.stop();
  await ovs.stop();
  rmSync(base, { recursive: true, force: true });
});

for (const engine of ["node", "quickjs"]) {
  test(`the codec's tour on ${engine}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command(engine, "packages/node-openvswitch/examples/openflow-codec.ts"), { encoding: "utf8", timeout: 60_000 });
    assert.is(status, 0, stderr);
    assert.match(stdout, /^text encodes to the same bytes: true$/m);
    assert.match(stdout, /^refused: +tcp_dst: needs eth_type/m);
  });

  test(`the policy check on ${engine}`, () => {
    const check = "packages/contract/examples/check.ts";
    const good = spawnSync(process.execPath, command(engine, check, "packages/contract/examples/home.yaml"), { encoding: "utf8", timeout: 60_000 });
    assert.is(good.status, 0, good.stderr);
    assert.match(good.stdout, /^\{"groups":\{"cameras":/m);
    const bad = spawnSync(process.execPath, command(engine, check, "package.json"), { encoding: "utf8", timeout: 60_000 });
    assert.is(bad.status, 1, bad.stderr);
    assert.match(bad.stdout, /^package\.json:\d+:\d+: /m);
  });

  test(`signed documents on ${engine}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command(engine, "packages/contract/examples/documents.ts"), { encoding: "utf8", timeout: 60_000 });
    assert.is(status, 0, stderr);
    const answers = [...stdout.matchAll(/^[^:]+: +(?:(taken)|refused, ([a-z-]+):)/gm)].map(([, taken, code]) => taken ?? code);
    assert.equal(answers, ["taken", "replayed", "digest", "expired", "taken", "critical"]);
  });

  test(`the wire of ubus on ${engine}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command(engine, "packages/ubus-ts/examples/codec.ts"), { encoding: "utf8", timeout: 60_000 });
    assert.is(status, 0, stderr);
    assert.match(stdout, /^same: +true$/m);
    assert.match(stdout, /^refused: +DecodeError: attribute: length 255 with padding, but 148 bytes are left at byte 0$/m);
  });

  test(`a lamp on the bus, on ${engine}`, async () => {
    const child = spawn(process.execPath, command(engine, "packages/ubus-ts/examples/lamp.ts", bus.path), { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString()));
    try {
      await until("its end", 60_000, () => child.exitCode !== null);
      const lines = ['status: {"level":60}', "refused: call lamp set: invalid-argument", 'faded: {"level":0}', "notified: changed to 40 by root", "notified: changed to 60 by alice", 'event: lamp.broken {"after":1000}'];
      assert.equal(out.trim().split("\n"), lines);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test(`the bridge is watched on ${engine}`, async () => {
    const child = spawn(process.execPath, command(engine, "packages/node-openvswitch/examples/watch-bridge.ts", base, "br0"), { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString()));
    try {
      await until("the flows", 60_000, () => /^\d+ flows$/m.test(out));
      assert.match(out, /^p1 port 7 /m);
      assert.match(out, /"ctFlush":true/);
      await ovs.vsctl("add-port", "br0", `q-${engine}`, "--", "set", "interface", `q-${engine}`, "type=dummy");
      await until("the new port", 5000, () => out.includes(`-> q-${engine} port`));
    } finally {
      child.kill("SIGTERM");
      await until("its end", 5000, () => child.exitCode !== null || child.signalCode !== null);
    }
  });
}

test.run();
