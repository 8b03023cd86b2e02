// SPDX-License-Identifier: Apache-2.0
// The plain shapes that the codec reads and writes. No behaviour here.

/** OpenFlow wire versions: 4 = 1.3, 5 = 1.4, 6 = 1.5. */
export type Version = 4 | 5 | 6;

/**
 * A field's value. Fields of up to 4 bytes are numbers; longer ones are byte arrays in network order (MAC 6, IPv6 16,
 * xxreg 16, ct_label 16) or, for 8-byte fields (metadata, tun_id, xreg), bigint.
 */
export type FieldValue = number | bigint | Uint8Array;

/** Only the bits set in `mask` count; `value` has no bit outside `mask`. */
export interface Masked<V extends FieldValue = FieldValue> {
  value: V;
  mask: V;
}

/** Names are Open vSwitch's own (ovs-fields(7)): "in_port", "eth_src", "ip_src", "ct_state", "reg0", "xxreg1", ... */
export type Match = { [field: string]: FieldValue | Masked };

/** A field or a part of it: `bits` counted from `start`, the least significant bit being 0. Whole field when both are absent. */
export interface Subfield {
  field: string;
  start?: number;
  bits?: number;
  /** tun_metadata only: the option's length in bytes, as the switch's TLV table has it. */
  size?: number;
}

export interface NatRange {
  /** Packed addresses, 4 or 16 bytes. */
  addressMin?: Uint8Array;
  addressMax?: Uint8Array;
  portMin?: number;
  portMax?: number;
}

/** `value` has as many bytes as the bits need, right-aligned. */
export type LearnSpec =
  | { type: "match-immediate"; destination: Subfield; value: Uint8Array }
  | { type: "match-field"; destination: Subfield; source: Subfield }
  | { type: "load-immediate"; destination: Subfield; value: Uint8Array }
  | { type: "load-field"; destination: Subfield; source: Subfield }
  | { type: "output"; source: Subfield };

/**
 * Actions by their names in ovs-actions(7). Ports are 32-bit numbers, reserved ones from `Port`. Where OpenFlow or Open vSwitch has several
 * wire forms, the one that `ovs-ofctl` sends is written: set-field with a mask and set-tunnel become load and set-field below OpenFlow 1.5,
 * load becomes a masked set-field in 1.5. `clause` of conjunction counts from 1.
 */
export type Action =
  | { type: "output"; port: number; maxLength?: number }
  | { type: "output-field"; source: Subfield; maxLength?: number }
  | { type: "output-truncated"; port: number; maxLength: number }
  | { type: "controller"; maxLength?: number; reason?: number; id?: number; userdata?: Uint8Array; pause?: boolean; meter?: number }
  | { type: "group"; group: number }
  | { type: "set-queue"; queue: number }
  | { type: "set-field"; field: string; value: FieldValue; mask?: FieldValue }
  | { type: "move"; source: Subfield; destination: Subfield }
  | { type: "load"; destination: Subfield; value: bigint }
  | { type: "push-vlan"; ethertype: number }
  | { type: "pop-vlan" }
  | { type: "push-mpls"; ethertype: number }
  | { type: "pop-mpls"; ethertype: number }
  | { type: "dec-ttl"; ids?: number[] }
  | { type: "set-ttl"; ttl: number }
  | { type: "dec-mpls-ttl" }
  | { type: "set-mpls-ttl"; ttl: number }
  | { type: "dec-nsh-ttl" }
  | { type: "pop-queue" }
  | { type: "set-tunnel"; id: bigint }
  | { type: "resubmit"; port?: number; table?: number; withConntrack?: boolean }
  | { type: "learn"; idleTimeout?: number; hardTimeout?: number; priority?: number; cookie?: bigint; flags?: number; table: number; finIdleTimeout?: number; finHardTimeout?: number; limit?: number; resultDestination?: Subfield; specs: LearnSpec[] }
  | { type: "conjunction"; id: number; clause: number; clauses: number }
  | { type: "ct"; commit?: boolean; force?: boolean; zone?: number | Subfield; table?: number; alg?: number; actions?: Action[] }
  | { type: "nat"; source?: boolean; destination?: boolean; persistent?: boolean; hash?: boolean; random?: boolean; range?: NatRange }
  | { type: "ct-clear" }
  | { type: "clone"; actions: Action[] }
  | { type: "note"; data: Uint8Array }
  | { type: "exit" }
  | { type: "fin-timeout"; idle: number; hard: number }
  | { type: "stack-push"; source: Subfield }
  | { type: "stack-pop"; destination: Subfield }
  | { type: "meter"; meter: number }
  | { type: "check-packet-larger"; length: number; destination: Subfield }
  | { type: "delete-field"; field: string }
  | { type: "unknown"; bytes: Uint8Array };

export type Instruction =
  | { type: "apply"; actions: Action[] }
  | { type: "write"; actions: Action[] }
  | { type: "clear" }
  | { type: "goto"; table: number }
  | { type: "metadata"; value: bigint; mask: bigint }
  | { type: "meter"; meter: number }
  | { type: "unknown"; bytes: Uint8Array };

/** One entry of a flow table. */
export interface Flow {
  table: number;
  /** 0 to 65535. */
  priority: number;
  match: Match;
  instructions: Instruction[];
  cookie: bigint;
  /** Seconds; 0 or absent: none. */
  idleTimeout?: number;
  hardTimeout?: number;
  /** OFPFF_* bits: 1 send flow-removed, 2 check overlap, 4 reset counts, 8 no packet counts, 16 no byte counts. */
  flags?: number;
  importance?: number;
}

/** Reserved port numbers (OpenFlow 1.3 §A.2.1). */
export const Port = {
  MAX: 0xffffff00, UNSET: 0xfffffff7, IN_PORT: 0xfffffff8, TABLE: 0xfffffff9, NORMAL: 0xfffffffa, FLOOD: 0xfffffffb,
  ALL: 0xfffffffc, CONTROLLER: 0xfffffffd, LOCAL: 0xfffffffe, ANY: 0xffffffff,
} as const;
