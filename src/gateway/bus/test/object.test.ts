// SPDX-License-Identifier: Apache-2.0
// The object "securebox" on a bus (the stand-in ubusd, or the real one of OPENWRT_PREFIX), and every command over it as over the control socket. The gateway's answers are made up.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Platform } from "quickjs-ts";
import { StatusError, type PublishedObject, type UbusClient } from "ubus-ts";
import { platform, prefix, rejection, startBus, type TestBus, until } from "../../../../packages/ubus-ts/test/bus.ts";
import { callOnBus } from "../ask.ts";
import { publishGateway } from "../object.ts";
import { COMMANDS } from "../../cli/help.ts";
import { run } from "../../cli/run.ts";
import { controlMethods, methodsOf, type Operations } from "../../control/methods.ts";
import { ControlFailure, type DeviceResult, type OverrideRecord, type StatusResult } from "../../control/protocol.ts";
import { serveControl, type ControlServer } from "../../control/server.ts";
import { EventLog } from "../../log.ts";

const test = suite(`object securebox (ubusd: ${prefix ? "real" : "stand-in"})`);
const directory = `/tmp/securebox-object-${platform.engine}-${platform.processes.pid}`;
const socket = `${directory}/sb.sock`;
const config = `${directory}/etc/config/securebox`;

const MAC = "02:00:00:00:00:11";
const DEVICE: DeviceResult = { id: 1, mac: MAC, name: "nul\0and\ud800half", port: "wlan0", addresses: ["10.0.0.11"], groups: [], quarantined: false, isolated: true, blocked: false, associated: true, idle: 0.25 };
const STATUS = { version: "1", engine: "node", pid: 1, uptime: 3.5, healthy: true, problems: [], switch: { state: "ready", bridge: "br0", flows: 1, ports: [], features: { bundles: true }, bundles: 0, refused: 0 },
  policy: { path: "/p", source: "none", groups: 0, rules: 0, quarantined: 0, errors: [], warnings: [], unenforced: [] }, devices: { known: 1, present: 1, quarantined: 0, blocked: 0 },
  held: { now: 0, total: 0, released: 0, dropped: 0 }, stations: { source: "none" }, state: { path: "/s", saved: true }, memory: { resident: 5_000_000_000, peak: 6_000_000 } } as StatusResult;
const LEFT = { network: "home", gateway: "gw", broker: "b:8883" };

const asked: unknown[] = [];
const record = (override: OverrideRecord["override"]): OverrideRecord => ({ id: 7, at: "2026-11-23T04:00:00.000Z", override, text: Object.values(override).join(" ") });
const gateway: Operations = {
  status: () => STATUS,
  devices: () => [DEVICE],
  explain: ({ a, b, service }) => ({ a, b, ...(service === undefined ? {} : { service }), verdict: "deny", allowed: false, because: "default", reason: "no rule allows it", lines: ["denied"] }),
  policy: () => ({ source: "none", policy: null, overrides: [record({ kind: "isolate", device: MAC })] }),
  changesMade: () => ({ supported: true, phase: "rest", history: [], problems: [] }),
  reach: (device) => ({ device, peers: [{ mac: "internet", to: "allow", from: "deny" }, { mac: "gateway", to: "allow", from: "deny", toServices: ["icmp"] }] }),
  decide: async (override) => {
    asked.push(override);
    if ("device" in override && override.device === "nobody") throw new ControlFailure("not-found", "no device has the name, MAC or IP address \"nobody\"");
    if ("device" in override && override.device === "full") throw new ControlFailure("refused", "256 overrides are in force; undo one first");
    if ("device" in override && override.device === "bug") throw new TypeError("our bug");
    return record(override);
  },
  undo: async (id) => ({ ...record({ kind: "quarantine", device: MAC }), id: id ?? 9 }),
  enroll: async (token) => { asked.push(token); return LEFT; },
  unenroll: async () => ({ ...LEFT, policy: "file" }),
};

let bus: TestBus, provider: UbusClient, caller: UbusClient, object: PublishedObject, log: EventLog, server: ControlServer | undefined;
const broken: unknown[] = [];

function serve(): void {
  server = serveControl(platform.net, socket, controlMethods(gateway, log), (error) => broken.push(error));
}

test.before(async () => {
  platform.files.makeDirectory(`${directory}/etc/config`);
  bus = await startBus();
  platform.files.replace(config, `config securebox 'main'\n\toption socket '${socket}'\n\toption ubus '${bus.path}'\n\nconfig port\n\toption device 'wlan0'\n\toption role 'bss'\n\nconfig network 'network'\n\tlist prefix '10.0.0.0/24'\n`);
  [provider, caller] = [bus.client(), bus.client()];
  log = new EventLog({ ...platform, processes: { ...platform.processes, stderr: () => {} } } as Platform, { level: "info", format: "text" });
  object = await publishGateway(provider, methodsOf(gateway, log), log, (error) => broken.push(error));
  serve();
});
test.after(async () => {
  server?.close();
  await bus.stop();
});

interface Outcome { status: number; out: string; err: string }
async function securebox(argv: string[]): Promise<Outcome> {
  const outcome: Outcome = { status: -1, out: "", err: "" };
  const processes = { ...platform.processes, arguments: argv, readStdin: () => "", stdout: (text: string) => { outcome.out += text; }, stderr: (text: string) => { outcome.err += text; } };
  outcome.status = await run({ ...platform, processes } as unknown as Platform, () => Promise.resolve(99));
  return outcome;
}

/** A line per command that asks the gateway; some of them are refused. */
const LINES = ["status", "devices", "explain a b", "explain a b tcp/1", "policy show", "changes", "reach printer", "allow a b", "allow a b tcp/631", "deny a internet udp", "deny a b nonsense/9", "isolate a", "quarantine a",
  "isolate nobody", "quarantine full", "isolate bug", "undo", "undo 3", "events", "enroll secret", "unenroll"];

test("every command says the same over the bus and over the socket, with and without --json, and asks the same", async () => {
  log.info("something happened", { device: MAC, count: 3, half: 0.5, absent: undefined });
  const client = COMMANDS.filter(({ options }) => options.includes("socket") && options.includes("config") && options.includes("json")).map(({ name }) => name);
  assert.equal(client.filter((name) => !LINES.some((line) => line === name || line.startsWith(`${name} `))), [], "a command without a line here");
  for (const line of LINES) {
    for (const json of [[], ["--json"]]) {
      const argv = [...line.split(" "), ...json];
      asked.length = 0;
      const overSocket = await securebox([...argv, "--socket", socket]);
      const askedThere = asked.splice(0);
      server!.close();
      const overBus = await securebox([...argv, "--config", config]);
      serve();
      const clean = (text: string): string => text.replaceAll("nul\0and\ud800half", "nul\ufffdand\ufffdhalf").replaceAll("nul\\u0000and\\ud800half", "nul\ufffdand\ufffdhalf");
      const stackless = ({ status, out, err }: Outcome): Outcome => ({ status, out: clean(out), err: err.split("\n").slice(0, 1).join() });
      assert.equal(json.length > 0 ? { ...stackless(overBus), out: sorted(overBus.out) } : stackless(overBus), json.length > 0 ? { ...stackless(overSocket), out: sorted(clean(overSocket.out)) } : stackless(overSocket), argv.join(" "));
      assert.equal(asked, askedThere, argv.join(" "));
    }
  }
  assert.is(broken.filter((error) => (error as Error).message === "our bug").length, 4);
  broken.length = 0;
});

/** Members of a table have no order on the bus. */
function sorted(text: string): string {
  const order = (value: unknown): unknown => Array.isArray(value) ? value.map(order) : typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, order(member)])) : value;
  return text.split("\n").map((line) => (line === "" ? "" : JSON.stringify(order(JSON.parse(line))))).join("\n");
}

test("exit status and words: what is done, refused, and our bug", async () => {
  const told = async (...argv: string[]): Promise<[number, string]> => { const { status, out, err } = await securebox([...argv, "--config", config]); return [status, out + err.split("\n")[0]]; };
  assert.equal(await told("isolate", "a"), [0, "override 7: isolate a\n"]);
  assert.equal(await told("deny", "a", "b", "tcp/22"), [0, "override 7: deny a b tcp/22\n"]);
  assert.equal(await told("reach", "printer"), [0, "printer\nPEER      NAME  TO IT  FROM IT\ninternet        allow  deny\ngateway         icmp   deny\n"]);
  assert.equal(await told("isolate", "nobody"), [4, "securebox: no device has the name, MAC or IP address \"nobody\""]);
  assert.equal(await told("isolate", "full"), [4, "securebox: 256 overrides are in force; undo one first"]);
  assert.equal(await told("isolate", "bug"), [5, "securebox: our bug"]);
  broken.length = 0;
});

test("signatures are typed; a refusal is a status and a text beside it", async () => {
  const [info] = await caller.list("securebox");
  const byName = <T>(methods: Record<string, T>): unknown => Object.keys(methods).sort().map((name) => [name, JSON.stringify(methods[name])]);
  assert.equal(byName(info!.signature!), byName({
    status: {}, devices: {}, policy: {}, changes: {}, unenroll: {}, reach: { device: "string" }, isolate: { device: "string" }, quarantine: { device: "string" },
    explain: { a: "string", b: "string", service: "string" }, allow: { a: "string", b: "string", service: "string" }, deny: { a: "string", b: "string", service: "string" },
    undo: { id: "int32" }, events: { since: "int32" }, enroll: { token: "string" },
  }));
  for (const [method, args, status, code, message] of [
    ["isolate", {}, "invalid-argument", "bad-request", "device: expected a text"], ["isolate", { device: "nobody" }, "not-found", "not-found", "no device has the name, MAC or IP address \"nobody\""],
    ["quarantine", { device: "full" }, "not-supported", "refused", "256 overrides are in force; undo one first"], ["isolate", { device: "bug" }, "unknown-error", "internal", "our bug"],
    ["undo", { id: -1 }, "invalid-argument", "bad-request", "id: expected a whole number"],
  ] as const) {
    const error = await rejection(caller.call("securebox", method, args)) as StatusError;
    assert.equal([error.status, error.by, error.parts], [status, "provider", [{ error: { code, message } }]]);
  }
  assert.equal((await rejection(caller.call("securebox", "isolate", { device: 7 })) as StatusError).status, "invalid-argument");
  broken.length = 0;
});

/** The real command, where there is one. */
function ubus(...args: string[]): Promise<{ status: number | undefined; out: string }> {
  return new Promise((resolve) => {
    const decoder = new TextDecoder();
    let out = "";
    const take = (chunk: Uint8Array): void => { out += decoder.decode(chunk); };
    platform.processes.spawn([`${prefix}/bin/ubus`, "-s", bus.path, ...args], { stdout: take, stderr: take, exit: (status) => resolve({ status: status ?? undefined, out }) }, { env: { LD_LIBRARY_PATH: `${prefix}/lib` }, stdout: "pipe", stderr: "pipe" });
  });
}

if (prefix) {
  test("the command ubus: signatures, an answer, a refusal with its text", async () => {
    const listed = await ubus("-v", "list", "securebox");
    for (const line of ['"status":{}', '"explain":{"a":"String","b":"String","service":"String"}', '"isolate":{"device":"String"}', '"undo":{"id":"Integer"}']) assert.match(listed.out, line);
    const { status, out } = await ubus("call", "securebox", "deny", '{"a":"laptop","b":"internet","service":"tcp/25"}');
    assert.equal([status, (JSON.parse(out) as { override: OverrideRecord }).override.text], [0, "deny laptop internet tcp/25"]);
    const refused = await ubus("call", "securebox", "isolate", '{"device":"full"}');
    assert.equal([refused.status, refused.out.includes("256 overrides are in force; undo one first"), refused.out.includes("Command failed")], [256 - 8, true, true]);
  });
}

test("rpcd's access groups name every method of the object, once: reading may change nothing", async () => {
  const path = "openwrt/luci-app-securebox/root/usr/share/rpcd/acl.d/luci-app-securebox.json";
  const { read, write } = (JSON.parse(platform.files.readText(path)) as Record<string, Record<"read" | "write", { ubus: { securebox: string[] } }>>)["luci-app-securebox"]!;
  const { changes: _, ...methods } = methodsOf(gateway, log);
  assert.equal([...read.ubus.securebox, ...write.ubus.securebox].sort(), Object.keys(methods).sort());
  assert.equal([...read.ubus.securebox].sort(), ["devices", "events", "explain", "policy", "reach", "status"]);
  for (const name of read.ubus.securebox) {
    asked.length = 0;
    await methods[name]!.run({ a: "a", b: "b", device: "a", id: 1, token: "t" });
    assert.equal(asked, [], name);
  }
});

test("events are notified while somebody is subscribed, and only then", async () => {
  const heard: string[] = [];
  assert.not(object.hasSubscribers);
  const subscription = await caller.subscribe("securebox", { notified: (_, name, data) => void heard.push(`${name} ${String(data["event"])} ${String((data["fields"] as { n?: number }).n)}`) });
  await until("the subscriber", () => object.hasSubscribers);
  log.info("counted", { n: 1 });
  log.debug("not written", { n: 2 });
  log.warn("counted too", { n: 3 });
  await until("two events", () => heard.length >= 2);
  await subscription.remove();
  await until("nobody", () => !object.hasSubscribers);
  log.info("counted", { n: 4 });
  await caller.call("securebox", "status");
  assert.equal(heard, ["event counted 1", "event counted too 3"]);
});

test("events --follow over the bus: what was, then what comes, each once, until the gateway ends", async () => {
  const newest = log.since(0).at(-1)!.sequence;
  const seen: number[] = [];
  const done = callOnBus(platform, bus.path, { method: "events", params: {}, answered: (result) => (result as { events: { sequence: number }[] }).events.forEach(({ sequence }) => seen.push(sequence)), follow: ({ sequence }) => seen.push(sequence) });
  await until("the events so far", () => seen.length === newest);
  for (let i = 0; i < 20; i++) log.info(`burst ${i}`);
  await until("all of them", () => seen.length === newest + 20);
  await object.remove();
  await done;
  assert.equal(seen, Array.from({ length: newest + 20 }, (_, index) => index + 1));
  object = await publishGateway(provider, methodsOf(gateway, log), log, () => {});
});

test("ubusd starts anew: the object is there again", async () => {
  await bus.kill();
  await until("the loss", () => !provider.ready && !caller.ready);
  await bus.start();
  await until("both back", () => object.present && caller.ready);
  assert.is((await caller.call("securebox", "status"))["version"], "1");
});

test("no object: the socket answers; neither: both are named, exit status 3", async () => {
  await object.remove();
  assert.equal((await securebox(["isolate", "a", "--config", config])).out, "override 7: isolate a\n");
  server!.close();
  const { status, err } = await securebox(["status", "--config", config]);
  assert.is(status, 3);
  assert.match(err, new RegExp(`the bus at ${bus.path} has no object "securebox".*and no gateway is running at ${socket}`));
  await bus.kill();
  assert.match((await securebox(["status", "--config", config])).err, /no gateway is running at/);
  await bus.start();
});

test.run();
