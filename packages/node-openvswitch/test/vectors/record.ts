// SPDX-License-Identifier: Apache-2.0
// Records vectors from ovs-ofctl and a running Open vSwitch: `node tools/run.mjs packages/node-openvswitch/test/vectors/record.ts`.
// Writes recorded-requests.jsonl (what ovs-ofctl sends for a command's text) and recorded-replies.jsonl (what the switch answers, and
// what it sends by itself). Needs the Debian packages openvswitch-switch and openvswitch-common. Two runs differ only in what volatile.ts
// lists; with `--check` nothing is written, the new recording is compared with the files and a difference makes the exit status 1.
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { encode, type Message, MessageFramer, type Version } from "node-openvswitch/openflow";
import { COMMANDS, type Command } from "./commands.ts";
import { DummySwitch } from "./switch.ts";
import { stablePart } from "./volatile.ts";

interface Recorded extends Command {
  of: string;
  msgs: string[];
  err?: string;
}

const VERSIONS = ["13", "14", "15"] as const;
const WIRE: Record<string, Version> = { "13": 4, "14": 5, "15": 6 };
const TABLE_FEATURES = 12;

/** Forwards one client at a time to the switch and keeps what passes in both directions. */
class Proxy {
  requests: Uint8Array[] = [];
  replies: Uint8Array[] = [];
  readonly #server;

  constructor(readonly path: string, target: string) {
    this.#server = createServer((client) => {
      const upstream = connect(target);
      this.#pipe(client, upstream, (message) => this.requests.push(message));
      this.#pipe(upstream, client, (message) => this.replies.push(message));
    }).listen(path);
  }

  #pipe(from: Socket, to: Socket, keep: (message: Uint8Array) => void): void {
    const framer = new MessageFramer();
    from.on("data", (chunk) => {
      for (const message of framer.push(new Uint8Array(chunk))) keep(message.slice());
      to.write(chunk);
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
  }

  close(): void {
    this.#server.close();
  }
}

const hex = (message: Uint8Array) => Buffer.from(message).toString("hex");
const isTableFeatures = (message: Uint8Array) => (message[1] === 18 || message[1] === 19) && message[9] === TABLE_FEATURES;
/** hello, echo, features, configuration and barriers are the same for every command. */
const isCommon = (message: Uint8Array) => [0, 2, 3, 5, 6, 7, 8, 9, 20, 21].includes(message[1]!);

async function recordCommands(ovs: DummySwitch, version: string, requests: Recorded[], replies: Recorded[]): Promise<void> {
  const proxy = new Proxy(`${ovs.directory}/proxy${version}.sock`, `${ovs.directory}/br0.mgmt`);
  for (const { cmd, text } of COMMANDS) {
    proxy.requests = [];
    proxy.replies = [];
    const err = await ovs.ofctl(version, [...cmd.split(" "), `unix:${proxy.path}`, ...argumentsOf(cmd, text)]);
    const keepAll = cmd === "get-frags" || cmd === "set-frags" || cmd === "show";
    const kept = (messages: Uint8Array[]) => messages.filter((message) => !isTableFeatures(message) && (keepAll || !isCommon(message))).map(hex);
    requests.push({ of: version, cmd, text, msgs: kept(proxy.requests), ...(err && { err }) });
    replies.push({ of: version, cmd, text, msgs: kept(proxy.replies) });
  }
  replies.push(await firstTableFeatures(ovs, proxy, version));
  proxy.close();
}

function argumentsOf(cmd: string, text: string): string[] {
  const several = cmd === "mod-port" || cmd === "mod-table" || cmd === "ct-flush";
  return text === "" ? [] : several ? text.split(" ") : [text];
}

/** Thousands of bytes per table, so only the first part is kept. */
async function firstTableFeatures(ovs: DummySwitch, proxy: Proxy, version: string): Promise<Recorded> {
  proxy.replies = [];
  await ovs.ofctl(version, ["dump-table-features", `unix:${proxy.path}`]);
  return { of: version, cmd: "dump-table-features", text: "", msgs: proxy.replies.filter(isTableFeatures).slice(0, 1).map(hex) };
}

/** A connection of our own, for what ovs-ofctl does not ask for and what the switch sends unasked. */
class Controller {
  readonly received: Uint8Array[] = [];
  readonly #socket: Socket;
  readonly #version: Version;
  #xid = 1;

  constructor(path: string, version: Version) {
    this.#version = version;
    this.#socket = connect(path);
    const framer = new MessageFramer();
    this.#socket.on("data", (chunk) => this.received.push(...framer.push(new Uint8Array(chunk)).map((message) => message.slice())));
    this.send({ type: "hello", versions: [version] });
  }

  send(message: Message): void {
    this.#socket.write(encode(message, { version: this.#version, xid: this.#xid++ }));
  }

  async settle(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 300));
  }

  /** What came since the last call. */
  take(): string[] {
    return this.received.splice(0).map(hex);
  }

  close(): void {
    this.#socket.destroy();
  }
}

const PACKET = "in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=53,dst=5353)";

async function recordUnasked(ovs: DummySwitch, version: string): Promise<Recorded[]> {
  const records: Recorded[] = [];
  const wire = WIRE[version]!;
  const controller = new Controller(`${ovs.directory}/br0.mgmt`, wire);
  const step = async (text: string, run: () => unknown) => {
    await run();
    await controller.settle();
    records.push({ of: version, cmd: "connection", text, msgs: controller.take() });
  };
  await step("hello", () => {});
  for (const type of ["features-request", "get-config-request", "get-async-request", "barrier-request", "nx-tlv-table-request"] as const) await step(type, () => controller.send({ type }));
  await step("echo-request", () => controller.send({ type: "echo-request", data: Uint8Array.of(1, 2, 3) }));
  await step("role-request primary", () => controller.send({ type: "role-request", role: 2, generation: 5n }));
  await step("set-config", () => controller.send({ type: "set-config", flags: 0, missSendLength: 0xffff }));
  await recordErrors(controller, step);
  await recordPacketIns(ovs, controller, step, version);
  await recordMonitor(ovs, controller, step, version, wire);
  await step("bundle", () => controller.send({ type: "bundle-control", bundle: 9, control: "open-request", flags: 3 }));
  await step("bundle discard", () => controller.send({ type: "bundle-control", bundle: 9, control: "discard-request", flags: 3 }));
  await step("bundle unknown", () => controller.send({ type: "bundle-control", bundle: 77, control: "commit-request", flags: 3 }));
  await step("port-status modify", () => ovs.appctl("netdev-dummy/set-admin-state", "p2", "down"));
  await step("port-status back", () => ovs.appctl("netdev-dummy/set-admin-state", "p2", "up"));
  await step("port-status add", () => ovs.vsctl("add-port", "br0", "p3", "--", "set", "interface", "p3", "type=dummy", "ofport_request=3", `mac="aa:55:aa:55:00:03"`));
  await step("port-status delete", () => ovs.vsctl("del-port", "br0", "p3"));
  controller.close();
  return records;
}

type Step = (text: string, run: () => unknown) => Promise<void>;

async function recordErrors(controller: Controller, step: Step): Promise<void> {
  const flow = { table: 0, priority: 1, match: {}, instructions: [], cookie: 0n };
  await step("error: unknown type", () => controller.send({ type: "unknown", messageType: 99, data: new Uint8Array(8) }));
  await step("error: unknown experimenter", () => controller.send({ type: "experimenter", experimenter: 0x12345678, subtype: 1, data: new Uint8Array(0) }));
  await step("error: bad group", () => controller.send({ type: "flow-mod", command: "add", flow: { ...flow, instructions: [{ type: "apply", actions: [{ type: "group", group: 999 }] }] } }));
  await step("error: bad goto", () => controller.send({ type: "flow-mod", command: "add", flow: { ...flow, table: 5, instructions: [{ type: "goto", table: 3 }] } }));
  await step("error: bad meter", () => controller.send({ type: "meter-mod", command: "modify", meter: 999, flags: 1, bands: [{ type: "drop", rate: 1, burst: 0 }] }));
  await step("error: unknown field", () => controller.send({ type: "flow-mod", command: "add", flow: { ...flow, match: { "oxm:8000/7d/0": new Uint8Array(4) } } }));
  await step("error: resume without packet", () => controller.send({ type: "experimenter", experimenter: 0x2320, subtype: 28, data: new Uint8Array(0) }));
}

async function recordPacketIns(ovs: DummySwitch, controller: Controller, step: Step, version: string): Promise<void> {
  const add = (text: string) => ovs.ofctl(version, ["add-flow", `unix:${ovs.directory}/br0.mgmt`, text]);
  const del = () => ovs.ofctl(version, ["del-flows", `unix:${ovs.directory}/br0.mgmt`]);
  const receive = () => ovs.appctl("netdev-dummy/receive", "p1", PACKET);
  const cases = ["controller", "controller:64", "set_field:5->reg0,set_field:7->metadata,controller(id=0)", "controller(pause),output:2", "set_field:9->xxreg1,load:3->NXM_NX_PKT_MARK[],controller(userdata=01.02.03.04,pause),resubmit(,1)"];
  for (const format of [0, 2]) {
    await step(`packet-in format ${format}`, () => controller.send({ type: "nx-set-packet-in-format", value: format }));
    for (const actions of cases) {
      await add(`table=0,priority=1,cookie=0x1234,actions=${actions}`);
      await step(`packet-in format ${format}: ${actions}`, receive);
    }
  }
  await add("table=0,priority=5,udp,actions=ct(table=1,zone=7)");
  await add("table=1,priority=1,udp,actions=push:NXM_NX_REG0[],ct(commit,zone=7),controller(pause,userdata=aa),output:2");
  await step("packet-in after conntrack", receive);
  await add("table=0,priority=9,cookie=0x77,idle_timeout=60,send_flow_rem,udp,nw_src=10.0.0.1,actions=drop");
  await receive();
  await step("flow-removed", del);
}

async function recordMonitor(ovs: DummySwitch, controller: Controller, step: Step, version: string, wire: Version): Promise<void> {
  const path = `unix:${ovs.directory}/br0.mgmt`;
  await ovs.ofctl(version, ["add-flow", path, "table=3,priority=7,cookie=0x9,tcp,tp_dst=80,actions=output:1"]);
  // ONF's flags for 1.3 and those of 1.4 have the same bits here.
  await step("flow-monitor", () => controller.send({ type: "multipart-request", kind: "flow-monitor", monitors: [{ monitor: 5, flags: 0x1f, table: 255, match: {} }] }));
  await step("flow-monitor: added", () => ovs.ofctl(version, ["add-flow", path, "table=3,priority=8,idle_timeout=5,ip,actions=set_field:1->reg0,goto_table:5"]));
  await step("flow-monitor: modified", () => ovs.ofctl(version, ["mod-flows", path, "table=3,ip,actions=drop"]));
  await step("flow-monitor: own change", () => controller.send({ type: "flow-mod", command: "add", flow: { table: 4, priority: 1, match: { reg0: 5 }, instructions: [], cookie: 3n } }));
  await step("flow-monitor: removed", () => ovs.ofctl(version, ["del-flows", path]));
  await step("flow-monitor: cancel", () => controller.send(wire === 4 ? { type: "flow-monitor-cancel", monitor: 5 } : { type: "multipart-request", kind: "flow-monitor", monitors: [{ monitor: 5, flags: 0, table: 255, command: "delete", match: {} }] }));
}

const DIRECTORY = "packages/node-openvswitch/test/vectors";

function finish(name: string, all: Recorded[], check: boolean): void {
  const records = all.filter((record) => record.msgs.length > 0 || record.err);
  if (check) return compare(name, records);
  writeFileSync(`${DIRECTORY}/${name}`, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  console.log(`${name}: ${records.length} records, ${records.flatMap((record) => record.msgs).length} messages`);
}

function compare(name: string, records: Recorded[]): void {
  const stable = (record: Recorded) => JSON.stringify({ ...record, msgs: stablePart(record.msgs) });
  const before = readFileSync(`${DIRECTORY}/${name}`, "utf8").trim().split("\n").map((line) => stable(JSON.parse(line) as Recorded));
  const now = records.map(stable);
  const different = now.filter((line, i) => line !== before[i]);
  for (const line of different.slice(0, 5)) console.log(`differs: ${line}\n     was: ${before[now.indexOf(line)]}`);
  console.log(`${name}: ${now.length} records, ${before.length} before, ${different.length} differ`);
  if (different.length > 0 || now.length !== before.length) process.exitCode = 1;
}

async function main(): Promise<void> {
  const requests: Recorded[] = [];
  const replies: Recorded[] = [];
  for (const version of VERSIONS) {
    const ovs = new DummySwitch();
    try {
      await ovs.start();
      await ovs.addBridge("br0");
      await recordCommands(ovs, version, requests, replies);
      replies.push(...(await recordUnasked(ovs, version)));
    } finally {
      ovs.stop();
    }
  }
  const check = process.argv.includes("--check");
  finish("recorded-requests.jsonl", requests, check);
  finish("recorded-replies.jsonl", replies, check);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
