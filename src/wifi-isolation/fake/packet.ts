// SPDX-License-Identifier: Apache-2.0
// A packet in the fake flow table: its frame, its registers, what connection tracking said.
import type { FieldValue, Masked, Match, Subfield } from "node-openvswitch/openflow";
import { layoutOf, readField, writeField, type Layout } from "./fields.ts";
import type { Tracked } from "./conntrack.ts";

export class Packet {
  frame: Uint8Array;
  inPort: number;
  readonly registers = new Uint32Array(16);
  tracked: Tracked | undefined;
  #layout: Layout;

  constructor(frame: Uint8Array, inPort: number) {
    this.frame = frame.slice();
    this.inPort = inPort;
    this.#layout = layoutOf(this.frame);
  }

  get layout(): Layout { return this.#layout; }

  clone(): Packet {
    const copy = new Packet(this.frame, this.inPort);
    copy.registers.set(this.registers);
    copy.tracked = this.tracked;
    return copy;
  }

  /** Another frame with the same metadata, as NXT_RESUME may bring. */
  replaceFrame(frame: Uint8Array): void {
    this.frame = frame.slice();
    this.#layout = layoutOf(this.frame);
  }

  read(field: string): number | Uint8Array | undefined {
    const register = /^reg(\d+)$/.exec(field);
    if (register) return this.registers[Number(register[1])];
    const wide = /^xxreg(\d)$/.exec(field);
    if (wide) return bytesOf(this.registers.subarray(Number(wide[1]) * 4, Number(wide[1]) * 4 + 4));
    if (field === "in_port") return this.inPort;
    if (field.startsWith("ct_")) return this.#readTracked(field);
    return readField(this.frame, this.#layout, field);
  }

  write(field: string, value: FieldValue): void {
    const register = /^reg(\d+)$/.exec(field);
    const wide = /^xxreg(\d)$/.exec(field);
    if (register) this.registers[Number(register[1])] = Number(value);
    else if (wide) this.registers.set(wordsOf(value as Uint8Array), Number(wide[1]) * 4);
    else if (field === "in_port") this.inPort = Number(value);
    else {
      writeField(this.frame, this.#layout, field, typeof value === "bigint" ? Number(value) : value);
      this.#layout = layoutOf(this.frame);
    }
  }

  /** Part of a field, as a number; only of fields of up to 4 bytes and of whole longer ones. */
  readPart({ field, start = 0, bits }: Subfield): number | Uint8Array | undefined {
    const value = this.read(field);
    if (typeof value !== "number" || bits === undefined || bits === 32) return value;
    return Math.floor(value / 2 ** start) % 2 ** bits;
  }

  writePart({ field, start = 0, bits }: Subfield, value: FieldValue): void {
    const old = this.read(field);
    if (typeof old !== "number" || bits === undefined || bits === 32) return this.write(field, value);
    const low = Number(value) % 2 ** bits;
    const kept = old - (Math.floor(old / 2 ** start) % 2 ** bits) * 2 ** start;
    this.write(field, kept + low * 2 ** start);
  }

  matches(match: Match): boolean {
    for (const field in match) if (!equal(this.read(field), match[field]!)) return false;
    return true;
  }

  #readTracked(field: string): number | Uint8Array | undefined {
    if (field === "ct_state") return this.tracked?.state ?? 0;
    if (field === "ct_mark") return this.tracked?.mark ?? 0;
    const tuple = this.tracked?.original;
    if (!tuple) return undefined;
    const address = (text: string, type: number): number | Uint8Array | undefined => (tuple.type !== type ? undefined : type === 0x0800 ? Number(text) : Uint8Array.from(text.split(","), Number));
    switch (field) {
      case "ct_nw_proto": return tuple.protocol;
      case "ct_tp_src": return tuple.sourcePort;
      case "ct_tp_dst": return tuple.destinationPort;
      case "ct_nw_dst": return address(tuple.destination, 0x0800);
      case "ct_ipv6_dst": return address(tuple.destination, 0x86dd);
      default: throw new Error(`the fake flow table does not know ${field}`);
    }
  }
}

function equal(have: number | Uint8Array | undefined, want: FieldValue | Masked): boolean {
  if (have === undefined) return false;
  const masked = typeof want === "object" && "mask" in want;
  const value = masked ? want.value : want;
  if (typeof have === "number") return (masked ? (have & (want.mask as number)) >>> 0 : have) === (value as number) >>> 0;
  return have.every((byte, index) => (masked ? byte & (want.mask as Uint8Array)[index]! : byte) === (value as Uint8Array)[index]);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return Uint8Array.from([...words].flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]));
}

function wordsOf(bytes: Uint8Array): number[] {
  return [0, 4, 8, 12].map((at) => ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0);
}
