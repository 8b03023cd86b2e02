// SPDX-License-Identifier: Apache-2.0
import { macBytes } from "../bytes.ts";
import { hash32 } from "../cookie.ts";
import type { Topology } from "../network.ts";

export interface VirtualMac {
  bytes: Uint8Array;
  /** Nobody's own: neither router nor access point answers to it. */
  made: boolean;
}

/**
 * The one link-layer address by which stations know each other where an access point only isolates: the router's, because some access points let
 * stations send to that one only; where nobody has told it, one made of the prefixes (locally administered), so that it is the same after a
 * restart and on a replacement. undefined: no port is thin, so stations know each other by their own.
 */
export function virtualMac({ ports, thin, gatewayMacs, prefixes }: Topology): VirtualMac | undefined {
  if (!thin && !ports.some(({ role }) => role === "thin")) return undefined;
  const known = gatewayMacs[0] ?? ports.find(({ role, mac }) => role === "local" && mac !== undefined)?.mac;
  if (known !== undefined) return { bytes: macBytes(known), made: false };
  const hash = hash32(`thin edge ${prefixes.join(" ")}`);
  return { bytes: Uint8Array.of(0x02, 0x5b, hash >>> 24, (hash >>> 16) & 255, (hash >>> 8) & 255, hash & 255), made: true };
}
