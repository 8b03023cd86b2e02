// SPDX-License-Identifier: Apache-2.0
// The recorded vectors, embedded as text so that the tests run where there is no file system.
import type { Version } from "../../src/openflow/types.ts";
import oracle from "../vectors/openflow-oracle.jsonl" with { type: "text" };
import recordedReplies from "../vectors/recorded-replies.jsonl" with { type: "text" };
import recordedRequests from "../vectors/recorded-requests.jsonl" with { type: "text" };

/** What one command of ovs-ofctl put on the wire, or what the switch answered. `err`: first line of ovs-ofctl's complaint. */
export interface Recorded {
  of: "13" | "14" | "15";
  cmd: string;
  text: string;
  msgs: string[];
  err?: string;
}

const parse = (text: string): Recorded[] => text.trim().split("\n").map((line) => JSON.parse(line) as Recorded);

export const requests = (): Recorded[] => [...parse(oracle), ...parse(recordedRequests)];
export const replies = (): Recorded[] => parse(recordedReplies);

export const wireVersion = (record: Recorded): Version => ({ "13": 4, "14": 5, "15": 6 })[record.of] as Version;

export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

const DIGITS = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += DIGITS[bytes[i]!];
  return text;
}

/** Every message once, whatever its xid. */
export function distinctMessages(most = Infinity): Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  for (const record of [...requests(), ...replies()]) {
    for (const message of record.msgs) if (message.length / 2 <= most) found.set(message.slice(0, 8) + message.slice(16), fromHex(message));
  }
  return [...found.values()];
}
