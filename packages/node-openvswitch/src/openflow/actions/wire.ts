// SPDX-License-Identifier: Apache-2.0
// Numbers of actions (OpenFlow 1.3 §7.2.5, 1.5 §7.2.6; Nicira: lib/ofp-actions.c) and the frame they share.
import type { Writer } from "../writer.ts";

export const NICIRA = 0x00002320;
export const ONF = 0x4f4e4600;

/** Actions may hold actions (ct, clone) at most this deep, in both directions. */
export const MAX_NESTING = 16;

export const Standard = {
  OUTPUT: 0, SET_MPLS_TTL: 15, DEC_MPLS_TTL: 16, PUSH_VLAN: 17, POP_VLAN: 18, PUSH_MPLS: 19, POP_MPLS: 20, SET_QUEUE: 21,
  GROUP: 22, SET_TTL: 23, DEC_TTL: 24, SET_FIELD: 25, COPY_FIELD: 28, METER: 29,
} as const;

export const Nicira = {
  RESUBMIT: 1, SET_TUNNEL: 2, POP_QUEUE: 5, REG_MOVE: 6, REG_LOAD: 7, NOTE: 8, SET_TUNNEL64: 9, RESUBMIT_TABLE: 14, OUTPUT_REG: 15,
  LEARN: 16, EXIT: 17, FIN_TIMEOUT: 19, CONTROLLER: 20, DEC_TTL_IDS: 21, STACK_PUSH: 27, STACK_POP: 28, OUTPUT_REG2: 32, REG_LOAD2: 33,
  CONJUNCTION: 34, CT: 35, NAT: 36, CONTROLLER2: 37, OUTPUT_TRUNC: 39, CLONE: 42, CT_CLEAR: 43, RESUBMIT_CT: 44, LEARN2: 45,
  DEC_NSH_TTL: 48, CHECK_PACKET_LARGER: 49, DELETE_FIELD: 50,
} as const;

/** Begins a standard action of fixed size; the caller writes exactly `size - 4` bytes. */
export function begin(writer: Writer, type: number, size: number): void {
  writer.need(size);
  writer.view.setUint32(writer.at, type * 0x10000 + size);
  writer.at += 4;
}

/** Begins a Nicira action: 10 bytes, to which the caller adds. Returns its start. */
export function beginNicira(writer: Writer, subtype: number, size: number): number {
  const start = writer.at;
  writer.need(size);
  const { view } = writer;
  view.setUint32(start, 0xffff0000 + size);
  view.setUint32(start + 4, NICIRA);
  view.setUint16(start + 8, subtype);
  writer.at = start + 10;
  return start;
}

/** Pads an action of open length to 8 bytes and fills its length in. */
export function end(writer: Writer, start: number): void {
  writer.pad8(start);
  writer.length16(start + 2, start, "action");
}
