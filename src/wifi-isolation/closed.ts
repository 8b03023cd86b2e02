// SPDX-License-Identifier: Apache-2.0
// Which connections a change closes. The flows cut them already (parts/policy.ts); where the switch can, their entries are removed as well, and
// nobody else's: a connection that may not be told apart from one that is still allowed keeps its entry.
//
// Flushing one tuple walks all connections, so what would need many is left to the flows. So is what went to the internet: its hosts are not known
// one by one, and a tuple has no prefixes. Only TCP and UDP are named: a flush that finds an entry of ICMPv6 ends ovs-vswitchd 3.1 with its
// userspace datapath (it turns the type round as if it were ICMP's), so no tuple may leave the protocol open.
import { decide, type Endpoint, isEnforced, parseService, type Policy, rulesBetween, servicesOf, type World } from "@securebox/contract";
import type { Edit } from "./model.ts";
import type { Device, Ip, Mac, Override } from "./network.ts";

/** Connections by their original direction; what is absent is any. `protocol`: TCP or UDP, never open. */
export interface ConnectionTuple {
  protocol: 6 | 17;
  source?: Ip;
  destination?: Ip;
  destinationPort?: number;
}

export interface Closed {
  tuples: ConnectionTuple[];
  /** More was closed than `tuples` says: it could not be told apart, or was too much. */
  incomplete: boolean;
}

/** What of a model an edit replaces, kept until the edit is in force. */
export interface Former {
  policy: Policy;
  overrides: readonly Override[];
  devices: readonly Device[];
}

/** As `closedBy` needs it of the model. */
export interface Present {
  readonly program: { policy: Policy; overrides: readonly Override[]; isQuarantined(mac: Mac): boolean };
  readonly site: { topology: { gateways: readonly Ip[]; resolvers: readonly Ip[] } };
  readonly devices: Iterable<Device>;
  device(id: number): Device | undefined;
}

export const MAX_TUPLES = 256;
/** Pairs of kinds of devices that are compared, and ports of a range that are flushed one by one. */
const MAX_PAIRS = 2048;
const MAX_PORTS = 16;

/** To be called before the edit is made. */
export function formerOf(model: Present, edit: Edit): Former {
  const ids = [...(edit.removeDevices ?? []), ...(edit.setDevices ?? []).map(({ id }) => id)];
  return { policy: model.program.policy, overrides: model.program.overrides, devices: ids.map((id) => model.device(id)).filter((device) => device !== undefined) };
}

/** After the edit: what it closed. Empty and incomplete when that is more than MAX_TUPLES. */
export function closedBy(former: Former, now: Present): Closed {
  const closed: Closed = { tuples: [], incomplete: false };
  for (const tuple of tuplesOf(former, now, closed)) {
    if (closed.tuples.push(tuple) > MAX_TUPLES) return { tuples: [], incomplete: true };
  }
  return closed;
}

function* tuplesOf(former: Former, now: Present, closed: Closed): Generator<ConnectionTuple> {
  for (const before of former.devices) yield* wholly(lostBy(before, now));
  const { policy, overrides } = now.program;
  if (policy === former.policy && overrides === former.overrides) return;
  const wasCut = cutBy(former);
  const remaining: Device[] = [];
  for (const device of now.devices) {
    const { blocked, mac } = device;
    if (!blocked && !now.program.isQuarantined(mac)) remaining.push(device);
    else if (!blocked && !wasCut.has(mac)) yield* wholly(device.addresses);
  }
  yield* byRules(former, now, remaining, closed);
}

/** Addresses with which the device may do nothing any more: it lost them, or it is cut. */
function lostBy(before: Device, now: Present): readonly Ip[] {
  const after = now.device(before.id);
  const same = after !== undefined && after.mac === before.mac && (!after.blocked || before.blocked === true);
  return same ? before.addresses.filter((address) => !after.addresses.includes(address)) : before.addresses;
}

function* wholly(addresses: readonly Ip[]): Generator<ConnectionTuple> {
  for (const address of addresses) for (const protocol of [6, 17] as const) yield* [{ protocol, source: address }, { protocol, destination: address }];
}

function cutBy({ policy, overrides }: Former): Set<Mac> {
  return new Set([...policy.quarantine, ...overrides.flatMap((override) => (override.kind === "quarantine" ? [override.device] : []))]);
}

/** Devices about which every rule says the same, or the gateway: one of them is asked about for all. */
interface Kind {
  ends: { endpoint: Endpoint; addresses: readonly Ip[] }[];
}

function* byRules(former: Former, now: Present, devices: readonly Device[], closed: Closed): Generator<ConnectionTuple> {
  const { gateways, resolvers } = now.site.topology;
  const [before, after] = [new Side(former, resolvers), new Side(now.program, resolvers)];
  // One kind for each address of the gateway: it may be a resolver.
  const kinds: Kind[] = [...kindsOf(devices, before, after), ...gateways.map((address): Kind => ({ ends: [{ endpoint: { kind: "gateway", address }, addresses: [address] }] }))];
  if (kinds.length ** 2 > MAX_PAIRS) {
    closed.incomplete = true;
    return;
  }
  for (const from of kinds) {
    for (const to of kinds) {
      const [a, b] = [from.ends[0]!, from === to ? to.ends[1] : to.ends[0]];
      if (!b) continue;
      const services = closedServices(before.between(a.endpoint, b.endpoint), after.between(a.endpoint, b.endpoint), closed);
      for (const service of services) yield* ofPair(from, to, service);
    }
    for (const { endpoint } of from.ends.slice(0, 1)) if (reached(before, endpoint) !== reached(after, endpoint)) closed.incomplete = true;
  }
}

function reached(side: Side, device: Endpoint): string {
  const internet: Endpoint = { kind: "internet" };
  return JSON.stringify([side.between(device, internet).steps, side.between(internet, device).steps]);
}

function* ofPair(from: Kind, to: Kind, service: Service): Generator<ConnectionTuple> {
  for (const a of from.ends) {
    for (const b of to.ends) {
      if (a === b) continue;
      for (const source of a.addresses) {
        for (const destination of b.addresses) {
          if (source.includes(":") === destination.includes(":")) for (const what of numbered(service)) yield { ...what, source, destination };
        }
      }
    }
  }
}

const NUMBER = { tcp: 6, udp: 17 } as const;

function numbered({ protocol, port }: Service): ConnectionTuple[] {
  if (protocol === undefined) return [{ protocol: 6 }, { protocol: 17 }];
  return [{ protocol: NUMBER[protocol], ...(port === undefined ? {} : { destinationPort: port }) }];
}

/** Groups as the members see them, so that a question about two devices does not walk all the others. */
class Side {
  readonly groups = new Map<Mac, string[]>();
  readonly named: Set<string>;
  readonly #policy: Policy;
  readonly #overrides: readonly Override[];

  constructor({ policy, overrides }: Pick<Former, "policy" | "overrides">, readonly resolvers: readonly Ip[]) {
    this.#policy = policy;
    this.#overrides = overrides;
    for (const [name, members] of Object.entries(policy.groups)) {
      for (const member of members) if (isEnforced(member)) this.groups.set(member.mac, [...(this.groups.get(member.mac) ?? []), name]);
    }
    this.named = new Set([...policy.rules.flatMap(({ from, to }) => [from, to]), ...overrides.flatMap((each) => ("a" in each ? [each.a, each.b] : [each.device]))]);
  }

  /** The same for devices of one kind. */
  kindOf(mac: Mac): string {
    return `${this.named.has(mac) ? mac : ""} ${(this.groups.get(mac) ?? []).join()}`;
  }

  between(from: Endpoint, to: Endpoint): Between {
    const macs = [from, to].flatMap((end) => (end.kind === "device" ? [end.mac] : []));
    const groups: Policy["groups"] = {};
    for (const [name, members] of this.#unenforced) groups[name] = [...members, ...macs.filter((mac) => this.groups.get(mac)?.includes(name)).map((mac) => ({ mac }))];
    const policy = { ...this.#policy, groups, quarantine: [] };
    const world = { policy, overrides: this.#overrides.filter(({ kind }) => kind !== "quarantine"), resolvers: this.resolvers };
    return { world, from, to, steps: [...rulesBetween(world, from, to)].map(({ rule, coverage }) => ({ rule, coverage })) };
  }

  get #unenforced(): [string, Policy["groups"][string]][] {
    return (this.#rest ??= Object.entries(this.#policy.groups).map(([name, members]) => [name, members.filter((member) => !isEnforced(member))]));
  }
  #rest: [string, Policy["groups"][string]][] | undefined;
}

function kindsOf(devices: readonly Device[], before: Side, after: Side): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const { mac, addresses } of devices) {
    const key = `${before.kindOf(mac)}|${after.kindOf(mac)}`;
    const kind = kinds.get(key) ?? { ends: [] };
    kind.ends.push({ endpoint: { kind: "device", mac }, addresses });
    kinds.set(key, kind);
  }
  return [...kinds.values()];
}

interface Between {
  world: World;
  from: Endpoint;
  to: Endpoint;
  steps: { rule: Policy["rules"][number]; coverage: string }[];
}

/** Absent protocol: both; absent port: all of them. */
interface Service {
  protocol?: "tcp" | "udp";
  port?: number;
}

interface Range {
  first: number;
  last: number;
}

/** What could be started before and cannot now. */
function closedServices(before: Between, after: Between, closed: Closed): Service[] {
  if (JSON.stringify([before.steps, before.world.overrides]) === JSON.stringify([after.steps, after.world.overrides])) return [];
  const ranges = portRanges(before, after);
  const change = (protocol: "tcp" | "udp", port: number): [was: boolean, is: boolean] => [isOpen(before, protocol, port), isOpen(after, protocol, port)];
  const tried = (["tcp", "udp"] as const).map((protocol) => ({ protocol, found: ranges.map((range) => ({ range, change: change(protocol, range.first) })) }));
  const all = tried.flatMap(({ found }) => found.map((each) => each.change));
  if (!all.some(([was, is]) => was && !is)) return [];
  if (!all.some(([, is]) => is)) return [{}];
  const services: Service[] = [];
  for (const { protocol, found } of tried) {
    const gone = found.filter(({ change: [was, is] }) => was && !is);
    if (gone.length > 0 && !found.some(({ change: [, is] }) => is)) services.push({ protocol });
    else for (const range of joined(gone.map((each) => each.range))) services.push(...portsOf(protocol, range, closed));
  }
  return services;
}

/** Neighbours as one. */
function joined(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const { first, last } of ranges) {
    const previous = result.at(-1);
    if (previous && previous.last + 1 === first) previous.last = last;
    else result.push({ first, last });
  }
  return result;
}

function portsOf(protocol: "tcp" | "udp", { first, last }: Range, closed: Closed): Service[] {
  if (last - first >= MAX_PORTS) {
    closed.incomplete = true;
    return [];
  }
  return Array.from({ length: last - first + 1 }, (_, index) => ({ protocol, port: first + index }));
}

/** "ask" is open: a verdict may have let the connection by. */
function isOpen({ world, from, to }: Between, protocol: "tcp" | "udp", port: number): boolean {
  return decide({ ...world, from, to, protocol, port }).verdict !== "deny";
}

/** Ports 0 to 65535 in ranges on which both sides are of one mind: they begin and end where a term does, or what every device needs (see decide). */
function portRanges(...sides: Between[]): Range[] {
  const starts = new Set([0, 53, 54, 67, 68, 69, 546, 547, 548]);
  for (const { steps, world } of sides) {
    const services = [...steps.flatMap(({ rule }) => servicesOf(rule)), ...(world.overrides ?? []).flatMap((each) => ("service" in each ? [each.service] : []))];
    for (const text of services) {
      const term = parseService(text);
      if (!term.ok || term.value.kind !== "traffic" || !term.value.ports) continue;
      starts.add(term.value.ports.first).add(term.value.ports.last + 1);
    }
  }
  const sorted = [...starts].filter((port) => port < 0x10000).sort((a, b) => a - b);
  return sorted.map((first, index) => ({ first, last: (sorted[index + 1] ?? 0x10000) - 1 }));
}
