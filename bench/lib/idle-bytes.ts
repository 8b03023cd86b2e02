// SPDX-License-Identifier: Apache-2.0
// What the link of a gateway costs its line while nothing happens: counted on the wire between the real gateway and the backend.
import { Backend } from "../../test/lab/backend.ts";
import { sleep } from "../../test/lab/command.ts";
import { Gateway } from "../../test/lab/gateway.ts";
import { Topology } from "../../test/lab/topology.ts";
import { closed } from "./edits.ts";
import type { Result } from "./result.ts";

const TARGET = 1_000_000;
/** What the stations brought is reported by then: addresses that they were given, at most each 5 s. */
const SETTLE = 40_000;
/** A whole number of the link's questions whether the broker is there, 25 s apart. */
const COUNTED = 200_000;
const DAY = 86_400_000;

export async function idleBytes(): Promise<Result> {
  const topology = await Topology.create({ mode: "isolating" });
  try {
    const gateway = await Gateway.start(topology, "quickjs", closed);
    const backend = await Backend.start(topology.lab, topology.ap);
    await gateway.join(backend, "gw-idle", closed);
    await topology.online("laptop", "printer");
    // The lab's interfaces ask for IPv6 routers now and then: not the link's doing.
    await Promise.all([topology.ap.script("echo 1 > /proc/sys/net/ipv6/conf/mgmt0/disable_ipv6"), backend.namespace.script("echo 1 > /proc/sys/net/ipv6/conf/net0/disable_ipv6")]);
    await sleep(SETTLE);
    await backend.wire.count();
    const start = performance.now();
    await sleep(COUNTED);
    const counted = await backend.wire.count();
    const value = (counted * DAY) / (performance.now() - start);
    const { backend: link } = await gateway.status();
    if (!link?.synchronised) throw new Error(`the link is ${link?.state ?? "not there"}: ${link?.lastError ?? ""}`);
    return {
      bench: "fleet", metric: "idle-bytes-per-day", unit: "bytes", value, ...(value > TARGET && { missed: true as const }),
      note: `${counted} bytes in ${COUNTED / 1000} s, both directions, Ethernet headers and ARP included; gateway on QuickJS with two stations, TLS, MQTT`,
    };
  } finally {
    await topology.close();
  }
}
