// SPDX-License-Identifier: Apache-2.0
// The topology in the form that flows need.
import { inRange, macBytes, parseAddress, parseRange, type Address, type AddressRange } from "./bytes.ts";
import type { SwitchPort, Topology } from "./network.ts";
import { virtualMac, type VirtualMac } from "./thin-edge/virtual-mac.ts";

export class Site {
  readonly stationPorts: readonly SwitchPort[];
  readonly upstreamPorts: readonly SwitchPort[];
  readonly localPorts: readonly SwitchPort[];
  readonly uplink: SwitchPort | undefined;
  readonly ranges: readonly AddressRange[];
  readonly gateways: readonly Address[];
  readonly resolvers: readonly Address[];
  /** Resolvers in the clients' subnets that are not the gateway. */
  readonly nearResolvers: readonly Address[];
  readonly gatewayMacs: readonly Uint8Array[];
  /** Only where a port is thin. */
  readonly virtualMac: VirtualMac | undefined;
  readonly ndRewrite: boolean;
  readonly #portByName: Map<string, SwitchPort>;

  /** Throws RangeError for what is no address or prefix. */
  constructor(readonly topology: Topology) {
    const role = (...roles: string[]): SwitchPort[] => topology.ports.filter((port) => roles.includes(port.role));
    this.stationPorts = role("bss", "wired", "thin");
    this.upstreamPorts = role("uplink", "local");
    this.localPorts = role("local").filter((port) => port.mac !== undefined);
    this.uplink = role("uplink")[0];
    this.ranges = topology.prefixes.map(parseRange);
    this.gateways = topology.gateways.map(parseAddress);
    this.resolvers = topology.resolvers.map(parseAddress);
    const near = topology.resolvers.filter((resolver) => !topology.gateways.includes(resolver)).map(parseAddress);
    this.nearResolvers = near.filter((resolver) => this.ranges.some((range) => inRange(range, resolver)));
    this.gatewayMacs = topology.gatewayMacs.map(macBytes);
    this.virtualMac = virtualMac(topology);
    this.ndRewrite = topology.ndRewrite ?? true;
    this.#portByName = new Map(topology.ports.map((port) => [port.name, port]));
  }

  port(name: string): SwitchPort | undefined {
    return this.#portByName.get(name);
  }
}

/** As output:NXM_NX_REG2[0..15] wants it: reserved ports keep their 16-bit numbers (LOCAL is 0xfffe). */
export function shortPort(port: number): number {
  return port & 0xffff;
}
