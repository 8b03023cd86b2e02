// SPDX-License-Identifier: Apache-2.0
// Flows as hashes: 64 bits of what identifies a flow (table, priority, match) and 64 bits of the rest, taken from the bytes of its flow-mod.
// The seed is random for each comparison, so that nobody on the network can choose addresses whose flows collide.
import { FlowWriter, type Flow } from "node-openvswitch/openflow";
import { PipelineError } from "./pipeline.ts";

const VERSION = 4;
const BATCH = 16_384;
/** Offsets in a flow-mod (OpenFlow 1.3 §7.3.4.1), in 32-bit words. */
const WORD = { cookie: 2, tableCommandTimeouts: 6, hardPriority: 7, flags: 11, match: 12 } as const;

export type Seed = readonly [number, number];

/** Four hashes: key (2) and content (2). */
export type Visit = (hashes: Uint32Array, flow: Flow) => void;

/** Hashes flows in batches: give them to `add`, call `flush` at the end. */
export class FlowHasher {
  readonly #writer = new FlowWriter(VERSION);
  #batch: Flow[] = [];
  readonly #hashes = new Uint32Array(4);

  constructor(readonly seed: Seed, readonly visit: Visit) {}

  add(flow: Flow): void {
    this.#writer.flowMod("add", flow, 0);
    this.#batch.push(flow);
    if (this.#writer.size >= BATCH) this.flush();
  }

  flush(): void {
    const bytes = this.#writer.take();
    const batch = this.#batch;
    this.#batch = [];
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    let at = 0;
    for (const flow of batch) {
      const size = ((bytes[at * 4 + 2]! << 8) | bytes[at * 4 + 3]!) >>> 2;
      this.#hash(words, bytes, at, size);
      this.visit(this.#hashes, flow);
      at += size;
    }
  }

  #hash(words: Uint32Array, bytes: Uint8Array, at: number, size: number): void {
    const matchAt = at + WORD.match;
    const matchLength = (bytes[matchAt * 4 + 2]! << 8) | bytes[matchAt * 4 + 3]!;
    const matchEnd = matchAt + 2 * ((matchLength + 7) >>> 3);
    const table = bytes[at * 4 + 24]!;
    const hashes = this.#hashes;
    const priority = (bytes[at * 4 + 30]! << 8) | bytes[at * 4 + 31]!;
    mix(hashes, 0, this.seed, (table << 16) | priority, words, matchAt, matchEnd);
    const timeouts = words[at + WORD.cookie]! ^ Math.imul(words[at + WORD.cookie + 1]!, 0x9e3779b1) ^ Math.imul((bytes[at * 4 + 26]! << 24) | (bytes[at * 4 + 27]! << 16) | (bytes[at * 4 + 28]! << 8) | bytes[at * 4 + 29]!, 0x85ebca77) ^ words[at + WORD.flags]!;
    mix(hashes, 2, this.seed, timeouts, words, matchEnd, at + size);
  }
}

/** Two independent multiplicative hashes (murmur3's mixing steps with different constants) over words `from` to `to`. */
function mix(out: Uint32Array, index: number, seed: Seed, first: number, words: Uint32Array, from: number, to: number): void {
  let a = seed[0] ^ first;
  let b = seed[1] + Math.imul(first, 0x27d4eb2f);
  for (let at = from; at < to; at++) {
    const word = words[at]!;
    a = Math.imul(a ^ Math.imul(word, 0xcc9e2d51), 0x1b873593);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b + word, 0x85ebca6b);
    b ^= b >>> 15;
  }
  out[index] = Math.imul(a ^ (a >>> 16), 0xc2b2ae35) ^ (to - from);
  out[index + 1] = Math.imul(b ^ (b >>> 13), 0x2c1b3c6d) ^ (b >>> 7);
}

/** What becomes of a desired flow. */
export const State = { missing: 0, same: 1, different: 2 } as const;

/** The hashes of all desired flows, by their number in the order of iteration: 17 bytes for each, and 8 to 16 for finding them. */
export class Digest {
  #count = 0;
  #hashes = new Uint32Array(4 * 1024);
  #slots = new Int32Array(0);
  #states = new Uint8Array(0);

  /** Throws PipelineError when two flows have the same table, priority and match. */
  constructor(flows: Iterable<Flow>, seed: Seed) {
    const hasher = new FlowHasher(seed, (hashes) => this.#append(hashes));
    for (const flow of flows) hasher.add(flow);
    hasher.flush();
    this.#index();
  }

  get size(): number { return this.#count; }

  state(index: number): number { return this.#states[index]!; }

  /** Notes that the switch has a flow with these hashes. False: it is not wanted. */
  observe(hashes: Uint32Array): boolean {
    const index = this.#find(hashes[0]!, hashes[1]!);
    if (index < 0) return false;
    const same = this.#hashes[index * 4 + 2] === hashes[2] && this.#hashes[index * 4 + 3] === hashes[3];
    this.#states[index] = same ? State.same : State.different;
    return true;
  }

  #append(hashes: Uint32Array): void {
    if (this.#count * 4 === this.#hashes.length) {
      const larger = new Uint32Array(this.#hashes.length * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes.set(hashes, 4 * this.#count++);
  }

  #index(): void {
    let size = 16;
    while (size < this.#count * 2) size *= 2;
    this.#slots = new Int32Array(size).fill(-1);
    this.#states = new Uint8Array(this.#count);
    for (let index = 0; index < this.#count; index++) {
      const [a, b] = [this.#hashes[index * 4]!, this.#hashes[index * 4 + 1]!];
      const other = this.#find(a, b);
      if (other >= 0) throw new PipelineError(`flows ${other} and ${index} have the same table, priority and match`);
      let slot = a & (size - 1);
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & (size - 1);
      this.#slots[slot] = index;
    }
  }

  #find(a: number, b: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]!;
      if (index < 0 || (this.#hashes[index * 4] === a && this.#hashes[index * 4 + 1] === b)) return index;
    }
  }
}
