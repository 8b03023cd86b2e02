// SPDX-License-Identifier: Apache-2.0
// The lab leaves nothing behind: not at its end, not when it is killed and another begins.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "../../tools/setup/index.ts";
import { onLines, repositoryRoot, run, sleep, until } from "../lab/command.ts";
import { DummyGateway } from "../lab/dummy-gateway.ts";
import { connect, exchange, hear, push, serve } from "../lab/agent/sockets.ts";
import { Lab } from "../lab/namespace.ts";
import { Topology } from "../lab/topology.ts";

const test = suite("lab");

/** Processes whose command line names the directory or one of the lab's namespaces. */
function processesOf(lab: { id: string; directory: string }): string[] {
  const named = (pid: string) => readable(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(named).filter((line) => line.includes(lab.directory) || line.includes(`sbx-${lab.id}-`));
}

function readable(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

async function namespacesOf(id: string): Promise<string[]> {
  return (await run(["ip", "netns", "list"])).stdout.split("\n").filter((line) => line.startsWith(`sbx-${id}-`));
}

async function assertGone(lab: { id: string; directory: string }): Promise<void> {
  assert.equal(await namespacesOf(lab.id), []);
  assert.equal(processesOf(lab), []);
  assert.not.ok(existsSync(lab.directory));
  assert.not.ok(readable("/proc/mounts").includes(lab.directory));
}

/** A process of its own that builds the whole network and then waits; the directory of its lab. */
async function other(): Promise<{ child: ChildProcess; id: string; directory: string }> {
  const root = repositoryRoot();
  const child = spawn(process.execPath, [join(root, "tools/run.mjs"), join(root, "test/lab/hold.ts")], { stdio: ["ignore", "pipe", "inherit"] });
  let directory = "";
  onLines(child.stdout!, (line) => (directory = line));
  await until("the other lab", 20_000, () => directory !== "");
  return { child, directory, id: directory.slice(directory.lastIndexOf("/") + 1) };
}

test("closing removes namespaces, processes, mounts and files", async () => {
  const topology = await Topology.create({ mode: "isolating" });
  const { lab } = topology;
  assert.ok((await namespacesOf(lab.id)).length >= 10);
  assert.ok(processesOf(lab).length >= 3);
  writeFileSync(join(lab.directory, "some-file"), "");
  await topology.close();
  await assertGone(lab);
});

test("SIGTERM ends a lab without leftovers", async () => {
  const lab = await other();
  assert.ok((await namespacesOf(lab.id)).length >= 10);
  lab.child.kill("SIGTERM");
  await until("its end", 10_000, () => lab.child.exitCode !== null || lab.child.signalCode !== null);
  await assertGone(lab);
});

test("what a killed lab left is removed by the next; a living one stays", async () => {
  const [killed, living] = await Promise.all([other(), other()]);
  killed.child.kill("SIGKILL");
  await until("its end", 5000, () => killed.child.signalCode !== null);
  assert.ok((await namespacesOf(killed.id)).length >= 10);
  const next = await Lab.open();
  await assertGone(killed);
  assert.ok((await namespacesOf(living.id)).length >= 10);
  living.child.kill("SIGTERM");
  await until("its end", 10_000, () => living.child.exitCode !== null || living.child.signalCode !== null);
  await next.close();
});

test("what a server says before anybody listens for it is heard: on a busy machine it is there before the question", async () => {
  await serve({ protocol: "tcp", port: 5399 });
  const session = await connect({ address: "::1", port: 5399 });
  await exchange({ session });
  await until("the server's end", 2000, async () => (await push({ port: 5399, text: "first" })) > 0);
  await sleep(100);
  await hear({ session, text: "first", deadline: 500 });
});

test("two switches with dummy ports at a time, whose bridges have the same name", async () => {
  await setup({ parts: ["packages", "openvswitch"] });
  const gateways = [await DummyGateway.prepare("node", "network: home\n"), await DummyGateway.prepare("node", "network: home\n")];
  try {
    for (const gateway of gateways) assert.is((await gateway.start()).switch.state, "ready");
  } finally {
    for (const gateway of gateways) await gateway.stop();
  }
});

test.run();
