// SPDX-License-Identifier: Apache-2.0
// The site: what flows are a function of and the configuration provides. Small enough for the journal, where ten thousand flows are not.
import type { Items, Part, Value } from "../../apply/index.ts";
import type { GatewayConfig } from "../config/config.ts";

export type Site = Pick<GatewayConfig, "ports" | "managePorts" | "network">;

export function siteOf({ ports, managePorts, network }: Site): Site {
  return { ports, managePorts, network };
}

/**
 * Flows as a part of transactions: one key, `site`. Before the gateway is there it is only kept, for the gateway to begin with; then to put it is to have
 * its flows in force. Volatile: the switch loses its flows with the power, the gateway makes them again of the site that counts.
 */
export class FlowsPart implements Part {
  readonly volatile = true;
  /** As put last, or as the gateway has it. */
  site: Site | undefined;
  /** The gateway's. Resolves with false when the switch went away first. */
  enforce: ((site: Site) => Promise<boolean>) | undefined;

  async read(keys: readonly string[]): Promise<Items> {
    return Object.fromEntries(keys.map((key) => [key, key === "site" && this.site ? asValue(this.site) : null]));
  }

  async put({ site }: Items): Promise<void> {
    if (site === null || site === undefined) return; // there is no gateway without a site
    this.site = site as unknown as Site;
    if (this.enforce && !await this.enforce(this.site)) throw new Error("the switch is not connected: flows are not in force");
  }

  async sync(): Promise<void> {} // what outlives a power cut is the journal
}

export function asValue(site: Site): Value {
  return siteOf(site) as unknown as Value;
}
