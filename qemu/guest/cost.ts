// SPDX-License-Identifier: Apache-2.0
// What a pair of stations gets: throughput, round-trip time, the first packet of a flow. Servers are started once, as starting a program is dear in the guest.
import type { Child } from "quickjs-ts";
import { inside, must, run, start, until } from "./command.ts";

const SERVICE = 7000;
/** Each new flow goes to another port than the last, and comes back to a port when all had their turn. */
const PORTS = 200;
const PING_PACE = 0.01;

export interface Pair { client: string; server: string; address: string }

export function serve({ server }: Pair): void {
  start(inside(server, ["iperf3", "--server"]), () => {});
  start(inside(server, ["exchange", "serve", String(SERVICE), String(PORTS)]), () => {});
}

async function iperf({ client, address }: Pair, seconds: number, ...more: string[]): Promise<{ bits_per_second: number; lost_percent?: number }> {
  const argv = inside(client, ["iperf3", "--json", "--time", String(seconds), "--client", address, ...more]);
  const { end, error } = JSON.parse((await run(argv, 60_000 + seconds * 1000)).stdout) as { end: Record<string, { bits_per_second: number; lost_percent?: number }>; error?: string };
  if (error) throw new Error(`iperf3 from ${client} to ${address}: ${error}`);
  return (end["sum_received"] ?? end["sum"])!;
}

/** Mbit/s of one TCP connection, as received. */
export const transfer = async (pair: Pair, seconds: number): Promise<number> => (await iperf(pair, seconds)).bits_per_second / 1e6;

/** Percent lost of UDP at a rate in Mbit/s. */
export const loss = async (pair: Pair, seconds: number, rate: number): Promise<number> => (await iperf(pair, seconds, "--udp", "--length", "1200", "--bitrate", `${rate}M`)).lost_percent!;

/** Round-trip times, milliseconds. Throws when more than one in a hundred is missing. */
export async function roundTrips({ client, address }: Pair, count: number): Promise<number[]> {
  const text = await must(inside(client, ["ping", "-n", "-i", String(PING_PACE), "-c", String(count), address]), 60_000);
  const times = [...text.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
  if (times.length < count * 0.99) throw new Error(`${client}: only ${times.length} of ${count} echo requests were answered`);
  return times;
}

/** New UDP flows, one at a time. */
export class NewFlows {
  #number = 0;
  #waiting: ((line: string) => void) | undefined;
  readonly #child: Child;

  constructor(readonly pair: Pair) {
    this.#child = start(inside(pair.client, ["exchange", "ask", pair.address, String(SERVICE)]), (line) => this.#waiting?.(line), () => {}, { stdin: "pipe" });
  }

  /** Milliseconds of its packets in order; one that was lost is infinite. */
  async next(): Promise<number[]> {
    let answer: string | undefined;
    this.#waiting = (line) => (answer = line);
    this.#child.write(new TextEncoder().encode(`${this.#number++ % PORTS}\n`));
    const line = await until(`a flow from ${this.pair.client}`, 20_000, () => answer, 2);
    return line.trim().split(" ").map((word) => (word === "-" ? Infinity : Number(word) / 1000));
  }

  close(): void {
    this.#child.closeStdin();
  }
}

/** The datapath forgets its flows: the next packet of every flow asks ovs-vswitchd. */
export const forgetFlows = (): Promise<string> => must(["ovs-appctl", "dpctl/del-flows"]);

/** What the kernel's datapath has done so far: packets that a flow was there for, packets that ovs-vswitchd was asked about, flow tables (masks) looked through. */
export async function datapath(): Promise<{ hit: number; missed: number; masks: number; total: number; flows: number }> {
  const text = await must(["ovs-appctl", "dpctl/show"]);
  const figure = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? NaN);
  return { hit: figure(/lookups: hit:(\d+)/), missed: figure(/missed:(\d+)/), masks: figure(/masks: hit:(\d+)/), total: figure(/masks: .*total:(\d+)/), flows: figure(/flows: (\d+)/) };
}
