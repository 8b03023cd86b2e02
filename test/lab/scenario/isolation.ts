// SPDX-License-Identifier: Apache-2.0
import { all, type Check, expect, families, policy, reaches, rule, type Way } from "./world.ts";
import { until } from "../command.ts";
import { network } from "../uplink.ts";
import type { StationName } from "../topology.ts";

const stations: StationName[] = ["laptop", "phone", "printer", "camera"];

/** Every ordered pair of the four stations. */
const pairs: Way[] = stations.flatMap((from) => stations.filter((to) => to !== from).map((to): Way => [from, to, "tcp/631"]));

export const isolation: Check[] = [
  { name: "stations get IPv4 leases and IPv6 prefixes through the switch", run: async ({ topology, gateway }) => {
    const without = Object.values(topology.stations).filter((station) => !station.ipv4 || !station.ipv6).map((station) => station.name);
    expect(without.length === 0, `no addresses: ${without.join(", ")}`);
    // What announced an address while the gateway began is known by its first use.
    await Promise.all(Object.values(topology.stations).flatMap(({ agent }) => [network.router4, network.router6].map((address) => agent.call("ping", { address, wait: 1000 }))));
    await until("the gateway to know all addresses", 10_000, async () => {
      const text = JSON.stringify(await gateway.json("devices"));
      return Object.values(topology.stations).every((station) => [station.mac, station.ipv4, station.ipv6].every((known) => text.includes(known)));
    });
  } },
  { name: "stations of one SSID cannot reach each other over IPv4, either direction", run: async (world) => {
    await world.gateway.policy(policy());
    await all(world, "closed", pairs, [4]);
  } },
  { name: "stations of one SSID cannot reach each other over IPv6, either direction", run: (world) => all(world, "closed", pairs, [6]) },
  { name: "nor by ping or UDP", run: (world) => all(world, "closed", [["laptop", "printer", "icmp"], ["printer", "laptop", "icmp"], ["laptop", "printer", "udp/5000"], ["printer", "laptop", "udp/5000"]]) },
  { name: "nor between two BSSs, or BSS and wired port, either direction", run: (world) => all(world, "closed", [
    ["laptop", "eve", "tcp/631"], ["eve", "laptop", "tcp/631"], ["laptop", "cable", "tcp/631"], ["cable", "laptop", "tcp/631"], ["eve", "cable", "tcp/631"], ["cable", "eve", "tcp/631"],
  ]) },
  { name: "the internet is denied by default", run: (world) => all(world, "closed", [["laptop", network.internet.web, "tcp/443"], ["camera", network.internet.other, "udp/5000"]]) },
  { name: "the router and its resolver answer every station", run: async (world) => {
    await all(world, "open", stations.map((name): Way => [name, { v4: network.router4, v6: network.router6 }, "icmp"]));
    for (const name of stations) await world.topology.station(name).agent.call("lookup", { name: "www.vendor.example", type: "A", server: network.router4 });
  } },
  { name: "a rule opens its pair and service over IPv4", run: async (world) => {
    await world.gateway.policy(policy(rule("laptop", "printer", "[tcp/631]")));
    await all(world, "open", [["laptop", "printer", "tcp/631"]], [4]);
  } },
  { name: "a rule opens its pair and service over IPv6", run: (world) => all(world, "open", [["laptop", "printer", "tcp/631"]], [6]) },
  { name: "and no other service of the pair", run: (world) => all(world, "closed", [["laptop", "printer", "tcp/9100"], ["laptop", "printer", "udp/5000"], ["laptop", "printer", "icmp"]]) },
  { name: "and not the opposite direction", run: (world) => all(world, "closed", [["printer", "laptop", "tcp/631"], ["printer", "laptop", "icmp"]]) },
  { name: "and no other pair", run: (world) => all(world, "closed", pairs.filter(([from, to]) => !(from === "laptop" && to === "printer"))) },
  { name: "a group rule covers its members and nobody else", run: async (world) => {
    await world.gateway.policy(policy(rule("people", "printers", "[tcp/631, icmp]")));
    await all(world, "open", [["laptop", "printer", "tcp/631"], ["phone", "printer", "tcp/631"], ["phone", "printer", "icmp"]]);
    await all(world, "closed", [["camera", "printer", "tcp/631"], ["laptop", "phone", "tcp/631"], ["eve", "printer", "tcp/631"]]);
  } },
  { name: "a rule across BSSs and wired ports works", run: async (world) => {
    await world.gateway.policy(policy(rule("eve", "printer", "[tcp/631]"), rule("cable", "eve", "[udp/5000]")));
    await all(world, "open", [["eve", "printer", "tcp/631"], ["cable", "eve", "udp/5000"]]);
    expect(!(await Promise.all(families.map((family) => reaches(world, "printer", "eve", "tcp/631", family)))).includes(true), "the opposite direction is open");
  } },
];
