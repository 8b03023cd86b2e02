// SPDX-License-Identifier: Apache-2.0
// The difference between the flows of parts before and after a change. Small sets: whole switches are compared in diff.ts.
import type { Flow, Match } from "node-openvswitch/openflow";

/** "modify": of a flow that is there; written as an add, which replaces instructions, cookie and timeouts at once. */
export interface FlowChange {
  command: "add" | "modify" | "delete";
  flow: Flow;
}

/** Deletes come first, so that in an ordered bundle none removes what was just added. Within one side, no flow may come twice. */
export function diffFlows(before: Iterable<Flow>, after: Iterable<Flow>): FlowChange[] {
  const old = new Map<string, Flow>();
  for (const flow of before) old.set(flowKey(flow), flow);
  const written: FlowChange[] = [];
  for (const flow of after) {
    const key = flowKey(flow);
    const known = old.get(key);
    old.delete(key);
    if (!known) written.push({ command: "add", flow });
    else if (contentKey(known) !== contentKey(flow)) written.push({ command: "modify", flow });
  }
  return [...[...old.values()].map((flow) => ({ command: "delete" as const, flow })), ...written];
}

/** Table, priority and match as text, independent of the order of the fields. */
export function flowKey({ table, priority, match }: Flow): string {
  return `${table}/${priority}/${matchKey(match)}`;
}

export function matchKey(match: Match): string {
  let key = "";
  for (const field of Object.keys(match).sort()) key += `${field}=${text(match[field])},`;
  return key;
}

export function contentKey({ instructions, cookie, idleTimeout = 0, hardTimeout = 0, flags = 0 }: Flow): string {
  return `${cookie}/${idleTimeout}/${hardTimeout}/${flags}/${text(instructions)}`;
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (inner instanceof Uint8Array ? inner.join(".") : typeof inner === "bigint" ? String(inner) : inner));
}
