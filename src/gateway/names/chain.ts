// SPDX-License-Identifier: Apache-2.0
// What an answer says about the name that was asked for.
import type { Ip } from "../../wifi-isolation/network.ts";
import { normaliseName, type Dns, type DnsRecord } from "../../packets/index.ts";

/** An address and the names that lead to it: the question's, then each alias. */
export interface ResolvedAddress {
  address: Ip;
  names: string[];
  /** Seconds: the least TTL on the way. */
  ttl: number;
}

/** Longer chains, and those that go round, lead nowhere. */
const MAX_ALIASES = 16;
const IN = 1;

/**
 * The addresses at the end of the CNAME chain that begins at the question's name (RFC 1034 §3.6.2). Records of any other name are not
 * believed. Empty for a message that is no positive answer to one question.
 */
export function resolve(message: Dns): ResolvedAddress[] {
  const question = message.questions[0];
  if (!message.response || message.opcode !== 0 || message.rcode !== 0 || message.questions.length !== 1 || question?.class !== IN) return [];
  const records = byName(message.answers);
  const names: string[] = [];
  let name = normaliseName(question.name);
  let ttl = Infinity;
  while (names.length <= MAX_ALIASES) {
    names.push(name);
    const own: readonly DnsRecord[] = records.get(name) ?? [];
    const alias = own.find(({ data }) => data.type === "cname");
    if (alias?.data.type !== "cname") return own.flatMap((record) => (record.data.type === "address" ? { address: record.data.address, names, ttl: Math.min(ttl, record.ttl) } : []));
    ttl = Math.min(ttl, alias.ttl);
    name = normaliseName(alias.data.target);
  }
  return [];
}

function byName(answers: readonly DnsRecord[]): Map<string, DnsRecord[]> {
  const records = new Map<string, DnsRecord[]>();
  for (const record of answers) {
    if (record.class !== IN) continue;
    const name = normaliseName(record.name);
    const others = records.get(name);
    if (others) others.push(record);
    else records.set(name, [record]);
  }
  return records;
}
