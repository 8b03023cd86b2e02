// SPDX-License-Identifier: Apache-2.0
/*
 * What the DHCP server of the access point calls a device: dnsmasq's object ("dnsmasq", "dnsmasq.NAME") and odhcpd's ("dhcp") notify "dhcp.ack" with mac, ip, name, interface
 * (dnsmasq src/ubus.c; odhcpd src/ubus.c). A name only: addresses are bound by the DHCP answers that the switch holds, which prove to whom the server spoke. The bus
 * tells the same a moment later, and about networks that are not ours, too.
 */
import type { SubscriptionHandlers, Table } from "ubus-ts";
import type { Mac } from "../../wifi-isolation/network.ts";

export interface LeaseName { mac: Mac; name: string }

/** RFC 1123 §2.1, and what DHCP clients send beside it; as long as option 12 may be. */
const MAX_NAME = 255;

/** undefined: no lease, or one without a name. `data`: of a notification. */
export function leaseName(notification: string, data: Table): LeaseName | undefined {
  const { mac, name } = data;
  if (notification !== "dhcp.ack" || typeof mac !== "string" || typeof name !== "string" || name === "" || name === "*" || name.length > MAX_NAME) return undefined;
  const digits = mac.toLowerCase().replace(/[^0-9a-f]/g, "");
  return digits.length === 12 ? { mac: digits.match(/../g)!.join(":"), name } : undefined;
}

export function leaseHandlers(named: (lease: LeaseName) => void): SubscriptionHandlers {
  return {
    notified: (_path, notification, data) => {
      const lease = leaseName(notification, data);
      if (lease) named(lease);
    },
  };
}
