// SPDX-License-Identifier: Apache-2.0
// A configuration that was read again, taken over by a running gateway as far as it can be.
import type { GatewayConfig } from "./config/config.ts";
import type { Gateway } from "./gateway.ts";
import { siteOf } from "./settings/site.ts";

/** What a gateway is made of: it begins anew with these, in the same process and with its flows in the switch. */
const MADE_OF = ["bridge", "ovsdb", "openflow", "state", "socket", "ubus", "stations", "ubus", "backend", "limits"] as const;

/** Options that are otherwise in `next` and for which the gateway must begin anew; else all of it is taken over. */
export function takeOver(gateway: Gateway, next: GatewayConfig): string[] {
  const { config, log, changes } = gateway;
  const anew = MADE_OF.filter((name) => JSON.stringify(config[name]) !== JSON.stringify(next[name]));
  if (anew.length > 0) return anew;
  log.configure(next.log);
  const { policy, datapath, openwrt } = next;
  Object.assign(config, { policy, datapath, log: next.log, openwrt });
  gateway.policies.setPath(policy);
  if (changes) changes.want(next);
  else if (JSON.stringify(siteOf(config)) !== JSON.stringify(siteOf(next))) void gateway.setSite(siteOf(next));
  return [];
}
