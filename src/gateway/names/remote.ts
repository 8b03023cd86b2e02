// SPDX-License-Identifier: Apache-2.0
import type { Ip, Prefix } from "../../wifi-isolation/network.ts";
import { inPrefix, parseIp, parsePrefix, type Network } from "../../packets/index.ts";

/** Special-purpose addresses that no name of the internet has (RFC 6890): this host, loopback, link-local, multicast, reserved, IPv4-mapped. */
const NEVER = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/127", "fe80::/10", "ff00::/8", "::ffff:0:0/96"].map((text) => parsePrefix(text)!);

/** Tells addresses on the other side of the router from those that an answer must not open (DNS rebinding). */
export class Remote {
  readonly #refused: readonly Network[];

  constructor(clientPrefixes: readonly Prefix[]) {
    this.#refused = [...NEVER, ...clientPrefixes.flatMap((prefix) => parsePrefix(prefix) ?? [])];
  }

  has(address: Ip): boolean {
    const bytes = parseIp(address);
    return bytes !== undefined && !this.#refused.some((network) => inPrefix(bytes, network));
  }
}
