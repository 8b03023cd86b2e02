// SPDX-License-Identifier: Apache-2.0
// Codecs of the frames that the gateway reads: each layer a plain interface with a decode and an encode.
export * from "./arp.ts";
export * from "./checksum.ts";
export * from "./dhcpv4.ts";
export * from "./dhcpv6.ts";
export * from "./dissect.ts";
export * from "./dns.ts";
export * from "./dns-name.ts";
export * from "./error.ts";
export * from "./ethernet.ts";
export * from "./icmp.ts";
export * from "./icmpv6.ts";
export * from "./ip.ts";
export * from "./ipv4.ts";
export * from "./ipv6.ts";
export * from "./mac.ts";
export * from "./nd-options.ts";
export * from "./tcp.ts";
export * from "./udp.ts";
