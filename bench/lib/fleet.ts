// SPDX-License-Identifier: Apache-2.0
// Simulated gateways in processes of their own, spoken to by words on their standard input.
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onLines } from "../../test/lab/command.ts";
import type { Connected, FleetReport } from "../programs/fleet.ts";
import type { BackendProcess } from "./backend.ts";
import { end, program, start } from "./program.ts";

/** Simulated gateways that one process holds without being what is measured. */
const PER_PROCESS = 500;
const PATIENCE = 180_000;

export class Fleet {
  readonly #members: Member[];
  private constructor(members: Member[]) { this.#members = members; }

  /** Invites `count` gateways into `network` and starts their processes; they have no certificates yet. */
  static async prepare(backend: BackendProcess, network: string, directory: string, count: number): Promise<Fleet> {
    const argv = await program("fleet", "node");
    const members: Member[] = [];
    for (let first = 0; first < count; first += PER_PROCESS) {
      const tokens: string[] = [];
      for (let i = first; i < Math.min(count, first + PER_PROCESS); i++) tokens.push(await backend.invite(network, `gw-${i}`));
      const file = join(directory, `fleet-${first}.json`);
      writeFileSync(file, JSON.stringify({ first, tokens }), { mode: 0o600 });
      members.push(new Member(start([...argv, file], "pipe", "pipe")));
    }
    return new Fleet(members);
  }

  async enrol(): Promise<void> { await this.#say<unknown>("enrol"); }

  /** Resolves when all are welcomed. */
  async connect(): Promise<Connected> {
    const parts = await this.#say<Connected>("connect");
    return { welcomed: parts.flatMap(({ welcomed }) => welcomed), failed: parts.reduce((sum, { failed }) => sum + failed, 0), reason: parts.find(({ reason }) => reason)?.reason };
  }

  async report(): Promise<FleetReport> {
    const total: FleetReport = { cpu: 0, connected: 0, versions: {}, lost: 0 };
    for (const { cpu, connected, versions, lost } of await this.#say<FleetReport>("report")) {
      total.connected += connected;
      total.cpu += cpu;
      total.lost += lost;
      for (const [version, count] of Object.entries(versions)) total.versions[version] = (total.versions[version] ?? 0) + count;
    }
    return total;
  }

  async end(): Promise<void> { await Promise.all(this.#members.map((member) => member.end())); }

  #say<T>(word: string): Promise<T[]> { return Promise.all(this.#members.map((member) => member.say<T>(word))); }
}

/** One process; a word at a time. */
class Member {
  readonly #child: ChildProcess;
  #answer: (line: string) => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    onLines(child.stdout!, (line) => this.#answer(line));
    child.stdin!.on("error", () => {});
    child.on("exit", () => this.#fail(new Error("a process of the fleet ended")));
  }

  say<T>(word: string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the fleet: no answer to "${word}" within ${PATIENCE / 1000} s`)), PATIENCE);
      this.#fail = reject;
      this.#answer = (line) => {
        const answer = JSON.parse(line) as T & { error?: string };
        if (answer.error !== undefined) reject(new Error(`the fleet, ${word}: ${answer.error}`));
        else resolve(answer);
        clearTimeout(timer);
      };
      this.#child.stdin!.write(`${word}\n`);
    });
  }

  /** A second for farewells. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
    await end(this.#child);
  }
}
