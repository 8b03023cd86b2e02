// SPDX-License-Identifier: Apache-2.0
// The tables as data. `flow()` is the only way to build a flow; it refuses what the declaration does not allow.
import type { Action, Flow, Instruction, Match } from "node-openvswitch/openflow";

interface TableDeclaration {
  /** Fields that its flows may match. */
  matches: string;
  /** Tables that its flows may go to. */
  goes?: string;
  /** Tables that its flows may call (resubmit, ct); they come back. */
  calls?: string;
  /** The part of the program that fills it. */
  owner: string;
}

const SOURCE_GROUPS = "reg4 reg5 reg6 reg7";
const DESTINATION_GROUPS = "reg8 reg9 reg10 reg11";
const UDP = "eth_type nw_proto udp_src udp_dst";
const ENDS = `reg0 reg1 ${SOURCE_GROUPS} ${DESTINATION_GROUPS}`;

/** In the order of their numbers. A goto leads onwards only. */
const DECLARATION = {
  ingress: { owner: "static", matches: "in_port eth_src eth_dst eth_type vlan_tci", goes: "source upstream" },
  source: { owner: "device", matches: `in_port eth_src ${UDP}`, goes: "guard hold" },
  upstream: { owner: "static, device", matches: `in_port eth_src eth_dst ${UDP} reg3 ip_src ipv6_src arp_spa icmpv6_type nd_target`, goes: "dispatch lease hold output uplink", calls: "fanout" },
  guard: { owner: "static", matches: `${UDP} ip_frag icmp_type icmpv6_type`, goes: "sender binding" },
  sender: { owner: "device", matches: "reg0 eth_type nw_proto icmpv6_type arp_sha nd_sll nd_tll", goes: "binding" },
  binding: { owner: "device", matches: `reg0 ${UDP} ip_src ipv6_src icmpv6_type arp_op arp_spa arp_tpa`, goes: "dispatch hold" },
  dispatch: { owner: "static", matches: "reg0 eth_dst eth_type nw_proto icmpv6_type nd_target", goes: "neighbour group destination uplink", calls: "fanout" },
  neighbour: { owner: "device", matches: "reg0 eth_type nw_proto ipv6_src icmpv6_type nd_target arp_op arp_spa arp_tpa", goes: "answer destination hold uplink", calls: "pair" },
  pair: { owner: "rule", matches: `eth_type nw_proto ipv6_src icmpv6_type arp_spa ${ENDS}` },
  answer: { owner: "static", matches: "reg0 reg3 eth_dst eth_type nw_proto ipv6_src icmpv6_type nd_sll arp_op", goes: "responder copy hold" },
  responder: { owner: "device", matches: `reg1 ${SOURCE_GROUPS}`, goes: "reply" },
  reply: { owner: "static", matches: "eth_type nw_proto ipv6_src icmpv6_type nd_sll arp_op", goes: "advert" },
  advert: { owner: "static", matches: "eth_type nw_proto icmpv6_type" },
  group: { owner: "static", matches: `reg0 reg3 ${SOURCE_GROUPS} ${UDP} ip_dst ipv6_dst icmpv6_type`, goes: "request said uplink hold", calls: "fanout" },
  request: { owner: "static, device", matches: "reg0 reg3", goes: "uplink" },
  lease: { owner: "device", matches: "eth_dst", goes: "output" },
  said: { owner: "static, device", matches: "reg0 reg3", goes: "discovery" },
  discovery: { owner: "device", matches: `reg0 ${UDP}`, calls: "fanout uplink" },
  fanout: { owner: "fanout", matches: "reg1 reg2", calls: "fanout copy" },
  copy: { owner: "device", matches: `reg0 reg1 ${SOURCE_GROUPS} eth_type nw_proto icmpv6_type nd_sll` },
  destination: { owner: "device", matches: `reg0 ${SOURCE_GROUPS} eth_dst eth_type nw_proto ip_dst ipv6_dst icmpv6_type`, goes: "names uplink" },
  names: { owner: "name", matches: `${SOURCE_GROUPS} ${DESTINATION_GROUPS} eth_type ip_src ip_dst ipv6_src ipv6_dst`, goes: "conntrack" },
  /** Filled by learn() only. */
  asked: { owner: "learnt", matches: "" },
  conntrack: { owner: "static", matches: "eth_type nw_proto icmpv6_type", goes: "policy", calls: "pair asked policy" },
  policy: {
    owner: "rule, verdict, device, static", goes: "deliver output hold",
    matches: `${ENDS} reg3 reg12 reg13 reg14 reg15 ${UDP} icmp_type icmpv6_type ct_state ct_nw_proto ct_nw_dst ct_ipv6_dst ct_tp_dst ip_src ip_dst ipv6_src ipv6_dst`,
  },
  deliver: { owner: "static, device", matches: "reg0 reg3 ct_state ct_mark", goes: "commit output" },
  commit: { owner: "static", matches: "eth_type", goes: "output" },
  output: { owner: "static, device", matches: `reg1 ${SOURCE_GROUPS} eth_type nw_proto icmpv6_type nd_tll` },
  uplink: { owner: "static", matches: "" },
  hold: { owner: "device", matches: "in_port reg0 reg1 reg3", calls: "resume" },
  resume: { owner: "static", matches: "", calls: "ingress" },
} satisfies Record<string, TableDeclaration>;

export type TableName = keyof typeof DECLARATION;

export interface Table {
  name: TableName;
  number: number;
  owner: string;
  matches: ReadonlySet<string>;
  goes: ReadonlySet<number>;
  calls: ReadonlySet<number>;
}

const names = Object.keys(DECLARATION) as TableName[];

/** The number of each table. */
export const TABLE = Object.fromEntries(names.map((name, number) => [name, number])) as Record<TableName, number>;

const numbers = (list: string | undefined): Set<number> => new Set(words(list).map((name) => TABLE[name as TableName]));
const words = (list: string | undefined): string[] => (list ? list.split(" ") : []);

export const TABLES: readonly Table[] = names.map((name, number) => {
  const declared: TableDeclaration = DECLARATION[name];
  return { name, number, owner: declared.owner, matches: new Set(words(declared.matches)), goes: numbers(declared.goes), calls: numbers(declared.calls) };
});

/** Connections of all our bridges lie in this zone; nobody else uses it. */
export const ZONE = 0x5ec;

/** A flow that breaks the declaration: our own mistake. */
export class PipelineError extends Error {
  override readonly name = "PipelineError";
}

export interface FlowOptions {
  goto?: TableName;
  meter?: number;
  idleTimeout?: number;
  flags?: number;
}

/** Builds a flow of `table`. `match` and `actions` may be shared between flows and are never changed. Throws PipelineError. */
export function flow(cookie: bigint, table: TableName, priority: number, match: Match, actions: readonly Action[], options: FlowOptions = NONE): Flow {
  const declared = TABLES[TABLE[table]]!;
  for (const field in match) if (!declared.matches.has(field)) throw new PipelineError(`table ${table} does not match ${field}`);
  const instructions: Instruction[] = [];
  if (options.meter !== undefined) instructions.push({ type: "meter", meter: options.meter });
  if (actions.length > 0) {
    for (const action of actions) checkCall(declared, action);
    instructions.push({ type: "apply", actions: actions as Action[] });
  }
  if (options.goto !== undefined) instructions.push(gotoInstruction(declared, options.goto));
  const built: Flow = { table: declared.number, priority, match, instructions, cookie };
  if (options.idleTimeout) built.idleTimeout = options.idleTimeout;
  if (options.flags) built.flags = options.flags;
  return built;
}

const NONE: FlowOptions = {};

const GOTO: readonly Instruction[] = names.map((_, table) => ({ type: "goto", table }));

function gotoInstruction(from: Table, to: TableName): Instruction {
  const number = TABLE[to];
  if (!from.goes.has(number)) throw new PipelineError(`table ${from.name} does not go to ${to}`);
  if (number <= from.number) throw new PipelineError(`table ${from.name} cannot go back to ${to}`);
  return GOTO[number]!;
}

function checkCall(from: Table, action: Action): void {
  if (action.type !== "resubmit" && action.type !== "ct") return;
  const table = action.table;
  if (table !== undefined && !from.calls.has(table)) throw new PipelineError(`table ${from.name} does not call ${TABLES[table]?.name ?? table}`);
}

export function call(table: TableName): Action {
  return { type: "resubmit", table: TABLE[table] };
}
