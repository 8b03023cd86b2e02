// SPDX-License-Identifier: Apache-2.0
// A running gateway as its changes see it: what must work, and what they put.
import type { Signs } from "../../apply/index.ts";
import type { Changing } from "../changes.ts";
import type { Gateway } from "../gateway.ts";
import { countSources } from "../switch/counters.ts";
import { DhcpProbe } from "./probes/dhcp.ts";
import { ManagementProbe } from "./probes/management.ts";

export function changingOf(gateway: Gateway): Changing {
  const { platform, reconciler, population, backend, switch: link } = gateway;
  const ports = () => gateway.bridge?.state.ports ?? [];
  const send = link.send.bind(link);
  const dhcp = new DhcpProbe(platform, send);
  const management = new ManagementProbe({ platform, ports, send, deviceAt: (address) => population.table.byAddress(address), count: () => link.ready ? countSources(link) : undefined });
  return {
    connected: () => link.ready,
    healthy: () => reconciler.state === "ready",
    takes: (packet) => dhcp.takes(packet),
    async look(): Promise<Signs> {
      const [answers, reached] = await Promise.all([dhcp.answers(ports()), management.reached()]);
      return { dhcp: answers, ...(reached === undefined ? {} : { management: reached }), ...(backend.status ? { backend: backend.status.state === "connected" } : {}) };
    },
    setSite: (site) => gateway.setSite(site),
    released: () => gateway.bridge?.look(),
  };
}
