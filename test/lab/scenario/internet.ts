// SPDX-License-Identifier: Apache-2.0
import { network } from "../uplink.ts";
import { until } from "../command.ts";
import type { StationName } from "../topology.ts";
import { all, type Check, expect, families, type Family, policy, reaches, rule, type World } from "./world.ts";

const { web, other, blocked, streamed, many } = network.internet;

function lookup({ topology }: World, from: StationName, name: string, family: Family): Promise<string[]> {
  return topology.station(from).agent.call("lookup", { name, type: family === 4 ? "A" : "AAAA", server: network.router4 });
}

/** Looks a name up and opens a connection to each of its addresses at once, as programs do. Addresses that did not answer. */
async function byName(world: World, from: StationName, name: string, family: Family): Promise<string[]> {
  const addresses = await lookup(world, from, name, family);
  expect(addresses.length > 0, `${name} has no address`);
  const silent = await Promise.all(addresses.map(async (address) => ((await reaches(world, from, { v4: address, v6: address }, "tcp/443", family)) ? [] : [address])));
  return silent.flat();
}

async function openByName(world: World, name: string, only: readonly Family[] = families): Promise<void> {
  for (const family of only) {
    const silent = await byName(world, "camera", name, family);
    expect(silent.length === 0, `${name}: no answer from ${silent.join(", ")}`);
  }
}

export const internet: Check[] = [
  { name: "internet by prefix: inside it opens, outside it stays closed", run: async (world) => {
    await world.gateway.policy(policy(rule("cameras", "internet", '["198.51.100.0/28", "2001:db8:1::10/124"]')));
    await all(world, "open", [["camera", web, "tcp/443"], ["camera", web, "udp/5000"]]);
    await all(world, "closed", [["camera", other, "tcp/443"], ["camera", blocked, "tcp/443"], ["laptop", web, "tcp/443"]]);
  } },
  { name: "internet by port", run: async (world) => {
    await world.gateway.policy(policy(rule("cameras", "internet", "[tcp/443]")));
    await all(world, "open", [["camera", web, "tcp/443"], ["camera", blocked, "tcp/443"]]);
    await all(world, "closed", [["camera", web, "tcp/8443"], ["camera", web, "udp/5000"]]);
  } },
  { name: "internet by port at a prefix", run: async (world) => {
    await world.gateway.policy(policy(rule("cameras", "internet", '["tcp/443@198.51.100.0/24", "tcp/443@2001:db8:1::/48"]')));
    await all(world, "open", [["camera", web, "tcp/443"]]);
    await all(world, "closed", [["camera", web, "tcp/8443"], ["camera", blocked, "tcp/443"]]);
  } },
  { name: "internet by DNS name: closed before the name was asked for, open right after its answer", run: async (world) => {
    await world.gateway.policy(policy(rule("cameras", "internet", '["dns:*.vendor.example"]')));
    await all(world, "closed", [["camera", web, "tcp/443"]]);
    await openByName(world, "www.vendor.example");
  } },
  { name: "by DNS name: through a CNAME", run: (world) => openByName(world, "alias.vendor.example") },
  { name: "by DNS name: each of sixteen addresses", run: async (world) => {
    expect((await lookup(world, "camera", "many.vendor.example", 4)).length === many.length, "the resolver left some out");
    await openByName(world, "many.vendor.example", [4]);
  } },
  { name: "by DNS name: an answer over TCP counts as well", run: async (world) => {
    const { agent } = world.topology.station("camera");
    expect(!(await reaches(world, "camera", { v4: streamed.v4, v6: "" }, "tcp/443", 4)), "open before the name was asked for");
    expect((await agent.call("lookupByTcp", { name: "streamed.vendor.example", server: network.router4 })) === 1, "the resolver gave another number of addresses");
    expect(await reaches(world, "camera", { v4: streamed.v4, v6: "" }, "tcp/443", 4), `no answer from ${streamed.v4}`);
  } },
  { name: "by DNS name: other names and other stations stay closed", run: async (world) => {
    expect((await byName(world, "camera", "blocked.example.org", 4)).length === 1, "camera reaches blocked.example.org");
    expect((await byName(world, "laptop", "www.vendor.example", 6)).length === 1, "laptop reaches www.vendor.example");
  } },
  { name: "by DNS name: an answer of another resolver opens nothing", run: async (world) => {
    const forged = world.topology.station("camera").agent.call("lookup", { name: "www.vendor.example", type: "A", server: blocked.v4, deadline: 300 });
    expect(await forged.then(() => false, () => true), "a foreign resolver was reached");
  } },
  { name: "by DNS name: a new address of the name opens when it is answered", run: async (world) => {
    await world.topology.uplink.setName("moving.vendor.example", [blocked.v4]);
    await until("the resolver's new name", 2000, () => lookup(world, "camera", "moving.vendor.example", 4).then((found) => found.includes(blocked.v4), () => false));
    await openByName(world, "moving.vendor.example", [4]);
  } },
];
