// SPDX-License-Identifier: Apache-2.0
// The role "local" with real frames: the access point is managed over its bridge's own interface, from upstream and by nobody else.
import { readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "../../tools/setup/index.ts";
import { run, telling } from "../lab/command.ts";
import { Gateway } from "../lab/gateway.ts";
import type { Namespace } from "../lab/namespace.ts";
import { all, policy, rule, type Way, type World } from "../lab/scenario/world.ts";
import { Topology } from "../lab/topology.ts";
import { network } from "../lab/uplink.ts";

const access = { v4: "10.77.0.2", v6: "2001:db8:77::2" };
const test = suite<{ topology: Topology; gateway: Gateway }>("local port");

async function pings(from: Namespace, to: string): Promise<boolean> {
  return (await run(from.inside(["ping", "-c", "2", "-i", "0.2", "-W", "1", to]), { deadline: 10_000 })).code === 0;
}

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  context.topology = await Topology.create({ mode: "isolating" });
  const { ap } = context.topology;
  await ap.script(`sysctl -qw net.ipv6.conf.br0.disable_ipv6=0 net.ipv6.conf.br0.accept_ra=0; ip addr add ${access.v4}/24 dev br0; ip addr add ${access.v6}/64 dev br0 nodad; ip link set br0 up`);
  context.gateway = await Gateway.start(context.topology, "quickjs", policy(rule("phone", "camera", "[icmp]")));
  await context.gateway.kill("SIGTERM");
  const { configFile } = context.gateway;
  writeFileSync(configFile, readFileSync(configFile, "utf8").replace("\nports:\n", "\nports:\n  br0: local\n"));
  await context.gateway.run();
  await context.topology.online("laptop", "phone", "printer", "camera");
}));
test.after(async ({ topology }) => topology?.close());

test("router and access point reach each other, over IPv4 and IPv6", async ({ topology: { ap, uplink } }) => {
  for (const address of [network.router4, network.router6]) assert.ok(await pings(ap, address), `access point to ${address}`);
  for (const address of [access.v4, access.v6]) assert.ok(await pings(uplink.namespace, address), `router to ${address}`);
});

test("no station reaches the access point's address, nor it a station", async ({ topology }) => {
  for (const name of ["laptop", "phone"] as const) {
    const station = topology.station(name);
    for (const address of [access.v4, access.v6]) assert.not(await pings(station.namespace, address), `${name} to ${address}`);
    for (const family of [4, 6] as const) assert.not(await pings(topology.ap, station.address(family)), `access point to ${name}, IPv${family}`);
  }
});

test("the stations stay isolated but for the rule", async ({ topology, gateway }) => {
  const world = { topology, gateway } as World;
  const closed: Way[] = [["laptop", "printer", "icmp"], ["printer", "laptop", "icmp"], ["camera", "phone", "icmp"], ["laptop", "phone", "icmp"]];
  await all(world, "closed", closed);
  await all(world, "open", [["phone", "camera", "icmp"]]);
  await all(world, "open", [["laptop", { v4: network.router4, v6: network.router6 }, "icmp"]]);
});

test.run();
