// SPDX-License-Identifier: Apache-2.0
// Flows that the policy leaves open: their first packet waits for a verdict, and then goes by the rule's fallback.
import { sleep } from "../command.ts";
import { ethernet, noncePort, udp } from "../packet.ts";
import { network } from "../uplink.ts";
import { all, type Check, expect, families, policy, rule, type World } from "./world.ts";

const ask = (fallback: string) => rule("camera", "internet", "[tcp/443]", `, otherwise: ask, fallback: ${fallback}`);

/** One datagram, sent once: its echo shows that the very first packet of the flow arrived. */
async function firstPacket(world: World, family: 4 | 6, from: number): Promise<number | undefined> {
  const { web } = network.internet;
  const { agent } = world.topology.station("camera");
  return agent.call("exchange", { protocol: "udp", address: family === 4 ? web.v4 : web.v6, port: 5000, from, deadline: 1500 }).catch(() => undefined);
}

export const holding: Check[] = [
  { name: "the first packet of an unknown flow is held and then released, none lost", run: async (world) => {
    await world.gateway.policy(policy(ask("allow")));
    const before = (await world.gateway.status()).held;
    const taken = await Promise.all(families.flatMap((family) => [1, 2, 3].map((i) => firstPacket(world, family, 41_000 + 10 * family + i))));
    expect(!taken.includes(undefined), `${taken.filter((each) => each === undefined).length} of ${taken.length} first packets were lost`);
    const after = (await world.gateway.status()).held;
    expect(after.total > before.total, "the gateway held nothing");
    return `held for ${Math.round(Math.min(...(taken as number[])))} to ${Math.round(Math.max(...(taken as number[])))} ms`;
  } },
  { name: "by fallback deny it is dropped", run: async (world) => {
    await world.gateway.policy(policy(ask("deny")));
    await all(world, "open", [["camera", network.internet.web, "tcp/443"]]);
    await all(world, "closed", [["camera", network.internet.web, "udp/5000"]]);
  } },
  { name: "a flood from one station does not delay another's flows", run: async (world) => {
    await world.gateway.policy(policy(ask("deny"), rule("people", "internet", "[udp/5000]", ", otherwise: ask, fallback: allow")));
    const quiet = await firstFlows(world);
    const { camera } = world.topology.stations;
    const datagram = udp(camera.ipv4, network.internet.other.v4, { from: 42_000, to: noncePort }, Buffer.alloc(20));
    datagram.fill(0, 26, 28); // no UDP checksum: the source port counts up
    const flood = (await camera.frames()).flood(ethernet({ from: camera.mac, to: network.routerMac }, 0x0800, datagram), 4000, 2000, 34);
    await sleep(200);
    const busy = await firstFlows(world);
    await flood;
    expect(busy.lost === 0, `${busy.lost} packets of another station were lost`);
    expect(busy.worst < quiet.worst + 150, `another station's packet took ${Math.round(busy.worst)} ms, ${Math.round(quiet.worst)} ms without the flood`);
    return `worst ${Math.round(busy.worst)} ms under 2,000 new flows a second, ${Math.round(quiet.worst)} ms without`;
  } },
];

/** New flows of the laptop, one datagram each: how many were lost, and the longest time of one. */
async function firstFlows(world: World): Promise<{ lost: number; worst: number }> {
  const { agent } = world.topology.station("laptop");
  const times: (number | undefined)[] = [];
  for (let i = 0; i < 20; i++) {
    times.push(await agent.call("exchange", { protocol: "udp", address: network.internet.web.v4, port: 5000, deadline: 1000 }).catch(() => undefined));
    await sleep(20);
  }
  return { lost: times.filter((time) => time === undefined).length, worst: Math.max(...times.map((time) => time ?? 0)) };
}
