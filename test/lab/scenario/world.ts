// SPDX-License-Identifier: Apache-2.0
// What the scenario's checks have in common: the network, the gateway, policies, and questions answered by real traffic.
import type { Attack } from "../attacks/index.ts";
import { sleep } from "../command.ts";
import { type Gateway, macs } from "../gateway.ts";
import type { StationName, Topology } from "../topology.ts";

export interface World {
  topology: Topology;
  gateway: Gateway;
  /** Which attacks succeed on the same network without Securebox. */
  unprotected: Promise<Map<Attack, boolean>>;
}

export interface Check {
  name: string;
  /** About the policy file, or about the backend: not for a gateway that is managed the other way. */
  only?: "standalone" | "backend";
  /** Throws when it does not hold, saying what was seen. May return a figure to print. */
  run(world: World): Promise<string | void>;
}

export const families = [4, 6] as const;
export type Family = (typeof families)[number];

/** Ports that every station serves. */
export const served = { tcp: [631, 9100], udp: [5000] };

/** "tcp/631", "udp/5000" or "icmp". */
export type Service = `tcp/${number}` | `udp/${number}` | "icmp";

export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** A policy with groups people (laptop, phone), printers and cameras, and these rules, one YAML mapping each. */
export function policy(...rules: string[]): string {
  return `network: lab
mode: intelligent-edge
groups:
  people:   [ { mac: "${macs.laptop}" }, { mac: "${macs.phone}" } ]
  printers: [ { mac: "${macs.printer}" } ]
  cameras:  [ { mac: "${macs.camera}" } ]
rules:${rules.length ? "" : " []"}
${rules.map((rule) => `  - ${rule}\n`).join("")}`;
}

/** A rule between two stations or groups, or to "internet". */
export function rule(from: string, to: string, allow: string, more = ""): string {
  const end = (name: string) => (name in macs ? `"${macs[name as StationName]}"` : name);
  return `{ from: ${end(from)}, to: ${end(to)}, allow: ${allow}${more} }`;
}

/** Whether `from` gets an answer to one new connection, datagram or echo request. */
export async function reaches({ topology }: World, from: StationName, to: StationName | { v4: string; v6: string }, service: Service, family: Family, deadline = 500): Promise<boolean> {
  const { agent } = topology.station(from);
  const address = typeof to === "string" ? topology.station(to).address(family) : family === 4 ? to.v4 : to.v6;
  if (service === "icmp") return (await agent.call("ping", { address, wait: deadline })).received > 0;
  const [protocol, port] = service.split("/") as ["tcp" | "udp", string];
  return agent.call("exchange", { protocol, address, port: Number(port), deadline }).then(() => true, () => false);
}

/** One way to ask: who, whom, what. */
export type Way = [from: StationName, to: StationName | { v4: string; v6: string }, service: Service];

/** Asked again as a person would: the switch brings its datapath in line some milliseconds after a policy is in force, and a lost first packet costs a second. How fast edits are is measured elsewhere. */
const TRIES = 3;

async function becomes(wanted: "open" | "closed", world: World, way: Way, family: Family): Promise<boolean> {
  for (let left = TRIES; left > 0; left--) if ((await reaches(world, ...way, family)) === (wanted === "open")) return true;
  return false;
}

/** Asks all ways in both families at once; throws naming those that are not as wanted. */
export async function all(world: World, wanted: "open" | "closed", ways: readonly Way[], only: readonly Family[] = families): Promise<void> {
  const asked = ways.flatMap((way) => only.map((family) => ({ way, family })));
  const wrong = await Promise.all(asked.map(async ({ way, family }) => ((await becomes(wanted, world, way, family)) ? [] : [`${describe(way)} IPv${family}`])));
  expect(wrong.flat().length === 0, `not ${wanted}: ${wrong.flat().join(", ")}`);
}

function describe([from, to, service]: Way): string {
  return `${from} to ${typeof to === "string" ? to : to.v4} ${service}`;
}

/** Runs `action` while datagrams go from `from` to a port of `to` and back every `interval` milliseconds; what became of them. */
export async function during(world: World, from: StationName, to: StationName, action: () => Promise<unknown>, family: Family = 4, interval = 10): Promise<{ lost: number; gap: number; sent: number; times: number[] }> {
  const { agent } = world.topology.station(from);
  const stream = await agent.call("startStream", { address: world.topology.station(to).address(family), port: 5000, interval });
  await sleep(100);
  await action();
  const { sent, received, gap, times } = await agent.call("stopStream", { stream });
  return { lost: sent - received, gap: Math.round(gap), sent, times };
}

/** An open TCP connection through which both ends can speak. */
export interface Session {
  /** The client speaks and hears its echo. */
  forth(deadline?: number): Promise<boolean>;
  /** The server speaks first. */
  back(deadline?: number): Promise<boolean>;
}

/** Whether an exchange fails within a second: the datapath follows the tables some milliseconds after the barrier, later on a busy machine. */
export async function cut(exchange: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + 1000; performance.now() < end; await sleep(20)) if (!(await exchange())) return true;
  return false;
}

let pushed = 0;

export async function session({ topology }: World, from: StationName, to: StationName, port: number, family: Family = 4): Promise<Session> {
  const [client, server] = [topology.station(from).agent, topology.station(to).agent];
  const id = await client.call("connect", { address: topology.station(to).address(family), port });
  return {
    forth: (deadline = 400) => client.call("exchange", { session: id, deadline }).then(() => true, () => false),
    back: async (deadline = 400) => {
      const text = `pushed ${pushed++}`;
      const heard = client.call("hear", { session: id, text, deadline }).then(() => true, () => false);
      await server.call("push", { port, text });
      return heard;
    },
  };
}
