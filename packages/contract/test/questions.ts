// SPDX-License-Identifier: Apache-2.0
// A small language for questions in tests: "ann -> printer tcp/631", "cam -> 203.0.113.9=api.vendor.example tcp/443", "ann -> gateway icmp".
import type { Endpoint, Flow } from "@securebox/contract";

/** Devices of the tests, by name. */
export const MACS: Record<string, string> = {
  ann: "02:00:00:00:00:0a", bob: "02:00:00:00:00:0b", cam: "02:00:00:00:00:0c", printer: "02:00:00:00:00:0d",
  stranger: "02:00:00:00:00:0e", visitor: "02:00:00:00:00:0f",
};

/** "ann", "ann!" (blocked), "ann@10.0.0.5", "gateway", "gateway@10.0.0.1", "internet", "203.0.113.9", "203.0.113.9=example.org". */
export function endpoint(text: string): Endpoint {
  const [head, address] = text.replace("!", "").split("@") as [string, string | undefined];
  const mac = MACS[head];
  if (mac !== undefined) return { kind: "device", mac, address, blocked: text.includes("!") };
  if (head === "gateway") return { kind: "gateway", address };
  if (head === "internet") return { kind: "internet" };
  const [ip, ...names] = head.split("=");
  if (!/^[0-9a-f.:]+$/.test(ip!)) throw new Error(`no endpoint: ${text}`);
  return { kind: "internet", address: ip, names };
}

/** "tcp/631", "icmp", "mdns", "other" (a protocol that has no name in policies). */
export function flow(text: string): Flow {
  if (text === "other") return {};
  const [protocol, port] = text.split("/");
  return { protocol: protocol as Flow["protocol"], port: port === undefined ? undefined : Number(port) };
}

/** "A -> B SERVICE". */
export function question(text: string): { from: Endpoint; to: Endpoint } & Flow {
  const match = /^(\S+) -> (\S+) (\S+)$/.exec(text.trim());
  if (!match) throw new Error(`no question: ${text}`);
  return { from: endpoint(match[1]!), to: endpoint(match[2]!), ...flow(match[3]!) };
}

/** The text with names of devices in braces replaced: "{ann}" -> the MAC in quotes. */
export function withMacs(text: string): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => `"${MACS[name]}"`);
}
