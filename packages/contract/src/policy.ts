// SPDX-License-Identifier: Apache-2.0
// The policy document of one network, version 1: the JSON shape. People write it as YAML (see parse.ts).

/** Exactly one way to name devices. `psk`, `fingerprint` and `mud` are accepted but not enforced yet (see unenforced.ts). */
export type Member =
  | { mac: string }
  | { psk: string }
  | { fingerprint: string }
  | { mud: string };

/**
 * What a rule lets through, in canonical form: "all", "tcp", "udp", "icmp", "tcp/631", "udp/5000-5010", "mdns", "ssdp",
 * and for `to: internet` also "10.1.0.0/16", "2001:db8::/32", "192.0.2.7:443", "tcp/443@192.0.2.0/24",
 * "dns:example.org", "dns:*.example.org", "tcp/443@dns:*.example.org".
 */
export type Service = string;

/** What happens to a flow that the rule covers by its ends but not by its services. "ask": hold its first packet for a verdict, then `fallback`. */
export type Otherwise = "deny" | "allow" | "ask";
export type Fallback = "allow" | "deny";

export interface Rule {
  /** A group's name, a MAC address, or "all", "unknown", "internet", "gateway". */
  from: string;
  to: string;
  allow?: "all" | Service[];
  otherwise?: Otherwise;
  /** Analysis service: accepted, not enforced yet. */
  analyse?: string;
  how?: "mirror" | "redirect";
  /** Verdict for a flow that nobody decided in time. Default "deny". */
  fallback?: Fallback;
}

export interface Policy {
  version: 1;
  network: string;
  mode: "intelligent-edge" | "thin-edge";
  groups: Record<string, Member[]>;
  rules: Rule[];
  /** MAC addresses that may reach nothing. */
  quarantine: string[];
}

/** A `Service` understood. Terms of `to: internet` may name a prefix or a DNS pattern; others never do. */
export type ServiceTerm =
  | { kind: "all" }
  | { kind: "discovery"; protocol: "mdns" | "ssdp" }
  | { kind: "traffic"; protocol?: "tcp" | "udp" | "icmp"; ports?: { first: number; last: number }; prefix?: string; name?: string };
