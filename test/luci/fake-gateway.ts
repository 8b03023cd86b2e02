// SPDX-License-Identifier: Apache-2.0
// A gateway's object "securebox" with made-up devices, some of which have hostile names: for what the pages show. It decides nothing; allow, deny and the others are only noted.
import { method, StatusError, type CallContext, type PublishedObject, type Table, type UbusClient } from "ubus-ts";
import type { DeviceResult, ErrorCode, OverrideRecord, StatusResult } from "../../src/gateway/control/protocol.ts";
import type { LogEvent } from "../../src/gateway/log.ts";
import type { LinkStatus } from "../../src/backend-link/types.ts";

/** What a device might call itself. Each sets window.pwned where it is taken as markup. */
export const HOSTILE = ["<img src=x onerror=\"window.pwned=1\">", "\"><script>window.pwned=1</script>", "' onmouseover='window.pwned=1' x='", "%s%s%d%h {{7*7}} ${window.pwned=1}", "&lt;b&gt;&amp;<b>bold</b>", "\u202ecod.exe‮ 🖨 Drucker"];
export const PRINTER = "02:00:00:00:00:11", LAPTOP = "02:00:00:00:00:12";

export class FakeGateway {
  readonly calls: { method: string; args: Table }[] = [];
  overrides: OverrideRecord[] = [];
  backend: LinkStatus | undefined;
  problems: string[] = [];
  devices: DeviceResult[] = [device(1, PRINTER, "Printer", "10.77.0.11"), device(2, LAPTOP, "Laptop", "10.77.0.12"), device(3, "02:00:00:00:00:13", undefined, "10.77.0.13"), ...HOSTILE.map((name, index) => device(20 + index, `02:00:00:00:00:${20 + index}`, name, `10.77.0.${20 + index}`))];
  events: LogEvent[] = [];
  object: PublishedObject | undefined;
  #id = 0;

  async publish(bus: UbusClient): Promise<void> {
    const noted = (name: string, run: (args: Record<string, unknown>, context: CallContext) => unknown) => (args: Record<string, unknown>, context: CallContext): Table => {
      this.calls.push({ method: name, args: args as Table });
      return run(args, context) as Table;
    };
    const pair = { a: "string", b: "string", service: "string?" } as const;
    const decide = (kind: string) => (args: Record<string, unknown>, context: CallContext): unknown => this.#decide(kind, args, context);
    this.object = await bus.publish("securebox", {
      status: method({}, noted("status", () => this.status())),
      devices: method({}, noted("devices", () => ({ devices: this.devices }))),
      policy: method({}, noted("policy", () => ({ source: "file", policy: {}, overrides: this.overrides }))),
      explain: method(pair, noted("explain", ({ a, b, service }) => ({ a, b, ...(service === undefined ? {} : { service }), verdict: "deny", allowed: false, because: "default", reason: `no rule allows it from ${this.#name(a)}`, lines: [`${this.#name(a)} to ${this.#name(b)}: denied`] }))),
      reach: method({ device: "string" }, noted("reach", ({ device: mac }) => ({ device: mac, peers: [...this.devices.filter((each) => each.mac !== mac).map(({ mac: peer, name }) => ({ mac: peer, ...(name === undefined ? {} : { name }), to: "deny", from: "ask" })), { mac: "internet", to: "allow", from: "deny" }, { mac: "gateway", to: "allow", from: "allow" }] }))),
      events: method({ since: "int32?" }, noted("events", ({ since = 0 }) => ({ events: this.events.filter(({ sequence }) => sequence > (since as number)) }))),
      allow: method(pair, noted("allow", decide("allow"))), deny: method(pair, noted("deny", decide("deny"))),
      isolate: method({ device: "string" }, noted("isolate", decide("isolate"))), quarantine: method({ device: "string" }, noted("quarantine", decide("quarantine"))),
      undo: method({ id: "int32?" }, noted("undo", ({ id }, context) => this.#undo(id as number, context))),
      enroll: method({ token: "string" }, noted("enroll", ({ token }, context) => this.#enroll(token as string, context))),
      unenroll: method({}, noted("unenroll", () => { this.backend = undefined; return { network: "home", gateway: "gw-1", broker: "broker.example:8883", policy: "file" }; })),
    });
  }

  async withdraw(): Promise<void> {
    await this.object?.remove();
    this.object = undefined;
  }

  status(): StatusResult {
    return {
      version: "0.1.0", engine: "quickjs", pid: 1234, uptime: 300, healthy: this.problems.length === 0, problems: this.problems,
      switch: { state: "ready", bridge: "br0", version: "1.4", software: "2.17.9", flows: 321, ports: [{ name: "wlan0", role: "bss", number: 1 }, { name: "eth1", role: "uplink" }], features: {}, bundles: 3, refused: 0 },
      policy: { path: "/etc/securebox/policy.yaml", source: "file", network: "home", groups: 2, rules: 5, quarantined: 0, since: "2026-01-02T03:04:05.000Z", errors: [{ line: 7, field: "rules[1].from", message: "expected a group" }], warnings: [], unenforced: [] },
      devices: { known: this.devices.length, present: 2, quarantined: 0, blocked: 0 }, held: { now: 0, total: 12, released: 10, dropped: 2 },
      stations: { source: "connected", path: "hostapd" }, state: { path: "/etc/securebox/state", saved: true }, memory: { resident: 5_500_000, peak: 6_000_000 },
      ...(this.backend && { backend: this.backend }),
    };
  }

  #name(end: unknown): string { return this.devices.find(({ mac }) => mac === end)?.name ?? String(end); }

  #decide(kind: string, args: Record<string, unknown>, context: CallContext): unknown {
    if (args["device"] === LAPTOP) return refuse(context, "refused", "256 overrides are in force; undo one first");
    const override = { kind, ...args } as unknown as OverrideRecord["override"];
    const record: OverrideRecord = { id: ++this.#id, at: "2026-01-02T03:04:05.000Z", override, text: [kind, ...Object.values(args)].join(" ") };
    this.overrides.push(record);
    return { override: record };
  }

  #undo(id: number, context: CallContext): unknown {
    const found = this.overrides.find((record) => record.id === id);
    if (!found) return refuse(context, "not-found", `no override has the id ${id}`);
    this.overrides = this.overrides.filter((record) => record !== found);
    return { undone: found };
  }

  #enroll(token: string, context: CallContext): unknown {
    if (token !== "good-token") return refuse(context, "refused", "the backend does not know this token");
    this.backend = { state: "connected", synchronised: true, broker: "broker.example:8883", network: "home", gateway: "gw-1", since: "2026-01-02T03:04:05.000Z", outbox: { events: 0, lost: 0 }, clock: "trusted", desired: { sequence: 3, version: 4, digest: "ab" } };
    return { network: "home", gateway: "gw-1", broker: "broker.example:8883" };
  }
}

/** The text beside the status. */
function refuse(context: CallContext, code: ErrorCode, message: string): never {
  context.reply({ error: { code, message } });
  throw new StatusError(code === "not-found" ? "not-found" : "not-supported");
}

function device(id: number, mac: string, name: string | undefined, address: string): DeviceResult {
  return { id, mac, ...(name === undefined ? {} : { name }), port: "wlan0", addresses: [address], groups: ["family"], quarantined: false, blocked: false, associated: id % 2 === 0, idle: 200 };
}
