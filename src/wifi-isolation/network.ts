// SPDX-License-Identifier: Apache-2.0
// What the compiler is told about the world besides the policy: plain data, no behaviour.

/** A link-layer address, lower case, "02:00:00:00:00:11". */
export type Mac = string;
/** An IPv4 or IPv6 address in canonical text (RFC 5952 for IPv6). */
export type Ip = string;
/** "10.0.0.0/24" or "2001:db8::/64". */
export type Prefix = string;

/**
 * bss: a radio's BSS with isolation on (stations share it, frames hairpin); wired: a wired port for devices under policy;
 * thin: the way to an access point that only isolates (its VLAN or tunnel), with bridges in between that learn addresses;
 * uplink: towards router and internet; local: the bridge's own interface, when the access point itself is router or is managed through it.
 */
export type PortRole = "bss" | "wired" | "thin" | "uplink" | "local";

export interface SwitchPort {
  name: string;
  /** OpenFlow port number. */
  number: number;
  role: PortRole;
  /** The port's own address (needed for "local"). */
  mac?: Mac;
}

/** Where the network lies: from configuration and from OVSDB. */
export interface Topology {
  ports: SwitchPort[];
  /** Thin ports are configured, although none may be there at the moment: what stations know of each other must not depend on that. */
  thin?: boolean;
  /** The client subnets, IPv4 and IPv6. Link-local is implied. */
  prefixes: Prefix[];
  /** The router's addresses within `prefixes` (also its IPv6 link-local, when known). */
  gateways: Ip[];
  /** The router's link-layer addresses, when known; no station may use them. */
  gatewayMacs: Mac[];
  /** Resolvers whose DNS answers are believed. */
  resolvers: Ip[];
  /** False: the switch cannot make an advertisement of a solicitation (the kernel's datapath); its target is asked instead, with thin ports the gateway answers. Default true. */
  ndRewrite?: boolean;
}

/** A thing with a policy, and what it may use: the bindings. One device is bound to one port at a time. */
export interface Device {
  /** Small positive integer, unique in the network, stable while the device is known; goes into registers and cookies. */
  id: number;
  mac: Mac;
  /** Name of the port where it is associated. */
  port: string;
  addresses: Ip[];
  /** From DHCP, for people. */
  name?: string;
  /** Refused for the time being although the policy says nothing (for example a MAC that appeared at two places). */
  blocked?: boolean;
}

/** Addresses that a DNS pattern stands for now. */
export interface NameBinding {
  /** As in the policy: "example.org" or "*.example.org". */
  pattern: string;
  addresses: Ip[];
}

export type { Override } from "@securebox/contract";

/** A verdict for one held flow, kept until it expires. */
export interface FlowVerdict {
  /** Device that sent the first packet. */
  device: number;
  /** The other end. */
  address: Ip;
  /** 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6. */
  protocol: number;
  /** Destination port; absent for ICMP. */
  port?: number;
  verdict: "allow" | "deny";
  /** Seconds that the flow lasts without traffic. */
  idleTimeout: number;
}
