// SPDX-License-Identifier: Apache-2.0
// The network's plan: which addresses and link-layer addresses stations may have, and at which ports they are.
import type { Ip, Mac, Topology } from "../../wifi-isolation/network.ts";
import { virtualMac } from "../../wifi-isolation/thin-edge/virtual-mac.ts";
import { broadcastOf, formatIp, formatMac, inPrefix, isLinkLocal, isMulticast, isStationMac, normaliseIp, parseIp, parsePrefix, type Network } from "../../packets/index.ts";

/** client: a station may use it · infrastructure: router, resolver or access point · outside: nobody's here. */
export type AddressClass = "client" | "infrastructure" | "outside";

export class Plan {
  /** Stations that turn up elsewhere are asked at their old place: where a port is thin, as there nobody tells of stations that leave. */
  readonly asks: boolean;
  readonly #stationPorts: Set<string>;
  readonly #macs: Set<Mac>;
  readonly #addresses: Set<Ip>;
  readonly #prefixes: Network[];
  /** Network and broadcast addresses (IPv4), subnet-router anycast (RFC 4291 §2.6.1). */
  readonly #reserved = new Set<Ip>();

  constructor(topology: Topology) {
    this.#stationPorts = new Set(topology.ports.filter(({ role }) => role === "bss" || role === "wired" || role === "thin").map(({ name }) => name));
    const virtual = virtualMac(topology);
    this.asks = virtual !== undefined;
    this.#macs = new Set([...(virtual ? [formatMac(virtual.bytes)] : []), ...topology.gatewayMacs, ...topology.ports.filter(({ role }) => role === "local" || role === "uplink").flatMap(({ mac }) => mac ?? [])].map((mac) => mac.toLowerCase()));
    this.#addresses = new Set([...topology.gateways, ...topology.resolvers].flatMap((ip) => normaliseIp(ip) ?? []));
    this.#prefixes = topology.prefixes.flatMap((prefix) => parsePrefix(prefix) ?? []);
    for (const prefix of this.#prefixes) {
      const ends = prefix.bytes.length * 8 - prefix.length < 2 ? [] : [prefix.bytes, broadcastOf(prefix)];
      for (const end of ends) if (end) this.#reserved.add(formatIp(end));
    }
  }

  isStationPort(port: string): boolean { return this.#stationPorts.has(port); }

  isInfrastructure(mac: Mac): boolean { return this.#macs.has(mac); }

  /** One station's own address, neither a group's nor the infrastructure's. */
  isStation(mac: Mac): boolean { return isStationMac(mac) && !this.#macs.has(mac); }

  classify(address: Ip): AddressClass {
    if (this.#addresses.has(address)) return "infrastructure";
    if (isLinkLocal(address)) return "client";
    const bytes = parseIp(address);
    if (!bytes || isMulticast(address) || this.#reserved.has(address)) return "outside";
    return this.#prefixes.some((prefix) => inPrefix(bytes, prefix)) ? "client" : "outside";
  }
}
