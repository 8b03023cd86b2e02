// SPDX-License-Identifier: Apache-2.0
import type { Dns } from "../ports/dns.ts";
import { PlatformError } from "../ports/error.ts";

/** Names and their addresses, as the test says. */
export class FakeDns implements Dns {
  readonly names = new Map<string, string[]>();

  async resolve(name: string): Promise<string[]> {
    const addresses = this.names.get(name);
    if (!addresses) throw new PlatformError("resolve", "ENOTFOUND", name);
    return [...addresses];
  }
}
