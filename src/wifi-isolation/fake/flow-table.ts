// SPDX-License-Identifier: Apache-2.0
// A switch in memory that executes flows on frames: a stand-in for Open vSwitch where tests ask "does this packet arrive?".
import type { Action, Flow, LearnSpec, Match } from "node-openvswitch/openflow";
import { contentKey, flowKey, type FlowChange } from "../flow-diff.ts";
import type { Meter, MeterChange } from "../meters.ts";
import { PipelineError, TABLES } from "../pipeline.ts";
import type { Switch } from "../switch.ts";
import { fixChecksums } from "./checksums.ts";
import { Conntrack } from "./conntrack.ts";
import { Packet } from "./packet.ts";

export interface Output {
  port: number;
  frame: Uint8Array;
}

/** A packet that waits for the gateway, and how it goes on. */
export interface Held {
  packet: Packet;
  resume(): void;
}

const IN_PORT = 0xfffffff8;
/** Open vSwitch's own limit on the depth of resubmissions. */
const MAX_DEPTH = 64;

interface Entry {
  flow: Flow;
  expires: number;
}

export class FakeSwitch implements Switch {
  conntrack = new Conntrack();
  /** Flow-mods that it was given, for counting. */
  readonly changes: FlowChange[] = [];
  held: Held[] = [];
  /** Copies for the gateway, for which nothing waits. */
  readonly told: Uint8Array[] = [];
  /** Packets that a meter dropped, by meter. */
  readonly metered = new Map<number, number>();
  #tables: Entry[][] = TABLES.map(() => []);
  #keys = new Map<string, Entry>();
  readonly #meters = new Map<number, Meter & { tokens: number }>();
  #now = 0;
  #outputs: Output[] = [];

  async flows(each: (flow: Flow) => void): Promise<void> {
    for (const { flow } of this.#keys.values()) each(flow);
  }

  async meters(): Promise<Meter[]> {
    return [...this.#meters.values()].map(({ id, rate, burst }) => ({ id, rate, burst }));
  }

  async changeMeters(changes: readonly MeterChange[]): Promise<void> {
    for (const { command, meter } of changes) {
      if ((command === "add") === this.#meters.has(meter.id)) throw new Error(`meter ${meter.id}: cannot ${command}`);
      if (command === "delete") this.#deleteMeter(meter.id);
      else this.#meters.set(meter.id, { ...meter, tokens: meter.burst });
    }
  }

  async bundle(changes: Iterable<FlowChange>): Promise<void> {
    const before = new Map(this.#keys);
    try {
      for (const change of changes) this.#change(change);
    } catch (error) {
      this.#keys = before;
      throw error;
    } finally {
      this.#tables = TABLES.map(() => []);
      for (const entry of this.#keys.values()) this.#tables[entry.flow.table]!.push(entry);
      for (const table of this.#tables) table.sort((a, b) => b.flow.priority - a.flow.priority);
    }
  }

  /** What the switch sends for a frame that comes in; it waits in `held` otherwise, or is gone. */
  receive(port: number, frame: Uint8Array): Output[] {
    return this.#run(() => this.#execute(new Packet(frame, port), 0, 0));
  }

  /** Lets a held packet go on, with another frame if given. */
  resume(held: Held, frame?: Uint8Array): Output[] {
    this.held = this.held.filter((other) => other !== held);
    if (frame) held.packet.replaceFrame(frame);
    return this.#run(() => held.resume());
  }

  /** A packet-out. */
  send(port: number, frame: Uint8Array, actions: readonly Action[]): Output[] {
    return this.#run(() => void this.#apply(new Packet(frame, port), actions, 0));
  }

  /** Time passes: learnt flows end, meters fill. */
  advance(seconds: number): void {
    this.#now += seconds;
    for (const [key, entry] of this.#keys) {
      if (entry.expires > this.#now) continue;
      this.#keys.delete(key);
      const table = this.#tables[entry.flow.table]!;
      table.splice(table.indexOf(entry), 1);
    }
    for (const meter of this.#meters.values()) meter.tokens = Math.min(meter.burst, meter.tokens + meter.rate * seconds);
  }

  /** Pairs of flows of equal priority that one packet could match and that do different things. */
  *overlaps(): Generator<[Flow, Flow]> {
    for (const entries of this.#tables) {
      for (const [index, { flow }] of entries.entries()) {
        for (let other = index + 1; entries[other]?.flow.priority === flow.priority; other++) {
          const second = entries[other]!.flow;
          if (!sameInstructions(flow, second) && compatible(flow.match, second.match)) yield [flow, second];
        }
      }
    }
  }

  #run(execute: () => void): Output[] {
    this.#outputs = [];
    execute();
    return this.#outputs;
  }

  #change({ command, flow }: FlowChange): void {
    const key = flowKey(flow);
    this.changes.push({ command, flow });
    if (command === "delete") return void this.#keys.delete(key);
    const declared = TABLES[flow.table];
    if (!declared) throw new PipelineError(`no table ${flow.table}`);
    for (const instruction of flow.instructions) {
      if (instruction.type === "goto" && (!declared.goes.has(instruction.table) || instruction.table <= flow.table)) throw new PipelineError(`table ${declared.name} does not go to ${instruction.table}`);
      if (instruction.type === "meter" && !this.#meters.has(instruction.meter)) throw new Error(`meter ${instruction.meter} does not exist`);
    }
    this.#keys.set(key, { flow, expires: Infinity });
  }

  #deleteMeter(id: number): void {
    this.#meters.delete(id);
    for (const { flow } of this.#keys.values()) {
      if (flow.instructions.some((instruction) => instruction.type === "meter" && instruction.meter === id)) throw new Error(`meter ${id} is deleted while flow ${flowKey(flow)} uses it`);
    }
  }

  /** False: the packet is held, and whatever would follow waits with it. */
  #execute(packet: Packet, table: number, depth: number): boolean {
    if (depth > MAX_DEPTH) throw new Error("resubmission is too deep");
    const flow = this.#lookup(packet, table);
    if (!flow) return true;
    for (const instruction of flow.instructions) {
      switch (instruction.type) {
        case "meter": if (!this.#passMeter(instruction.meter)) return true; break;
        case "apply": if (!this.#apply(packet, instruction.actions, depth)) return false; break;
        case "goto": return this.#execute(packet, instruction.table, depth);
        default: throw new Error(`instruction ${instruction.type} is not in the fake flow table`);
      }
    }
    return true;
  }

  #lookup(packet: Packet, table: number): Flow | undefined {
    let found: Flow | undefined;
    for (const { flow } of this.#tables[table]!) {
      if (found && flow.priority < found.priority) break;
      if (!packet.matches(flow.match)) continue;
      if (found && !sameInstructions(found, flow)) throw new Error(`two flows of equal priority match: ${flowKey(found)} and ${flowKey(flow)}`);
      found ??= flow;
    }
    return found;
  }

  #passMeter(id: number): boolean {
    const meter = this.#meters.get(id)!;
    if (meter.tokens < 1) {
      this.metered.set(id, (this.metered.get(id) ?? 0) + 1);
      return false;
    }
    meter.tokens--;
    return true;
  }

  #apply(packet: Packet, actions: readonly Action[], depth: number): boolean {
    for (const [index, action] of actions.entries()) {
      if (action.type === "controller" && action.pause) {
        const rest = actions.slice(index + 1);
        this.held.push({ packet, resume: () => void this.#apply(packet, rest, depth) });
        return false;
      }
      if (action.type === "controller") { this.told.push(packet.frame.slice()); continue; }
      if (!this.#act(packet, action, depth)) return false;
    }
    return true;
  }

  #act(packet: Packet, action: Action, depth: number): boolean {
    switch (action.type) {
      case "output": this.#output(packet, action.port); return true;
      case "output-field": this.#output(packet, packet.readPart(action.source) as number); return true;
      case "set-field": packet.write(action.field, action.value); return true;
      case "load": packet.writePart(action.destination, action.value); return true;
      case "move": packet.writePart(action.destination, packet.readPart(action.source)!); return true;
      case "resubmit": return this.#execute(packet, action.table!, depth + 1);
      case "clone": return this.#apply(packet.clone(), action.actions, depth);
      case "ct-clear": packet.tracked = undefined; return true;
      case "ct": return this.#track(packet, action, depth);
      case "learn": this.#learn(packet, action); return true;
      default: throw new Error(`action ${action.type} is not in the fake flow table`);
    }
  }

  /** With a table, a copy goes on there with its state known; what follows does not see it. */
  #track(packet: Packet, action: Extract<Action, { type: "ct" }>, depth: number): boolean {
    const tracked = this.conntrack.track(packet.frame, packet.layout);
    const mark = action.actions?.find((each) => each.type === "set-field" && each.field === "ct_mark") as { value: number } | undefined;
    if (action.commit && tracked.original) this.conntrack.commit(tracked.original, mark?.value);
    if (action.table === undefined) return true;
    const copy = packet.clone();
    copy.tracked = tracked;
    return this.#execute(copy, action.table, depth + 1);
  }

  #output(packet: Packet, port: number): void {
    const real = port === IN_PORT ? packet.inPort : port === 0xfffe ? 0xfffffffe : port;
    // OFPP_IN_PORT is the only way out where a packet came in.
    if (port !== IN_PORT && real === packet.inPort) return;
    this.#outputs.push({ port: real, frame: fixChecksums(packet.frame.slice(), packet.layout) });
  }

  #learn(packet: Packet, { table, priority = 0x8000, cookie = 0n, hardTimeout = 0, limit = 0, specs }: Extract<Action, { type: "learn" }>): void {
    const match: Match = {};
    const actions: Action[] = [];
    for (const spec of specs) learnSpec(packet, spec, match, actions);
    const flow: Flow = { table, priority, match, cookie, hardTimeout, instructions: actions.length > 0 ? [{ type: "apply", actions }] : [] };
    const same = [...this.#keys.values()].filter((entry) => entry.flow.table === table && entry.flow.cookie === cookie).length;
    if (limit > 0 && same >= limit && !this.#keys.has(flowKey(flow))) return;
    const old = this.#keys.get(flowKey(flow));
    if (old) this.#tables[table]!.splice(this.#tables[table]!.indexOf(old), 1);
    const entry = { flow, expires: hardTimeout > 0 ? this.#now + hardTimeout : Infinity };
    this.#keys.set(flowKey(flow), entry);
    this.#tables[table]!.push(entry);
    this.#tables[table]!.sort((a, b) => b.flow.priority - a.flow.priority);
  }
}

function learnSpec(packet: Packet, spec: LearnSpec, match: Match, actions: Action[]): void {
  if (spec.type === "match-field") match[spec.destination.field] = packet.read(spec.source.field)!;
  else if (spec.type === "match-immediate") {
    const { field, start = 0, bits = 32 } = spec.destination;
    const number = spec.value.reduce((sum, byte) => sum * 256 + byte, 0);
    match[field] = bits === 1 ? { value: (number << start) >>> 0, mask: (1 << start) >>> 0 } : bits > 32 ? spec.value : number;
  } else if (spec.type === "load-immediate") actions.push({ type: "load", destination: spec.destination, value: BigInt(spec.value.reduce((sum, byte) => sum * 256 + byte, 0)) });
  else throw new Error(`learn ${spec.type} is not in the fake flow table`);
}

function sameInstructions(a: Flow, b: Flow): boolean {
  return contentKey({ ...a, cookie: 0n }) === contentKey({ ...b, cookie: 0n });
}

/** Whether some packet has both matches. */
function compatible(a: Match, b: Match): boolean {
  for (const field in a) {
    const [one, other] = [a[field]!, b[field]];
    if (other === undefined) continue;
    const [x, y] = [bytes(one), bytes(other)];
    for (let index = 0; index < x.value.length; index++) {
      const mask = x.mask[index]! & y.mask[index]!;
      if ((x.value[index]! & mask) !== (y.value[index]! & mask)) return false;
    }
  }
  return true;
}

function bytes(given: Match[string]): { value: Uint8Array; mask: Uint8Array } {
  const of = (value: unknown): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array(new Uint32Array([Number(value)]).buffer));
  if (typeof given === "object" && "mask" in given) return { value: of(given.value), mask: of(given.mask) };
  return { value: of(given), mask: of(given).map(() => 255) };
}
