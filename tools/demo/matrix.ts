// SPDX-License-Identifier: Apache-2.0
// Who reaches whom over what, found out by real traffic.
import type { StationName, Topology } from "../../test/lab/topology.ts";
import { network } from "../../test/lab/uplink.ts";

export const rows: StationName[] = ["laptop", "phone", "printer", "camera"];
export const columns = [...rows, "router", "vendor", "elsewhere"] as const;
type Column = (typeof columns)[number];

/** What the stations serve, and how the matrix calls it. */
export const services = { 631: "print", 8080: "watch" } as const;

/** row -> column -> words: "ping", "print", "watch", "https". */
export type Matrix = Record<StationName, Record<Column, string[]>>;

const patience = 400;

export async function probe(topology: Topology): Promise<Matrix> {
  const rowOf = async (from: StationName) => Object.fromEntries(await Promise.all(columns.map(async (to) => [to, from === to ? [] : await words(topology, from, to)])));
  return Object.fromEntries(await Promise.all(rows.map(async (from) => [from, await rowOf(from)]))) as Matrix;
}

async function words(topology: Topology, from: StationName, to: Column): Promise<string[]> {
  const { agent } = topology.station(from);
  if (to === "vendor") return open(agent.call("lookup", { name: "www.vendor.example", type: "A", server: network.router4, deadline: patience }).then(([address]) => connect(address!, 443)), "https");
  if (to === "elsewhere") return open(connect(network.internet.blocked.v4, 443), "https");
  const address = to === "router" ? network.router4 : topology.station(to).ipv4;
  const ping = open(agent.call("ping", { address, wait: patience }).then(({ received }) => received > 0 || Promise.reject(new Error("silent"))), "ping");
  const asked = to === "router" ? [] : Object.entries(services).map(([port, word]) => open(connect(address, Number(port)), word));
  return (await Promise.all([ping, ...asked])).flat();

  function connect(destination: string, port: number): Promise<number> {
    return agent.call("exchange", { protocol: "tcp", address: destination, port, deadline: patience });
  }
}

function open(attempt: Promise<unknown>, word: string): Promise<string[]> {
  return attempt.then(() => [word], () => []);
}

/** The matrix as lines of text. */
export function draw(matrix: Matrix): string[] {
  const width = 18;
  const cell = (text: string) => text.padEnd(width).slice(0, width);
  const head = cell("from \\ to") + columns.map(cell).join("");
  return [head, ...rows.map((from) => cell(from) + columns.map((to) => cell(from === to ? "-" : matrix[from][to].join(" ") || ".")).join(""))];
}

/** What changed, one line each: "laptop -> printer: print opened". */
export function changes(before: Matrix, after: Matrix): string[] {
  return rows.flatMap((from) => columns.flatMap((to) => {
    const [old, now] = [before[from][to], after[from][to]];
    return [...now.filter((word) => !old.includes(word)).map((word) => `${from} -> ${to}: ${word} opened`), ...old.filter((word) => !now.includes(word)).map((word) => `${from} -> ${to}: ${word} closed`)];
  }));
}
