// SPDX-License-Identifier: Apache-2.0
// The gateway as a process on a real Open vSwitch with dummy ports: start, restart, supervision, options and exit statuses. Traffic is the scenario's.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type ChildProcess, spawn } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DeviceResult, StatusResult } from "../../src/gateway/control/protocol.ts";
import { arp } from "../../src/wifi-isolation/fake/frames.ts";
import { setup } from "../../tools/setup/index.ts";
import { run, until } from "../lab/command.ts";
import { type Engine, gatewayProgram } from "../lab/gateway.ts";
import { type OvsInstance, startOpenvswitch } from "../lab/openvswitch.ts";

interface Context { ovs: OvsInstance; directory: string; program: string[]; children: ChildProcess[] }

const POLICY = "network: home\nrules:\n  - { from: all, to: internet, allow: [tcp/443] }\n";

for (const engine of ["quickjs", "node"] as Engine[]) {
  const test = suite<Context>(`gateway on ${engine}`);

  test.before(async (context) => {
    await setup({ parts: ["openvswitch", "quickjs", "securebox"] });
    context.program = await gatewayProgram(engine);
  });
  test.before.each(async (context) => {
    context.directory = mkdtempSync("/tmp/sbg-");
    context.children = [];
    context.ovs = await startOpenvswitch({ version: "3.1", directory: `${context.directory}/ovs`, dummy: true });
    writeFileSync(`${context.directory}/policy.yaml`, POLICY);
    writeFileSync(`${context.directory}/gateway.yaml`, configuration(context));
  });
  test.after.each(async ({ ovs, directory, children }) => {
    for (const child of children) child.kill("SIGKILL");
    await ovs.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test("makes the bridge, fail_mode secure, with its ports, and is healthy; restarted it changes nothing", async (context) => {
    const first = await healthy(context, start(context));
    assert.is((await context.ovs.vsctl("get-fail-mode", "br0")).trim(), "secure");
    assert.equal((await context.ovs.vsctl("list-ports", "br0")).trim().split("\n").sort(), ["p1", "p2"]);
    const known = [await speak(context, "02:00:00:00:00:11", "10.77.0.11"), await speak(context, "02:00:00:00:00:12", "10.77.0.12")].at(-1)!;
    context.children[0]!.kill("SIGKILL"); // within the seconds that the state directory waits before it writes again
    const again = await healthy(context, start(context));
    assert.is(again.switch.lastSync!.changed, 0);
    assert.ok(again.switch.flows > first.switch.flows);
    assert.equal(identities(await devices(context)), identities(known));
  });

  test("initialises a new database of Open vSwitch; while the switch cannot be reached, status and log say so", async (context) => {
    await context.ovs.stop();
    context.ovs = await startOpenvswitch({ version: "3.1", directory: `${context.directory}/ovs`, dummy: true, uninitialised: true });
    context.ovs.kill("vswitchd", "SIGSTOP");
    start(context);
    const status = await statusWhen(context, ({ switch: { lastError } }) => lastError !== undefined);
    assert.match(status.switch.lastError!, /br0\.mgmt/);
    await until("the event", 20_000, async () => (await cli(context, "events")).stdout.includes("switch cannot be reached"));
    context.ovs.kill("vswitchd", "SIGCONT");
    await healthy(context, undefined);
    assert.equal((await context.ovs.vsctl("list-ports", "br0")).trim().split("\n").sort(), ["p1", "p2"]);
  });

  test("without a valid policy everything is denied and status says so; then the file comes into force", async (context) => {
    rmSync(`${context.directory}/policy.yaml`);
    start(context);
    await plugIn(context);
    const status = await statusWhen(context, (found) => found.switch.state === "ready");
    assert.is(status.policy.source, "none");
    assert.not(status.healthy);
    assert.match(status.problems.join(), "no policy is in force: everything is denied");
    assert.is((await cli(context, "status")).code, 1);
    writeFileSync(`${context.directory}/policy.yaml`, POLICY);
    const after = await healthy(context, undefined);
    assert.is(after.policy.source, "file");
    assert.ok(after.switch.flows > status.switch.flows);
  });

  test("Open vSwitch restarted, both daemons: the flows come back", async (context) => {
    const before = await healthy(context, start(context));
    await context.ovs.restartVswitchd();
    await statusWhen(context, (found) => found.healthy && found.switch.lastSync!.changed === before.switch.flows);
    await context.ovs.restartOvsdb();
    const after = await healthy(context, undefined);
    assert.is(after.switch.flows, before.switch.flows);
  });

  test("flows that somebody else took away or put in are made right at the next start", async (context) => {
    await healthy(context, start(context));
    const mgmt = context.ovs.mgmtSocket("br0");
    await context.ovs.ofctl("del-flows", mgmt, "table=0");
    await context.ovs.ofctl("add-flow", mgmt, "priority=65000,actions=NORMAL");
    context.children[0]!.kill("SIGTERM");
    const status = await healthy(context, start(context));
    assert.ok(status.switch.lastSync!.changed > 1);
    assert.not.match(await context.ovs.ofctl("dump-flows", mgmt), "NORMAL");
  });

  test("the supervisor starts a killed gateway again, and ends it when it is killed itself", async (context) => {
    const supervisor = start(context, "--supervise");
    const first = await healthy(context, undefined);
    process.kill(first.pid, "SIGKILL");
    const second = await statusWhen(context, (found) => found.healthy && found.pid !== first.pid);
    assert.is(second.switch.lastSync!.changed, 0);
    supervisor.kill("SIGKILL");
    await until("the end of the orphan", 15_000, () => !alive(second.pid));
  });

  test("the supervisor ends with its gateway on SIGTERM, with status 0", async (context) => {
    const supervisor = start(context, "--supervise");
    const { pid } = await healthy(context, undefined);
    supervisor.kill("SIGTERM");
    await until("the supervisor's end", 15_000, () => supervisor.exitCode !== null);
    assert.is(supervisor.exitCode, 0);
    assert.not(alive(pid));
  });

  test("a wrong configuration: status 2, every error with its line; the supervisor does not try again", async (context) => {
    writeFileSync(`${context.directory}/gateway.yaml`, "bridge: br0\nports: { p1: wifi }\nnetwork: {}\n");
    for (const more of [[], ["--supervise"]]) {
      const { code, stderr } = await cli(context, "gateway", "--config", `${context.directory}/gateway.yaml`, ...more);
      assert.is(code, 2);
      assert.match(stderr, /gateway\.yaml:2:\d+: ports\.p1: expected one of bss, wired, thin, uplink, local/);
      assert.match(stderr, /network\.prefixes: expected the client subnets/);
    }
  });

  test("the socket is the owner's alone; a second gateway leaves it to the first", async (context) => {
    await healthy(context, start(context));
    assert.is(statSync(`${context.directory}/sb.sock`).mode & 0o777, 0o600);
    const second = await cli(context, "gateway", "--config", `${context.directory}/gateway.yaml`);
    assert.is(second.code, 5);
    assert.match(second.stderr, "another gateway serves");
    assert.is((await cli(context, "status")).code, 0);
  });

  test("overrides outlive kill -9; undo takes them back; events tell", async (context) => {
    await healthy(context, start(context));
    assert.is((await cli(context, "quarantine", "02:00:00:00:00:66")).code, 0);
    assert.is((await cli(context, "quarantine", "nobody")).code, 4);
    context.children[0]!.kill("SIGKILL");
    await healthy(context, start(context));
    const shown = JSON.parse((await cli(context, "policy", "show", "--json")).stdout) as { overrides: { text: string }[] };
    assert.equal(shown.overrides.map(({ text }) => text), ["quarantine 02:00:00:00:00:66"]);
    assert.is((await cli(context, "undo")).code, 0);
    assert.is((await cli(context, "undo")).code, 4);
    assert.match((await cli(context, "events")).stdout, /info override undone id=1/);
  });

  test("events --follow writes what happens, and ends with the gateway", async (context) => {
    await healthy(context, start(context));
    const [program, ...rest] = context.program;
    const follower = spawn(program!, [...rest, "events", "--follow", "--socket", `${context.directory}/sb.sock`], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    follower.stdout.on("data", (chunk: Buffer) => { out += chunk.toString(); });
    await until("the past", 15_000, () => out.includes("switch ready"));
    writeFileSync(`${context.directory}/policy.yaml`, POLICY.replace("443", "80"));
    await until("the edit", 15_000, () => out.includes("policy enforced"));
    context.children[0]!.kill("SIGTERM");
    await until("the follower's end", 15_000, () => follower.exitCode !== null);
    assert.is(follower.exitCode, 0);
  });

  test.run();
}

function configuration({ ovs, directory }: Context): string {
  return `ovsdb: ${ovs.ovsdbSocket}
datapath: netdev
ports: { p1: bss, p2: uplink }
network: { prefixes: [10.77.0.0/24, "fd77::/64"], gateways: [10.77.0.1, "fd77::1"], resolvers: [10.77.0.1] }
policy: ${directory}/policy.yaml
state: ${directory}/state
socket: ${directory}/sb.sock
`;
}

function start(context: Context, ...more: string[]): ChildProcess {
  const [program, ...rest] = context.program;
  const child = spawn(program!, [...rest, "gateway", "--config", `${context.directory}/gateway.yaml`, ...more], { stdio: ["ignore", "ignore", "pipe"] });
  child.stderr!.on("data", () => {});
  context.children.unshift(child);
  return child;
}

function cli({ program, directory }: Context, ...args: string[]) {
  const socket = args[0] === "gateway" ? [] : ["--socket", `${directory}/sb.sock`];
  return run([...program, ...args, ...socket], { deadline: 15_000 });
}

/** The gateway adds ports as ordinary netdevs; a dummy one gets its number once somebody says that it is. */
async function plugIn({ ovs }: Context): Promise<void> {
  await until("the ports", 40_000, async () => (await ovs.vsctl("list-ports", "br0").catch(() => "")).includes("p2"));
  await ovs.vsctl("set", "interface", "p1", "type=dummy", "--", "set", "interface", "p2", "type=dummy");
}

/** A station asks for the router from its address; resolves with the devices when it is bound to it. */
async function speak(context: Context, mac: string, ip: string): Promise<DeviceResult[]> {
  await context.ovs.appctl("netdev-dummy/receive", "p1", Buffer.from(arp(1, { mac, ip }, { ip: "10.77.0.1" })).toString("hex"));
  return until(`${ip} bound`, 15_000, async () => {
    const found = await devices(context);
    return found.some(({ addresses }) => addresses.includes(ip)) ? found : undefined;
  });
}

async function devices(context: Context): Promise<DeviceResult[]> {
  return (JSON.parse((await cli(context, "devices", "--json")).stdout) as { devices: DeviceResult[] }).devices;
}

function identities(list: DeviceResult[]): unknown[] {
  return list.map(({ id, mac, port, addresses }) => [id, mac, port, addresses]);
}

async function healthy(context: Context, child: ChildProcess | undefined): Promise<StatusResult> {
  await plugIn(context);
  const status = await statusWhen(context, (found) => found.healthy);
  if (child) assert.is(status.pid, child.pid);
  return status;
}

async function statusWhen(context: Context, holds: (status: StatusResult) => boolean): Promise<StatusResult> {
  let last: StatusResult | undefined;
  await until("the gateway's status", 40_000, async () => {
    const { stdout } = await cli(context, "status", "--json");
    const found = JSON.parse(stdout || "{}") as StatusResult & { error?: unknown };
    if (found.error) return false;
    last = found;
    return holds(found);
  });
  return last!;
}

function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
