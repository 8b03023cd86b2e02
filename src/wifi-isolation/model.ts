// SPDX-License-Identifier: Apache-2.0
// What the switch should do: inputs with the indexes that let one change touch only its own parts. Keeps inputs, never flows.
import type { Flow } from "node-openvswitch/openflow";
import type { Policy } from "@securebox/contract";
import { macBytes, parseAddress } from "./bytes.ts";
import { compilePart, fanoutKey } from "./compile.ts";
import { receives, type Tree } from "./discovery-rules.ts";
import { diffFlows, type FlowChange } from "./flow-diff.ts";
import { DEFAULT_HOLD_LIMITS, deviceMeters, diffMeters, portMeter, type HoldLimits, type Meter, type MeterChange } from "./meters.ts";
import type { Device, FlowVerdict, Ip, Mac, NameBinding, Override, Topology } from "./network.ts";
import { nodeIndex, TOP_LEVEL } from "./parts/fanout.ts";
import { verdictKey } from "./parts/verdict.ts";
import { Program } from "./program.ts";
import { Site } from "./site.ts";
import { touchedByPolicy } from "./touched.ts";
import { MAX_DEVICE_ID, type View } from "./view.ts";

export interface ModelInput {
  policy: Policy;
  topology: Topology;
  devices?: Iterable<Device>;
  names?: Iterable<NameBinding>;
  overrides?: readonly Override[];
  verdicts?: Iterable<FlowVerdict>;
  limits?: HoldLimits;
}

/** What is different from now on. A device is set as a whole; `names` with no addresses forgets a pattern. */
export interface Edit {
  policy?: Policy;
  overrides?: readonly Override[];
  setDevices?: readonly Device[];
  removeDevices?: readonly number[];
  names?: readonly NameBinding[];
  setVerdicts?: readonly FlowVerdict[];
  removeVerdicts?: readonly FlowVerdict[];
}

/** Apply `metersBefore`, then `flows` in one bundle, then `metersAfter`. */
export interface Change {
  metersBefore: MeterChange[];
  flows: FlowChange[];
  metersAfter: MeterChange[];
}

/** A change that cannot be: a device's id that is out of range, or an address that is none. The model stays as it was. */
export class ModelError extends Error {
  override readonly name = "ModelError";
}

export class Model implements View {
  readonly site: Site;
  readonly limits: HoldLimits;
  #program: Program;
  readonly #devices = new Map<number, Device>();
  readonly #idByMac = new Map<Mac, number>();
  readonly #idByAddress = new Map<Ip, number>();
  /** Devices below each node of the fan-out trees, by level (from 0) and index. */
  readonly #population: Map<number, number>[] = Array.from({ length: TOP_LEVEL + 1 }, () => new Map());
  readonly #names = new Map<string, readonly Ip[]>();
  readonly #patternsByAddress = new Map<Ip, string[]>();
  readonly #verdicts = new Map<string, FlowVerdict>();
  /** Keys of verdicts by device id and by address. */
  readonly #verdictsAbout = new Map<number | Ip, Set<string>>();

  /** Throws CapacityError, RangeError or ModelError. A new topology needs a new model (and a comparison with the switch). */
  constructor(input: ModelInput) {
    this.site = new Site(input.topology);
    this.limits = input.limits ?? DEFAULT_HOLD_LIMITS;
    this.#program = new Program(input.policy, input.overrides);
    for (const device of input.devices ?? []) this.#setDevice(device);
    for (const binding of input.names ?? []) this.#setName(binding);
    for (const verdict of input.verdicts ?? []) this.#setVerdict(verdict);
  }

  get program(): Program { return this.#program; }
  get devices(): Iterable<Device> { return this.#devices.values(); }
  device(id: number): Device | undefined { return this.#devices.get(id); }
  idOf(mac: Mac): number | undefined { return this.#idByMac.get(mac); }
  patternsOf(address: Ip): readonly string[] { return this.#patternsByAddress.get(address) ?? []; }
  verdict(key: string): FlowVerdict | undefined { return this.#verdicts.get(key); }
  population(level: number, index: number): number { return this.#population[level]?.get(index) ?? 0; }

  deviceAt(address: Ip): Device | undefined {
    const id = this.#idByAddress.get(address);
    return id === undefined ? undefined : this.#devices.get(id);
  }

  /** Every flow that should be there, one part after another, always in the same order for the same inputs and history. */
  *flows(): Generator<Flow> {
    for (const key of this.partKeys()) yield* compilePart(this, key);
  }

  *partKeys(): Generator<string> {
    const { program } = this;
    yield "static";
    for (const id of this.#devices.keys()) yield `device/${id}`;
    for (const key of program.pairs.keys()) yield `pair/${key}`;
    for (const key of program.clauses.keys()) yield `clause/${key}`;
    for (const key of program.dnsEnds.keys()) yield `dns/${key}`;
    for (const tree of program.trees.values()) {
      for (const [level, nodes] of this.#population.entries()) for (const [index, count] of nodes) if (count > 0) yield fanoutKey(tree, level, index);
    }
    for (const address of this.#patternsByAddress.keys()) yield `name/${address}`;
    for (const key of this.#verdicts.keys()) yield `verdict/${key}`;
  }

  *meters(): Generator<Meter> {
    for (const { number } of this.site.stationPorts) yield { id: portMeter(number), ...this.limits.port };
    for (const { number } of this.site.upstreamPorts) yield { id: portMeter(number), ...this.limits.upstream };
    for (const id of this.#devices.keys()) yield* deviceMeters(id, this.limits);
  }

  /** Makes the edit and says what the switch must change. Throws as the constructor does, with the model as it was. */
  change(edit: Edit): Change {
    this.#check(edit);
    const next = edit.policy || edit.overrides ? new Program(edit.policy ?? this.program.policy, edit.overrides ?? this.program.overrides) : this.#program;
    const flows = next === this.#program ? [] : this.#changeProgram(next);
    const touched = new Set<string>();
    for (const id of edit.removeDevices ?? []) this.#touchDevice(touched, this.device(id), undefined);
    for (const device of edit.setDevices ?? []) this.#touchDevice(touched, this.device(device.id), device);
    for (const { pattern, addresses } of edit.names ?? []) for (const address of [...(this.#names.get(pattern) ?? []), ...addresses]) touched.add(`name/${address}`);
    for (const verdict of [...(edit.removeVerdicts ?? []), ...(edit.setVerdicts ?? [])]) touched.add(`verdict/${verdictKey(verdict)}`);
    const before = this.#compile(touched);
    const meters = this.#changeDevices(edit);
    for (const binding of edit.names ?? []) this.#setName(binding);
    for (const verdict of edit.removeVerdicts ?? []) this.#removeVerdict(verdictKey(verdict));
    for (const verdict of edit.setVerdicts ?? []) this.#setVerdict(verdict);
    const changes = diffFlows(before, this.#compile(touched));
    return { metersBefore: meters.before, flows: flows.length > 0 ? mergeChanges(flows, changes) : changes, metersAfter: meters.after };
  }

  #check(edit: Edit): void {
    const setDevices = edit.setDevices ?? [];
    if (setDevices.length === 0) return;
    const leaving = new Set([...(edit.removeDevices ?? []), ...setDevices.map(({ id }) => id)]);
    const claimed = new Map<string, number>();
    for (const { id, mac, addresses } of setDevices) {
      if (!(Number.isInteger(id) && id > 0 && id <= MAX_DEVICE_ID)) throw new ModelError(`device id ${id} is not between 1 and ${MAX_DEVICE_ID}`);
      macBytes(mac);
      for (const address of addresses) parseAddress(address);
      for (const what of [mac, ...addresses]) {
        const known = this.#idByMac.get(what) ?? this.#idByAddress.get(what);
        const owner = claimed.get(what) ?? (known !== undefined && !leaving.has(known) ? known : undefined);
        if (owner !== undefined && owner !== id) throw new ModelError(`${what} of device ${id} belongs to device ${owner}`);
        claimed.set(what, id);
      }
    }
  }

  #compile(keys: Iterable<string>, program = this.#program): Flow[] {
    const view = program === this.#program ? this : this.#with(program);
    const flows: Flow[] = [];
    for (const key of keys) for (const flow of compilePart(view, key)) flows.push(flow);
    return flows;
  }

  #with(program: Program): View {
    return {
      site: this.site, program, device: (id) => this.device(id), idOf: (mac) => this.idOf(mac), deviceAt: (address) => this.deviceAt(address),
      patternsOf: (address) => this.patternsOf(address), verdict: (key) => this.verdict(key), population: (level, index) => this.population(level, index),
    };
  }

  /** A new policy: parts that are equal in both programs are skipped, the others compared one by one, so that few flows exist at a time. */
  #changeProgram(next: Program): FlowChange[] {
    const changes: FlowChange[] = [];
    const before = this.#program;
    const network = { devices: this.devices, nodes: (level: number) => this.#population[level]!.keys(), nameAddresses: this.#patternsByAddress.keys(), patternsOf: (address: Ip) => this.patternsOf(address), verdicts: this.#verdicts.keys() };
    for (const keys of touchedByPolicy(before, next, network)) changes.push(...diffFlows(this.#compile(keys, before), this.#compile(keys, next)));
    this.#program = next;
    return deletesFirst(changes);
  }

  #touchDevice(touched: Set<string>, before: Device | undefined, after: Device | undefined): void {
    const either = after ?? before;
    if (!either) return;
    touched.add(`device/${either.id}`);
    for (const { mac, id, addresses } of [before, after].filter((device) => device !== undefined)) {
      for (const part of this.program.partsByMac.get(mac) ?? []) touched.add(part);
      const other = this.idOf(mac);
      if (other !== undefined && other !== id) touched.add(`device/${other}`);
      for (const about of [id, ...addresses]) for (const key of this.#verdictsAbout.get(about) ?? []) touched.add(`verdict/${key}`);
    }
    for (const tree of this.program.trees.values()) this.#touchTree(touched, tree, before, after);
  }

  #touchTree(touched: Set<string>, tree: Tree, before: Device | undefined, after: Device | undefined): void {
    const id = (after ?? before)!.id;
    const held = (device: Device | undefined): boolean => device !== undefined && receives(tree, { mac: device.mac, groups: this.program.groupsOf(device.mac) });
    if (held(before) !== held(after)) touched.add(fanoutKey(tree, 0, nodeIndex(0, id)));
    if ((before === undefined) === (after === undefined)) return;
    // A branch changes only when a node below it gets its first device or loses its last.
    for (let level = 1; level <= TOP_LEVEL; level++) {
      if (this.population(level - 1, nodeIndex(level - 1, id)) > (after ? 0 : 1)) return;
      touched.add(fanoutKey(tree, level, nodeIndex(level, id)));
    }
  }

  #changeDevices(edit: Edit): { before: MeterChange[]; after: MeterChange[] } {
    const ids = new Set([...(edit.removeDevices ?? []), ...(edit.setDevices ?? []).map(({ id }) => id)]);
    const meters = (): Meter[] => [...ids].filter((id) => this.#devices.has(id)).flatMap((id) => deviceMeters(id, this.limits));
    const observed = meters();
    for (const id of edit.removeDevices ?? []) this.#removeDevice(id);
    for (const device of edit.setDevices ?? []) this.#setDevice(device);
    return diffMeters(observed, meters());
  }

  #setDevice(device: Device): void {
    this.#check({ setDevices: [device] });
    const known = this.#devices.get(device.id);
    if (known) this.#unindex(known);
    else this.#count(device.id, 1);
    this.#devices.set(device.id, device);
    this.#idByMac.set(device.mac, device.id);
    for (const address of device.addresses) this.#idByAddress.set(address, device.id);
  }

  #removeDevice(id: number): void {
    const known = this.#devices.get(id);
    if (!known) return;
    this.#unindex(known);
    this.#devices.delete(id);
    this.#count(id, -1);
  }

  #unindex({ id, mac, addresses }: Device): void {
    if (this.#idByMac.get(mac) === id) this.#idByMac.delete(mac);
    for (const address of addresses) if (this.#idByAddress.get(address) === id) this.#idByAddress.delete(address);
  }

  #count(id: number, by: 1 | -1): void {
    for (const [level, nodes] of this.#population.entries()) {
      const index = nodeIndex(level, id);
      const count = (nodes.get(index) ?? 0) + by;
      if (count > 0) nodes.set(index, count);
      else nodes.delete(index);
    }
  }

  #setName({ pattern, addresses }: NameBinding): void {
    for (const address of this.#names.get(pattern) ?? []) {
      const left = this.patternsOf(address).filter((other) => other !== pattern);
      if (left.length > 0) this.#patternsByAddress.set(address, left);
      else this.#patternsByAddress.delete(address);
    }
    this.#names.delete(pattern);
    if (addresses.length === 0) return;
    this.#names.set(pattern, [...new Set(addresses)]);
    for (const address of new Set(addresses)) this.#patternsByAddress.set(address, [...this.patternsOf(address), pattern]);
  }

  #setVerdict(verdict: FlowVerdict): void {
    const key = verdictKey(verdict);
    this.#verdicts.set(key, verdict);
    for (const about of [verdict.device, verdict.address]) this.#verdictsAbout.set(about, (this.#verdictsAbout.get(about) ?? new Set<string>()).add(key));
  }

  #removeVerdict(key: string): void {
    const known = this.#verdicts.get(key);
    if (!known) return;
    this.#verdicts.delete(key);
    for (const about of [known.device, known.address]) {
      const keys = this.#verdictsAbout.get(about);
      keys?.delete(key);
      if (keys?.size === 0) this.#verdictsAbout.delete(about);
    }
  }
}

/** Every flow of a network: a pure function of the input. */
export function compile(input: ModelInput): Iterable<Flow> {
  return new Model(input).flows();
}

function deletesFirst(changes: FlowChange[]): FlowChange[] {
  return [...changes.filter(({ command }) => command === "delete"), ...changes.filter(({ command }) => command !== "delete")];
}

/** First the policy's changes, then the others: a flow may be in both. */
function mergeChanges(first: FlowChange[], second: FlowChange[]): FlowChange[] {
  return [...first, ...second];
}
