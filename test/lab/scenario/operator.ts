// SPDX-License-Identifier: Apache-2.0
// What an operator does with the command line, and discovery.
import { macs } from "../gateway.ts";
import { all, type Check, cut, expect, policy, rule, session, type World } from "./world.ts";

const printing = rule("people", "printers", "[tcp/631]");

async function finders(world: World, protocol: "mdns" | "ssdp"): Promise<string[]> {
  const names = ["laptop", "phone", "camera", "eve"] as const;
  const found = await Promise.all(names.map((name) => {
    const station = world.topology.station(name);
    return station.agent.call("discover", { protocol, interface: station.ipv4 });
  }));
  return names.filter((_, i) => found[i]!.includes(world.topology.station("printer").ipv4));
}

function discovery(protocol: "mdns" | "ssdp"): Check {
  return { name: `${protocol} finds a device only where a rule allows it`, run: async (world) => {
    const { agent, ipv4 } = world.topology.station("printer");
    await agent.call("discover", { protocol, answer: true, interface: ipv4 });
    await world.gateway.policy(policy(printing));
    expect((await finders(world, protocol)).length === 0, "found without a rule");
    await world.gateway.policy(policy(rule("laptop", "printers", `[tcp/631, ${protocol}]`)));
    const found = await finders(world, protocol);
    expect(found.join() === "laptop", `found by ${found.join(", ") || "nobody"}, expected laptop only`);
  } };
}

interface Explanation { allowed: boolean; because: string; rule?: number; reason: string }

export const operator: Check[] = [
  discovery("mdns"),
  discovery("ssdp"),
  { name: "explain names the rule that allows", run: async ({ gateway }) => {
    await gateway.policy(policy(printing));
    const told = await gateway.json<Explanation>("explain", macs.laptop, macs.printer, "tcp/631");
    expect(told.allowed && told.because === "rule" && told.rule === 0, JSON.stringify(told));
  } },
  { name: "explain says why something is denied", run: async ({ gateway }) => {
    const told = await gateway.json<Explanation>("explain", macs.camera, macs.printer, "tcp/631");
    expect(!told.allowed && told.reason.length > 0, JSON.stringify(told));
  } },
  { name: "quarantine by the command line cuts a station off, its session too", run: async (world) => {
    await world.gateway.policy(policy(printing, rule("people", "internet", "all")));
    const open = await session(world, "laptop", "printer", 631);
    await world.gateway.json("quarantine", macs.laptop);
    expect(await cut(open.forth), "its session goes on");
    await all(world, "closed", [["laptop", "printer", "tcp/631"], ["laptop", { v4: "198.51.100.10", v6: "2001:db8:1::10" }, "tcp/443"]]);
    await all(world, "open", [["phone", "printer", "tcp/631"]]);
  } },
  { name: "undo takes it back", run: async (world) => {
    await world.gateway.json("undo");
    await all(world, "open", [["laptop", "printer", "tcp/631"]]);
  } },
  { name: "allow by the command line opens a pair, undo closes it", run: async (world) => {
    await world.gateway.json("allow", macs.camera, macs.printer, "tcp/9100");
    await all(world, "open", [["camera", "printer", "tcp/9100"]]);
    await all(world, "closed", [["camera", "printer", "tcp/631"]]);
    await world.gateway.json("undo");
    await all(world, "closed", [["camera", "printer", "tcp/9100"]]);
  } },
];
