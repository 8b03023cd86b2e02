// SPDX-License-Identifier: Apache-2.0
// The lab's side of an agent: calls into a namespace's network stack.
import { type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";
import type { discover, lookup, lookupByTcp } from "./agent/names.ts";
import type { ping } from "./agent/ping.ts";
import type { relay } from "./agent/relay.ts";
import type { connect, exchange, get, hear, push, serve } from "./agent/sockets.ts";
import type { startStream, stopStream } from "./agent/stream.ts";
import { onLines, repositoryRoot } from "./command.ts";
import type { Lab, Namespace } from "./namespace.ts";

export interface AgentCalls {
  connect: typeof connect;
  discover: typeof discover;
  exchange: typeof exchange;
  get: typeof get;
  hear: typeof hear;
  lookup: typeof lookup;
  lookupByTcp: typeof lookupByTcp;
  ping: typeof ping;
  push: typeof push;
  relay: typeof relay;
  serve: typeof serve;
  startStream: typeof startStream;
  stopStream: typeof stopStream;
}

/** Longer than any call's own deadline in practice: a call that overruns it is a broken agent. */
const callDeadline = 60_000;

export class Agent {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void; timer: NodeJS.Timeout }>();
  #next = 1;

  private constructor(lab: Lab, namespace: Namespace, program: string) {
    this.#process = lab.spawn(namespace.inside([process.execPath, program]), { stdio: ["pipe", "pipe", "inherit"] });
    onLines(this.#process.stdout!, (line) => this.#answer(JSON.parse(line)));
    this.#process.stdin!.on("error", () => {});
    this.#process.on("exit", () => this.#fail(new Error(`agent in ${namespace.name} ended`)));
  }

  static async start(lab: Lab, namespace: Namespace): Promise<Agent> {
    return new Agent(lab, namespace, await agentProgram(lab));
  }

  /** Rejects with the error's code ("ECONNREFUSED"), or "timeout". */
  call<K extends keyof AgentCalls>(call: K, argument: Parameters<AgentCalls[K]>[0]): ReturnType<AgentCalls[K]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => (this.#pending.delete(id), reject(new Error(`agent: ${call}: no answer`))), callDeadline);
      this.#pending.set(id, { resolve, reject, timer });
      this.#process.stdin!.write(JSON.stringify({ id, call, ...argument }) + "\n");
    }) as ReturnType<AgentCalls[K]>;
  }

  #answer({ id, value, error }: { id: number; value?: unknown; error?: string }): void {
    const waiting = this.#pending.get(id);
    if (!waiting) return;
    this.#pending.delete(id);
    clearTimeout(waiting.timer);
    if (error === undefined) waiting.resolve(value);
    else waiting.reject(new Error(error));
  }

  #fail(error: Error): void {
    for (const { reject, timer } of this.#pending.values()) clearTimeout(timer), reject(error);
    this.#pending.clear();
  }
}

const built = new WeakMap<Lab, Promise<string>>();

/** Bundles the agent, once per lab. */
function agentProgram(lab: Lab): Promise<string> {
  const outfile = join(lab.directory, "agent.mjs");
  const entry = join(repositoryRoot(), "test/lab/agent/main.ts");
  const making = built.get(lab) ?? build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm", target: "es2023", logLevel: "warning" }).then(() => outfile);
  built.set(lab, making);
  return making;
}
