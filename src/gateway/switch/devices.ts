// SPDX-License-Identifier: Apache-2.0
import { cookieOf } from "../../wifi-isolation/cookie.ts";
import { Recall, RECALLED_TABLES, type Device, type Topology } from "../../wifi-isolation/index.ts";
import { KIND_MASK } from "./counters.ts";
import type { SwitchLink } from "./link.ts";

/** The devices that the switch has in force. Rejects when it does not answer. */
export async function recallDevices(link: Pick<SwitchLink, "readFlows">, topology: Topology): Promise<Device[]> {
  const recall = new Recall();
  for (const table of RECALLED_TABLES) await link.readFlows({ table, cookie: cookieOf("device"), cookieMask: KIND_MASK, match: {} }, (flow) => recall.add(flow));
  return recall.devices(topology);
}
