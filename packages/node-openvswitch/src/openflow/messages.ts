// SPDX-License-Identifier: Apache-2.0
// Every message as a plain object. Numbers are unsigned; counters of 64 bits are bigint; optional members have the default named beside them.
import type { Property } from "./properties.ts";
import type { Action, Flow, Instruction, Match } from "./types.ts";

/** What `decode` returns. `version` is the header's: 4 to 6, or any for hello and error. */
export interface Decoded {
  version: number;
  xid: number;
  message: Message;
}

export type Message =
  | Hello | ErrorMessage | Echo | Empty | FeaturesReply | Config | PacketIn | FlowRemoved | PortStatus | PacketOut | FlowMod
  | GroupMod | PortMod | TableMod | MeterMod | Role | Async | RoleStatus | TableStatus | RequestForward | BundleControl | BundleAdd
  | MultipartRequest | MultipartReply | NxPacketIn2 | NxResume | NxNumber | NxCtFlush | NxTlvTableMod | NxTlvTableReply | FlowMonitorCancel
  | Experimenter | UnknownMessage;

/** The messages that may have type T. */
export type MessageOf<T extends Message["type"], M = Message> = M extends { type: infer U } ? (T extends U ? M : never) : never;

/** `versions`: the bitmap, e.g. [4, 5]; absent: the sender speaks its header's version and below. */
export interface Hello { type: "hello"; versions?: number[] }

/** `data` is what the switch sends back of the message it refuses, at least 64 bytes of it: see `refusedBy`. `experimenter` only for errorType 0xffff (then `code` is its own code). */
export interface ErrorMessage { type: "error"; errorType: number; code: number; experimenter?: number; data: Uint8Array }

export interface Echo { type: "echo-request" | "echo-reply"; data: Uint8Array }
export interface Empty {
  type: "features-request" | "get-config-request" | "barrier-request" | "barrier-reply" | "get-async-request" | "nx-tlv-table-request" | "flow-monitor-paused" | "flow-monitor-resumed";
}
export interface FeaturesReply { type: "features-reply"; datapathId: bigint; buffers: number; tables: number; auxiliaryId: number; capabilities: number; reserved: number }
/** `flags`: OFPC_FRAG_*; `missSendLength` 0xffff: whole packets. */
export interface Config { type: "get-config-reply" | "set-config"; flags: number; missSendLength: number }

/** Classic packet-in. `packet` may be shorter than `totalLength`. */
export interface PacketIn { type: "packet-in"; bufferId?: number; totalLength: number; reason: number; table: number; cookie: bigint; match: Match; packet: Uint8Array }

/** Counters of a flow; OpenFlow 1.5 sends only those that it has, older versions the first, fourth and fifth always. */
export interface FlowStatistics {
  duration?: { seconds: number; nanoseconds: number };
  idle?: { seconds: number; nanoseconds: number };
  flows?: number;
  packets?: bigint;
  bytes?: bigint;
}

/** `reason`: 0 idle, 1 hard, 2 delete, 3 group delete, 4 meter delete, 5 eviction. */
export interface FlowRemoved { type: "flow-removed"; cookie: bigint; priority: number; reason: number; table: number; idleTimeout: number; hardTimeout: number; match: Match; statistics: FlowStatistics }

/** `config`: OFPPC_*, `state`: OFPPS_*, the ethernet part OFPPF_* and kbit/s. */
export interface PortDescription {
  port: number;
  hardware: Uint8Array;
  name: string;
  config: number;
  state: number;
  ethernet?: { current: number; advertised: number; supported: number; peer: number; currentSpeed: number; maxSpeed: number };
  /** OpenFlow 1.4 and later: properties without a shape here. */
  properties?: Property[];
}
/** `reason`: 0 add, 1 delete, 2 modify. */
export interface PortStatus { type: "port-status"; reason: number; port: PortDescription }

/** `match`: OpenFlow 1.5 only, pipeline fields besides in_port. Default `inPort` is CONTROLLER. */
export interface PacketOut { type: "packet-out"; bufferId?: number; inPort?: number; match?: Match; actions: Action[]; packet: Uint8Array }

export type FlowCommand = "add" | "modify" | "modify-strict" | "delete" | "delete-strict";
export interface FlowModOptions {
  /** Default 0: any cookie. */
  cookieMask?: bigint;
  /** Default: none. */
  bufferId?: number;
  /** Default ANY, for delete. */
  outPort?: number;
  outGroup?: number;
}
/** For modify and delete `flow.match` selects; `flow.table` 255 is every table. */
export interface FlowMod extends FlowModOptions { type: "flow-mod"; command: FlowCommand; flow: Flow }

export type GroupType = "all" | "select" | "indirect" | "fast-failover";
export type GroupCommand = "add" | "modify" | "delete" | "insert-bucket" | "remove-bucket" | "add-or-modify";
/** Defaults: weight 0 (1.5: absent), watchPort and watchGroup ANY, id its index (1.5). */
export interface Bucket { id?: number; weight?: number; watchPort?: number; watchGroup?: number; actions: Action[]; properties?: Property[] }
/** How a select group chooses (ovs-ofctl(8), "selection_method"). `fields` in the order of the wire. */
export interface Selection { method: string; parameter: bigint; fields: Match }
export interface GroupMod {
  type: "group-mod";
  command: GroupCommand;
  groupType: GroupType;
  group: number;
  buckets: Bucket[];
  /** OpenFlow 1.5: where insert-bucket and remove-bucket act. Default ALL (0xffffffff). */
  commandBucket?: number;
  selection?: Selection;
  properties?: Property[];
}
export interface GroupDescription { group: number; groupType: GroupType; buckets: Bucket[]; selection?: Selection; properties?: Property[] }

export type MeterBand =
  | { type: "drop"; rate: number; burst: number }
  | { type: "dscp-remark"; rate: number; burst: number; precedence: number }
  | { type: "unknown"; bandType: number; rate: number; burst: number; data: Uint8Array };
/** `flags`: 1 kbit/s, 2 packets/s, 4 burst, 8 statistics. */
export interface MeterConfig { meter: number; flags: number; bands: MeterBand[] }
export interface MeterMod extends MeterConfig { type: "meter-mod"; command: "add" | "modify" | "delete" }

/** `advertise`: in OpenFlow 1.4 and later absent leaves it out. */
export interface PortMod { type: "port-mod"; port: number; hardware: Uint8Array; config: number; mask: number; advertise?: number; properties?: Property[] }
export interface TableMod { type: "table-mod"; table: number; config: number; properties?: Property[] }
export interface TableDescription { table: number; config: number; properties: Property[] }
/** `role`: 0 no change, 1 equal, 2 primary, 3 secondary. */
export interface Role { type: "role-request" | "role-reply"; role: number; generation: bigint }
export interface RoleStatus { type: "role-status"; role: number; reason: number; generation: bigint; properties?: Property[] }
export interface TableStatus { type: "table-status"; reason: number; table: TableDescription }

/** One mask of asynchronous messages; `property` as in OpenFlow 1.4: 0/1 packet-in, 2/3 port status, 4/5 flow removed (secondary/primary), ... */
export interface AsyncMask { property: number; mask: number }
/** "nx-set-async2" is NXT_SET_ASYNC_CONFIG2, which gives OpenFlow 1.3 the properties of 1.4. */
export interface Async { type: "get-async-reply" | "set-async" | "nx-set-async2"; masks: AsyncMask[] }

export interface RequestForward { type: "request-forward"; request: Uint8Array }

export type BundleAction =
  | "open-request" | "open-reply" | "close-request" | "close-reply" | "commit-request" | "commit-reply" | "discard-request" | "discard-reply";
/** `flags`: 1 atomic, 2 ordered. Below OpenFlow 1.4 the ONF extension's form is written. */
export interface BundleControl { type: "bundle-control"; bundle: number; control: BundleAction; flags: number; properties?: Property[] }
/** `message` travels with the same xid as its envelope. */
export interface BundleAdd { type: "bundle-add"; bundle: number; flags: number; message: Message; properties?: Property[] }

/** Packet-in and its resumption (NXT_PACKET_IN2, NXT_RESUME). `fullLength` when the packet was cut. The `continuation` is the switch's own: hand it back as it came. */
export interface PacketInProperties {
  packet: Uint8Array;
  fullLength?: number;
  bufferId?: number;
  table?: number;
  cookie?: bigint;
  reason?: number;
  metadata?: Match;
  userdata?: Uint8Array;
  continuation?: Uint8Array;
  properties?: Property[];
}
export interface NxPacketIn2 extends PacketInProperties { type: "nx-packet-in2" }
export interface NxResume extends PacketInProperties { type: "nx-resume" }

/** One number: the packet-in format (0 standard, 1 NXT, 2 NXT2), the controller id, the conntrack zone, 1 or 0 for table ids in flow-mods. */
export interface NxNumber { type: "nx-set-packet-in-format" | "nx-set-controller-id" | "nx-ct-flush-zone" | "nx-flow-mod-table-id"; value: number }

/** Addresses have 4 or 16 bytes; `icmp*` instead of ports for ICMP. */
export interface CtTuple { source?: Uint8Array; destination?: Uint8Array; sourcePort?: number; destinationPort?: number; icmpId?: number; icmpType?: number; icmpCode?: number }
/** NXT_CT_FLUSH, Open vSwitch 3.1 and later. `protocol` 0: any. `mark` and `labels`: 3.4 and later. */
export interface NxCtFlush { type: "nx-ct-flush"; protocol: number; zone?: number; original?: CtTuple; reply?: CtTuple; properties?: Property[] }

export interface TlvMapping { optionClass: number; optionType: number; optionLength: number; index: number }
export interface NxTlvTableMod { type: "nx-tlv-table-mod"; command: "add" | "delete" | "clear"; mappings: TlvMapping[] }
export interface NxTlvTableReply { type: "nx-tlv-table-reply"; maxSpace: number; maxFields: number; mappings: TlvMapping[] }

export interface FlowMonitorCancel { type: "flow-monitor-cancel"; monitor: number }
export interface Experimenter { type: "experimenter"; experimenter: number; subtype: number; data: Uint8Array }
export interface UnknownMessage { type: "unknown"; messageType: number; data: Uint8Array }

// Multipart (statistics). `more` on a reply: another part with the same xid follows.

export interface FlowFilter { table: number; outPort?: number; outGroup?: number; cookie?: bigint; cookieMask?: bigint; match: Match }
/** `flags`: 1 initial, 2 add, 4 removed, 8 modify, 16 instructions, 32 own changes in full. */
export interface FlowMonitorRequest { monitor: number; flags: number; table: number; outPort?: number; outGroup?: number; command?: "add" | "modify" | "delete"; match: Match }

export type MultipartRequest = { type: "multipart-request"; more?: boolean } & (
  | { kind: "desc" | "table" | "group-features" | "meter-features" | "table-desc" }
  | ({ kind: "flow" | "aggregate" } & FlowFilter)
  | { kind: "port"; port: number }
  | { kind: "queue"; port: number; queue: number }
  | { kind: "group"; group: number }
  | { kind: "group-desc"; group?: number }
  | { kind: "meter" | "meter-config"; meter: number }
  | { kind: "port-desc"; port?: number }
  | { kind: "table-features"; data: Uint8Array }
  | { kind: "flow-monitor"; monitors: FlowMonitorRequest[] }
  | { kind: "experimenter"; experimenter: number; subtype: number; data: Uint8Array }
  | { kind: "unknown"; number: number; data: Uint8Array }
);

export interface SwitchDescription { manufacturer: string; hardware: string; software: string; serial: string; datapath: string }
/** A flow as the switch reports it. */
export interface FlowDescription extends Flow { statistics: FlowStatistics }
export interface TableStatistics { table: number; active: number; lookups: bigint; matched: bigint }
export interface PortStatistics {
  port: number;
  duration: { seconds: number; nanoseconds: number };
  rxPackets: bigint; txPackets: bigint; rxBytes: bigint; txBytes: bigint; rxDropped: bigint; txDropped: bigint; rxErrors: bigint; txErrors: bigint;
  /** Ethernet's; always there in OpenFlow 1.3. */
  rxFrameErrors?: bigint; rxOverErrors?: bigint; rxCrcErrors?: bigint; collisions?: bigint;
  properties?: Property[];
}
export interface QueueStatistics { port: number; queue: number; txBytes: bigint; txPackets: bigint; txErrors: bigint; duration: { seconds: number; nanoseconds: number }; properties?: Property[] }
export interface GroupStatistics { group: number; references: number; packets: bigint; bytes: bigint; duration: { seconds: number; nanoseconds: number }; buckets: { packets: bigint; bytes: bigint }[] }
export interface GroupFeatures { types: number; capabilities: number; maxGroups: number[]; actions: number[] }
export interface MeterStatistics { meter: number; flows: number; packets: bigint; bytes: bigint; duration: { seconds: number; nanoseconds: number }; bands: { packets: bigint; bytes: bigint }[] }
/** `features`: OpenFlow 1.5. */
export interface MeterFeatures { maxMeter: number; bandTypes: number; capabilities: number; maxBands: number; maxColors: number; features?: number }

/** Change seen by a flow monitor. "abbreviated": our own flow-mod with that xid was applied. */
export type FlowUpdate =
  | { event: "initial" | "added" | "removed" | "modified"; table: number; reason: number; idleTimeout: number; hardTimeout: number; priority: number; cookie: bigint; match: Match; instructions: Instruction[] }
  | { event: "abbreviated"; xid: number }
  | { event: "paused" | "resumed" };

export type MultipartReply = { type: "multipart-reply"; more?: boolean } & (
  | ({ kind: "desc" } & SwitchDescription)
  | { kind: "flow"; flows: FlowDescription[] }
  | { kind: "aggregate"; statistics: FlowStatistics }
  | { kind: "table"; tables: TableStatistics[] }
  | { kind: "port"; ports: PortStatistics[] }
  | { kind: "queue"; queues: QueueStatistics[] }
  | { kind: "group"; groups: GroupStatistics[] }
  | { kind: "group-desc"; groups: GroupDescription[] }
  | ({ kind: "group-features" } & GroupFeatures)
  | { kind: "meter"; meters: MeterStatistics[] }
  | { kind: "meter-config"; meters: MeterConfig[] }
  | ({ kind: "meter-features" } & MeterFeatures)
  | { kind: "table-features"; data: Uint8Array }
  | { kind: "port-desc"; ports: PortDescription[] }
  | { kind: "table-desc"; tables: TableDescription[] }
  | { kind: "flow-monitor"; updates: FlowUpdate[] }
  | { kind: "experimenter"; experimenter: number; subtype: number; data: Uint8Array }
  | { kind: "unknown"; number: number; data: Uint8Array }
);
