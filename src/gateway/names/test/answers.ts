// SPDX-License-Identifier: Apache-2.0
import { dnsMessage, type Dns, type DnsRecord } from "../../../packets/index.ts";

/** "example.org 60 192.0.2.1" or "example.org 60 CNAME other.org". */
export function record(text: string): DnsRecord {
  const [name, ttl, kind, target] = text.split(" ") as [string, string, string, string];
  return { name, class: 1, ttl: Number(ttl), data: kind === "CNAME" ? { type: "cname", target } : { type: "address", address: kind } };
}

/** The answer to a question for `name`. */
export function answer(name: string, ...records: string[]): Dns {
  return dnsMessage({ response: true, questions: [{ name, type: 1, class: 1 }], answers: records.map(record) });
}
