// SPDX-License-Identifier: Apache-2.0
// A policy (with the operator's overrides) understood: bits, clauses, receivers of discovery. Independent of which devices are there.
import { isEnforced, type Policy, resolveEnd, type ServiceTerm } from "@securebox/contract";
import { clauseKey, clausesOf, type Clause } from "./clauses.ts";
import { discoveryRules, EVERYBODY, receiversKey, receiversOf, treeOf, type DiscoveryProtocol, type Tree } from "./discovery-rules.ts";
import { endKey, holdsDevice, isDeviceEnd, type FlowEnd, type Identity } from "./ends.ts";
import { allocateBits, BIT, CapacityError } from "./groups.ts";
import type { Mac, Override } from "./network.ts";
import { bitsOf, type Bits } from "./registers.ts";

const PROTOCOLS: readonly DiscoveryProtocol[] = ["mdns", "ssdp"];
/** Stands for every device that the policy does not name. */
const NOBODY = "00:00:00:00:00:00";

export class Program {
  readonly clauses = new Map<string, Clause>();
  /** Ends of which some rule joins the two, in either direction: their devices may learn each other's link-layer addresses. */
  readonly pairs = new Map<string, readonly [FlowEnd, FlowEnd]>();
  /** Ends with DNS names in their rules: the resolvers' answers to them are held. */
  readonly dnsEnds = new Map<string, FlowEnd>();
  /** Bits in xxreg3 of the sets that a DNS pattern belongs to. */
  readonly patternBits = new Map<string, number[]>();
  /** Trees of copies, by the key of their receivers. */
  readonly trees = new Map<string, Tree>([[EVERYBODY.key, EVERYBODY]]);
  /** Part keys (kind/key) of what names one device. */
  readonly partsByMac = new Map<Mac, Set<string>>();

  readonly #groupBits: Map<string, number>;
  readonly #membership = new Map<Mac, Bits>();
  readonly #quarantine: Set<Mac>;
  readonly #unknown = bitsOf([BIT.all, BIT.unknown]);
  readonly #discovery: Record<DiscoveryProtocol, ReturnType<typeof discoveryRules>>;
  readonly #setBits: Map<string, number>;
  readonly #treeByGroups = { mdns: new Map<Bits, Tree | undefined>(), ssdp: new Map<Bits, Tree | undefined>() };

  /** Throws CapacityError when the policy has more groups or name sets than registers have bits. */
  constructor(readonly policy: Policy, readonly overrides: readonly Override[] = []) {
    this.#groupBits = allocateBits(namedGroups(policy, overrides), "groups in rules");
    this.#quarantine = new Set([...policy.quarantine, ...overrides.flatMap((override) => (override.kind === "quarantine" ? [override.device] : []))]);
    this.#indexMembers();
    for (const clause of clausesOf(policy, overrides, (end) => this.#resolve(end))) this.#addClause(clause);
    this.#setBits = allocateBits([...this.clauses.values()].flatMap((clause) => [...nameSets(clause).values()].map(setKey)), "sets of DNS names in rules", 0);
    this.#indexPatterns();
    this.#discovery = { mdns: discoveryRules(this.clauses.values(), "mdns"), ssdp: discoveryRules(this.clauses.values(), "ssdp") };
    this.#indexTrees();
  }

  /** Group bits of the device with this MAC. */
  groupsOf(mac: Mac): Bits {
    return this.#membership.get(mac) ?? this.#unknown;
  }

  isQuarantined(mac: Mac): boolean {
    return this.#quarantine.has(mac);
  }

  /** Who receives the device's frames of a discovery protocol; undefined: nobody. */
  discoveryOf(device: Identity, protocol: DiscoveryProtocol): Tree | undefined {
    if (this.partsByMac.has(device.mac)) return this.#findTree(device, protocol);
    // Devices of the same groups share their bits.
    const known = this.#treeByGroups[protocol];
    if (!known.has(device.groups)) known.set(device.groups, this.#findTree(device, protocol));
    return known.get(device.groups);
  }

  #findTree(device: Identity, protocol: DiscoveryProtocol): Tree | undefined {
    return this.trees.get(receiversKey(receiversOf(this.#discovery[protocol], (end) => holdsDevice(end, device))));
  }

  /** The same for what the router sends. */
  gatewayDiscovery(protocol: DiscoveryProtocol): Tree | undefined {
    return this.trees.get(receiversKey(receiversOf(this.#discovery[protocol], isGateway)));
  }

  /** The bit of a set of patterns. */
  nameBit(patterns: readonly string[]): number {
    return this.#setBits.get(setKey(patterns))!;
  }

  /** The bits of a clause's sets of names, as text. */
  nameBitsOf(clause: Clause): string {
    return [...nameSets(clause)].map(([service, patterns]) => `${service}=${this.nameBit(patterns)}`).join();
  }

  #resolve(text: string): FlowEnd | undefined {
    const end = resolveEnd(text);
    if (end.kind === "device") return { mac: end.mac };
    const bit = end.kind === "group" ? this.#groupBits.get(end.name) : BIT[end.kind];
    return bit === undefined ? undefined : { bit };
  }

  #indexMembers(): void {
    const groups = new Map<Mac, number[]>();
    for (const [name, members] of Object.entries(this.policy.groups)) {
      const bit = this.#groupBits.get(name);
      for (const member of members) {
        if (!isEnforced(member)) continue;
        const bits = groups.get(member.mac) ?? [BIT.all];
        if (bit !== undefined) bits.push(bit);
        groups.set(member.mac, bits);
      }
    }
    const shared = new Map<string, Bits>();
    for (const [mac, bits] of groups) {
      const key = bits.sort((a, b) => a - b).join();
      if (!shared.has(key)) shared.set(key, bitsOf(bits));
      this.#membership.set(mac, shared.get(key)!);
    }
  }

  #addClause(clause: Clause): void {
    const key = clauseKey(clause);
    this.clauses.set(key, clause);
    this.#noteMacs(`clause/${key}`, clause.from, clause.to);
    if (joins(clause)) this.#addPair(clause.from, clause.to);
    if (clause.terms.some(isNamed)) {
      this.dnsEnds.set(endKey(clause.from), clause.from);
      this.#noteMacs(`dns/${endKey(clause.from)}`, clause.from);
    }
  }

  #addPair(from: FlowEnd, to: FlowEnd): void {
    if (!isDeviceEnd(from) || !isDeviceEnd(to)) return;
    const [a, b] = endKey(from) <= endKey(to) ? [from, to] : [to, from];
    const key = `${endKey(a)}/${endKey(b)}`;
    this.pairs.set(key, [a, b]);
    this.#noteMacs(`pair/${key}`, a, b);
  }

  #noteMacs(part: string, ...ends: FlowEnd[]): void {
    for (const end of ends) {
      if (!("mac" in end)) continue;
      const parts = this.partsByMac.get(end.mac) ?? new Set();
      this.partsByMac.set(end.mac, parts.add(part));
    }
  }

  #indexPatterns(): void {
    for (const clause of this.clauses.values()) {
      for (const patterns of nameSets(clause).values()) {
        const bit = this.nameBit(patterns);
        for (const pattern of patterns) {
          const bits = this.patternBits.get(pattern) ?? [];
          if (!bits.includes(bit)) bits.push(bit);
          this.patternBits.set(pattern, bits);
        }
      }
    }
  }

  /** The trees follow from the policy alone, not from the devices present: a device that comes never builds one. */
  #indexTrees(): void {
    const ids = new Map<number, string>();
    const senders: ((end: FlowEnd) => boolean)[] = [NOBODY, ...this.#membership.keys(), ...this.partsByMac.keys()]
      .map((mac) => { const device = { mac, groups: this.groupsOf(mac) }; return (end) => holdsDevice(end, device); });
    for (const sender of [...senders, isGateway]) {
      for (const protocol of PROTOCOLS) {
        const receivers = receiversOf(this.#discovery[protocol], sender);
        if (receivers.forward.length + receivers.mirrored.length === 0) continue;
        const tree = treeOf(receivers);
        if ((ids.get(tree.id) ?? tree.key) !== tree.key) throw new CapacityError("two sets of receivers of discovery have the same hash: rename a group");
        ids.set(tree.id, tree.key);
        this.trees.set(tree.key, tree);
      }
    }
  }
}

function isGateway(end: FlowEnd): boolean {
  return "bit" in end && end.bit === BIT.gateway;
}

function joins({ terms, termVerdict, rest }: Clause): boolean {
  return (terms.length > 0 && termVerdict === "allow") || rest?.verdict === "allow" || rest?.verdict === "ask";
}

/** Groups that stand in rules or overrides: only those need a bit. */
function namedGroups(policy: Policy, overrides: readonly Override[]): string[] {
  const ends = [...policy.rules.flatMap(({ from, to }) => [from, to]), ...overrides.flatMap((override) => ("a" in override ? [override.a, override.b] : []))];
  return ends.filter((end) => resolveEnd(end).kind === "group");
}

type Traffic = Extract<ServiceTerm, { kind: "traffic" }>;

export function isNamed(term: ServiceTerm): term is Traffic & { name: string } {
  return term.kind === "traffic" && term.name !== undefined;
}

/** The DNS patterns of a clause by what is allowed to them ("tcp/443-443", "/"): those of one set share a bit. */
export function nameSets(clause: Clause): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  for (const term of clause.terms) {
    if (!isNamed(term)) continue;
    const service = `${term.protocol ?? ""}/${term.ports ? `${term.ports.first}-${term.ports.last}` : ""}`;
    sets.set(service, [...(sets.get(service) ?? []), term.name]);
  }
  return sets;
}

function setKey(patterns: readonly string[]): string {
  return [...new Set(patterns)].sort().join(" ");
}
