// SPDX-License-Identifier: Apache-2.0
// What the registers hold (ARCHITECTURE.md, "The pipeline"), and the actions that write them.
import type { Action, Masked } from "node-openvswitch/openflow";

export const SOURCE = "reg0";
export const DESTINATION = "reg1";
export const OUT_PORT = "reg2";
export const STATE = "reg3";

/** Bits of reg3. */
export const HELD = 1;
export const ASKED = 2;
export const JOINED = 4;

/** Why a packet is held: bits 8 to 15 of reg3, in the registers of the packet-in. */
export const Reason = { station: 1, moved: 2, binding: 3, dhcp: 4, dns: 5, flow: 6, reply: 7, alive: 8, solicited: 9 } as const;
export type ReasonName = keyof typeof Reason;

/** The reason in reg3 of a packet-in; undefined: not held by this pipeline. `reply`: an answer of a flow to be asked about, its ends are the other way round. */
export function reasonOf(state: number): ReasonName | undefined {
  const code = (state >>> 8) & 0xff;
  return (Object.keys(Reason) as ReasonName[]).find((name) => Reason[name] === code);
}

/** A set of up to 128 bits as one of the registers xxreg1 to xxreg3 holds it: network order, bit 0 last. */
export type Bits = Uint8Array;

export function bitsOf(bits: Iterable<number>): Bits {
  const set = new Uint8Array(16);
  for (const bit of bits) set[15 - (bit >>> 3)]! |= 1 << (bit & 7);
  return set;
}

export function hasBit(set: Bits, bit: number): boolean {
  return (set[15 - (bit >>> 3)]! & (1 << (bit & 7))) !== 0;
}

export type BitRegister = "sourceGroups" | "destinationGroups" | "names";
/** The register of bits 0 to 31; the next ones are below it, as xxreg1 is reg4 to reg7 in network order. */
const LOWEST: Record<BitRegister, number> = { sourceGroups: 7, destinationGroups: 11, names: 15 };
const WHOLE: Record<BitRegister, string> = { sourceGroups: "xxreg1", destinationGroups: "xxreg2", names: "xxreg3" };

/** Name and value of the match on one bit. Open vSwitch reports a match on xxregN as 32-bit registers, so that is how it is written. */
export function bitMatch(register: BitRegister, bit: number): [field: string, value: Masked<number>] {
  const mask = (1 << (bit & 31)) >>> 0;
  return [`reg${LOWEST[register] - (bit >>> 5)}`, { value: mask, mask }];
}

export function stateMatch(bit: number, set = true): Masked<number> {
  return { value: set ? bit : 0, mask: bit };
}

export function setBits(register: BitRegister, bits: Bits): Action {
  return { type: "set-field", field: WHOLE[register], value: bits };
}

export function setRegister(field: string, value: number): Action {
  return { type: "set-field", field, value };
}

export function setReason(reason: ReasonName): Action {
  return { type: "load", destination: { field: STATE, start: 8, bits: 8 }, value: BigInt(Reason[reason]) };
}

export function setStateBit(bit: number): Action {
  return { type: "load", destination: { field: STATE, start: Math.log2(bit), bits: 1 }, value: 1n };
}
