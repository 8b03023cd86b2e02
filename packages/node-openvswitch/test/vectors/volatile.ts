// SPDX-License-Identifier: Apache-2.0
// What two recordings may differ in: times and counters, the order of entries in dumps (Open vSwitch seeds its hashes at random), the
// bridge's UUID within continuations, and where a long reply is cut into parts.
import { decode, type Message } from "node-openvswitch/openflow";

const VOLATILE = new Set(["duration", "idle", "continuation", "lookups", "matched", "more", "xid"]);

/** The messages as text without what varies. */
export function stablePart(messages: string[]): string[] {
  return messages.map((message) => decode(new Uint8Array(Buffer.from(message, "hex"))).message).reduce(joinParts, []).map(render);
}

/** Parts of one multipart reply become one. */
function joinParts(joined: Message[], message: Message): Message[] {
  const last = joined[joined.length - 1];
  if (last?.type === "multipart-reply" && message.type === "multipart-reply" && last.more && last.kind === message.kind) {
    for (const [member, value] of Object.entries(message)) if (Array.isArray(value)) (last as unknown as Record<string, unknown[]>)[member]!.push(...value);
    if (!message.more) delete last.more;
    return joined;
  }
  return [...joined, message];
}

function render(message: Message): string {
  const entries = Object.entries(message).map(([member, value]) => [member, Array.isArray(value) && message.type === "multipart-reply" ? value.map(text).sort() : value]);
  return text(Object.fromEntries(entries));
}

function text(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (VOLATILE.has(key)) return undefined;
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString("hex");
    return typeof inner === "bigint" ? String(inner) : inner;
  });
}
