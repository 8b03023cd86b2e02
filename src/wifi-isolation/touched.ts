// SPDX-License-Identifier: Apache-2.0
// The parts that a new policy can change. What is equal in both programs is not compiled, so that an edit costs what it changes.
import { fanoutKey } from "./compile.ts";
import { receives } from "./discovery-rules.ts";
import type { Device, Ip } from "./network.ts";
import { nodeIndex, TOP_LEVEL } from "./parts/fanout.ts";
import type { Program } from "./program.ts";
import type { Bits } from "./registers.ts";

/** What of the network the parts depend on besides the program. */
export interface Network {
  devices: Iterable<Device>;
  /** Nodes of the fan-out trees that have devices below them. */
  nodes(level: number): Iterable<number>;
  nameAddresses: Iterable<Ip>;
  patternsOf(address: Ip): readonly string[];
  verdicts: Iterable<string>;
}

/** Part keys in groups; only parts of one group may have flows of the same table, priority and match on the two sides. */
export function* touchedByPolicy(before: Program, after: Program, network: Network): Generator<string[]> {
  if (!sameGateway(before, after)) yield ["static"];
  const regrouped: Device[] = [];
  for (const device of network.devices) {
    if (sameDevice(before, after, device)) continue;
    yield [`device/${device.id}`];
    regrouped.push(device);
  }
  // A renamed group may keep its bit, and a level its number: then clauses of different keys have the same flows.
  yield [...clauses(before, after)].map((key) => `clause/${key}`);
  yield [...inOne(before.pairs, after.pairs)].map((key) => `pair/${key}`);
  yield [...inOne(before.dnsEnds, after.dnsEnds)].map((key) => `dns/${key}`);
  yield* fanout(before, after, network, regrouped);
  for (const address of network.nameAddresses) if (nameBits(before, network, address) !== nameBits(after, network, address)) yield [`name/${address}`];
  for (const key of network.verdicts) yield [`verdict/${key}`];
}

function sameGateway(before: Program, after: Program): boolean {
  return before.gatewayDiscovery("mdns")?.key === after.gatewayDiscovery("mdns")?.key && before.gatewayDiscovery("ssdp")?.key === after.gatewayDiscovery("ssdp")?.key;
}

function sameDevice(before: Program, after: Program, { mac }: Device): boolean {
  const [old, now] = [{ mac, groups: before.groupsOf(mac) }, { mac, groups: after.groupsOf(mac) }];
  return sameBits(old.groups, now.groups) && before.isQuarantined(mac) === after.isQuarantined(mac)
    && before.discoveryOf(old, "mdns")?.key === after.discoveryOf(now, "mdns")?.key && before.discoveryOf(old, "ssdp")?.key === after.discoveryOf(now, "ssdp")?.key;
}

function sameBits(a: Bits, b: Bits): boolean {
  return a === b || a.every((byte, index) => byte === b[index]);
}

function* clauses(before: Program, after: Program): Generator<string> {
  yield* inOne(before.clauses, after.clauses);
  for (const [key, clause] of before.clauses) {
    const other = after.clauses.get(key);
    if (other && (JSON.stringify(clause) !== JSON.stringify(other) || before.nameBitsOf(clause) !== after.nameBitsOf(other))) yield key;
  }
}

function* fanout(before: Program, after: Program, network: Network, regrouped: readonly Device[]): Generator<string[]> {
  for (const key of inOne(before.trees, after.trees)) {
    const tree = before.trees.get(key) ?? after.trees.get(key)!;
    for (let level = 0; level <= TOP_LEVEL; level++) for (const index of network.nodes(level)) yield [fanoutKey(tree, level, index)];
  }
  for (const [key, tree] of before.trees) {
    if (!after.trees.has(key)) continue;
    const leaves = new Set<number>();
    for (const { id, mac } of regrouped) {
      if (receives(tree, { mac, groups: before.groupsOf(mac) }) !== receives(tree, { mac, groups: after.groupsOf(mac) })) leaves.add(nodeIndex(0, id));
    }
    for (const index of leaves) yield [fanoutKey(tree, 0, index)];
  }
}

function nameBits(program: Program, network: Network, address: Ip): string {
  return [...new Set(network.patternsOf(address).flatMap((pattern) => program.patternBits.get(pattern) ?? []))].sort((a, b) => a - b).join();
}

/** Keys that are in one of the two only. */
function* inOne(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): Generator<string> {
  for (const key of a.keys()) if (!b.has(key)) yield key;
  for (const key of b.keys()) if (!a.has(key)) yield key;
}
