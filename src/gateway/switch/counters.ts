// SPDX-License-Identifier: Apache-2.0
// What the switch counted of each device at its own place: signs of life.
import type { FlowDescription } from "node-openvswitch/openflow";
import { cookieOf } from "../../wifi-isolation/cookie.ts";
import { ownerOf, TABLE } from "../../wifi-isolation/index.ts";
import type { SwitchLink } from "./link.ts";

/** Tag, version and kind of part; not the id. */
export const KIND_MASK = 0xffffffff_f0000000n;

/** Packets by device id. Rejects when the switch does not answer. */
export async function countSources(link: SwitchLink): Promise<Map<number, number>> {
  const packets = new Map<number, number>();
  await link.readFlows({ table: TABLE.source, cookie: cookieOf("device"), cookieMask: KIND_MASK, match: {} }, (flow) => {
    const owner = ownerOf(flow.cookie);
    if (owner && isOwnPlace(flow)) packets.set(owner.id, (packets.get(owner.id) ?? 0) + Number(flow.statistics.packets ?? 0n));
  });
  return packets;
}

/** Flows without in_port are for the same MAC elsewhere. */
function isOwnPlace({ match }: FlowDescription): boolean {
  return match["in_port"] !== undefined;
}
