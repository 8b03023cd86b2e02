// SPDX-License-Identifier: Apache-2.0
// Echo requests between stations, and what a station's radio received.
import type { Millis } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { inside, run, sleep, start, until } from "./command.ts";

/** Whether an echo request is answered within some tries of a second. Rejects when none could be sent, which is neither. */
export async function reaches(from: string, address: string, tries = 3): Promise<boolean> {
  const { stdout, stderr } = await run(inside(from, ["ping", "-n", "-q", "-c", String(tries), "-i", "0.3", "-W", "1", "-w", String(tries), address]));
  const [, sent, received] = /^(\d+) packets transmitted, (\d+) received/m.exec(stdout) ?? [];
  if (!Number(sent)) throw new Error(`${from} sends nothing to ${address}: ${stderr.trim() || stdout.trim()}`);
  return Number(received) > 0;
}

/** Those of some addresses that answer an echo request within some tries of a second, asked at the same time. */
export async function reachesEach(from: string, addresses: readonly string[], tries = 3): Promise<Set<string>> {
  const each = `for i in ${Array.from({ length: tries }, (_, i) => i).join(" ")}; do ping -n -q -c 1 -W 1 $a > /dev/null && { echo $a; break; }; done`;
  const { stdout } = await run(inside(from, ["sh", "-c", `for a in ${addresses.join(" ")}; do { ${each}; } & done; wait`]), 10_000 + tries * 4000);
  return new Set(stdout.split("\n").filter(Boolean));
}

export interface Flow {
  sent: number;
  lost: number;
  /** Longest time between two answers. Milliseconds. */
  gap: Millis;
}

/** Echo requests at a steady pace until `stop`. */
export class Stream {
  readonly #answers: { sequence: number; at: Millis }[] = [];
  readonly #first: Millis;
  #heard: Millis | undefined;
  readonly #child: { kill(signal?: string): void };
  #ended = false;
  #sent = 0;

  constructor(from: string, address: string, readonly interval: Millis) {
    this.#first = platform.time.now();
    const words = ["ping", "-n", "-D", "-i", String(interval / 1000), address];
    this.#child = start(inside(from, words), (line) => this.#line(line), () => (this.#ended = true));
  }

  /** Milliseconds from the start to the first answer; undefined while there is none. */
  get firstAnswer(): Millis | undefined { return this.#heard; }

  /** Milliseconds since the start. */
  elapsed(): Millis { return platform.time.now() - this.#first; }

  /** Longest silence that touches the time from `start` to `end`, as `date` tells it. */
  silence(start: Millis, end: Millis): Millis {
    const times = [...this.#answers.map(({ at }) => at).filter((at) => at < end + 2000), end];
    return Math.max(0, ...times.slice(1).map((at, i) => (at >= start && times[i]! <= end ? at - times[i]! : 0)));
  }

  /** `[seconds.micro] 64 bytes from ...: icmp_seq=N`: the kernel's time of arrival, not ours. */
  #line(line: string): void {
    const answer = /^\[([\d.]+)\] .*icmp_seq=(\d+) ttl/.exec(line);
    if (!answer) return this.#total(line);
    this.#heard ??= this.elapsed();
    if (!line.includes("DUP")) this.#answers.push({ sequence: Number(answer[2]), at: Number(answer[1]) * 1000 });
  }

  #total(line: string): void {
    const total = /^(\d+) packets transmitted/.exec(line);
    if (total) this.#sent = Number(total[1]);
  }

  /** Answers that are on their way are waited for. */
  async stop(): Promise<Flow> {
    this.#child.kill("SIGINT");
    await until("ping's end", 10_000, () => this.#ended);
    const gaps = this.#answers.slice(1).map(({ at }, i) => at - this.#answers[i]!.at);
    return { sent: this.#sent, lost: this.#sent - new Set(this.#answers.map(({ sequence }) => sequence)).size, gap: Math.max(0, ...gaps) };
  }
}

/** Counts frames that an interface receives. */
export class Capture {
  #frames = 0;
  readonly seen: string[] = [];
  readonly #child: { kill(signal?: string): void };
  #ended = false;

  private constructor(namespace: string | undefined, name: string, filter: string, direction: readonly string[]) {
    this.#child = start(inside(namespace, ["tcpdump", "-Z", "root", "-l", "-n", "-e", "-i", name, ...direction, filter]), (line) => this.#line(line), () => (this.#ended = true));
  }

  /** A frame may take more lines; the first begins with the time. */
  #line(line: string): void {
    if (!/^\d\d:/.test(line)) return;
    this.#frames++;
    if (this.seen.length < 5) this.seen.push(line);
  }

  /** Resolves when it listens. */
  static async start(namespace: string | undefined, name: string, filter: string, incoming = true): Promise<Capture> {
    const capture = new Capture(namespace, name, filter, incoming ? ["-Q", "in"] : []);
    await sleep(1500); // tcpdump says that it listens before it does
    return capture;
  }

  async stop(): Promise<number> {
    await sleep(300);
    this.#child.kill("SIGINT");
    await until("tcpdump's end", 10_000, () => this.#ended);
    return this.#frames;
  }
}
