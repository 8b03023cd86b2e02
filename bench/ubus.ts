// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { must, until } from "../test/lab/command.ts";
import { bundleOptions } from "../tools/bundle.mjs";
import type { Called } from "./programs/ubus-caller.ts";
import { end, type Engine, output, program, start } from "./lib/program.ts";
import { median, print, type Result } from "./lib/result.ts";
import { usageOf } from "./lib/usage.ts";

export const about = "calls over ubus per second and memory, against spawning `ubus call`; OPENWRT_PREFIX names the real ubusd and ubus";

const prefix = process.env["OPENWRT_PREFIX"];
const ENGINES: readonly Engine[] = ["quickjs", "node"];
const ARGUMENTS = '{"mac":"02:00:00:00:00:01","signal":-60}';
const WINDOW = 50;

interface Effort { calls: number; spawned: number; runs: number }

export async function run(): Promise<void> {
  for (const result of [...(await measureSize()), ...(await measureCalls({ calls: 20_000, spawned: 300, runs: 5 }))]) print(result);
}

export async function measureCalls(effort: Effort): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "ubus-bench-"));
  const socket = join(directory, "ubus.sock");
  const daemon = start(prefix ? ["env", `LD_LIBRARY_PATH=${prefix}/lib`, `${prefix}/sbin/ubusd`, "-s", socket] : [...(await program("ubus-daemon", "node")), socket]);
  try {
    await until("the daemon", 20_000, () => existsSync(socket));
    return await measure(socket, effort);
  } finally {
    await end(daemon);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(socket: string, { calls, spawned, runs }: Effort): Promise<Result[]> {
  const provider = start([...(await program("ubus-provider", "quickjs")), socket], "pipe");
  const callers = Object.fromEntries(await Promise.all(ENGINES.map(async (engine) => [engine, await program("ubus-caller", engine)] as const)));
  const peer = spawner(socket);
  try {
    await once(provider.stdout!, "data");
    const figures: Record<string, number[]> = {};
    const keep = (name: string, value: number): void => void (figures[name] ??= []).push(value);
    // In turns, so that what else the machine does meets all of them alike.
    for (let turn = 0; turn < runs; turn++) {
      for (const engine of ENGINES) {
        for (const window of [1, WINDOW]) {
          const { ms, idle, peak } = await output<Called>([...callers[engine]!, socket, String(calls), String(window)]);
          keep(`${engine} ${window}`, (calls * 1000) / ms);
          keep(`${engine} idle`, idle);
          keep(`${engine} peak`, peak);
        }
      }
      const begun = performance.now();
      await must(["sh", "-c", `i=0; while [ $i -lt ${spawned} ]; do ${peer.line} >/dev/null || exit 1; i=$((i+1)); done`], { deadline: 60_000 });
      keep("peer", (spawned * 1000) / (performance.now() - begun));
    }
    const peerValue = median(figures["peer"]!);
    const note = `daemon: ${prefix ? "ubusd" : "stand-in for ubusd, on Node.js"}; provider: ubus-ts on QuickJS, ${(usageOf(provider.pid!).resident).toFixed(1)} MB; ${runs} runs`;
    return ENGINES.flatMap((engine): Result[] => {
      const rates = [1, WINDOW].map((window): Result => {
        const value = median(figures[`${engine} ${window}`]!);
        return { bench: "ubus", metric: `${engine}${window === 1 ? "-one-at-a-time" : ""}`, unit: "per second", value, peer: peer.name, peerValue, ratio: value / peerValue, note: `${window} under way; ${note}` };
      });
      const most = median(figures[`${engine} peak`]!).toFixed(1);
      return [...rates, { bench: "ubus", metric: `${engine}-memory`, unit: "MB", value: median(figures[`${engine} idle`]!), note: `resident, connected and idle; ${most} at most under load` }];
    });
  } finally {
    await end(provider);
  }
}

/** A shell's line that makes the same call by a process of its own. */
function spawner(socket: string): { name: string; line: string } {
  if (prefix) return { name: "spawning ubus call", line: `LD_LIBRARY_PATH=${prefix}/lib ${prefix}/bin/ubus -s ${socket} call bench echo '${ARGUMENTS}'` };
  const file = join(process.cwd(), "build/bench/ubus-call");
  mkdirSync(join(file, ".."), { recursive: true });
  execFileSync("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "bench/programs/ubus-call.c", "-o", file]);
  return { name: "spawning a stand-in for ubus call (C, no JSON)", line: `${file} ${socket} bench echo` };
}

/** Of a program that uses everything of ubus-ts, and of one that uses the codec. */
async function measureSize(): Promise<Result[]> {
  const results: Result[] = [];
  for (const [metric, entry] of [["size", "ubus-ts"], ["size-codec", "ubus-ts/codec"]] as const) {
    const stdin = { contents: `export * from ${JSON.stringify(entry)};`, resolveDir: process.cwd() };
    const { outputFiles } = await build({ ...bundleOptions("quickjs"), stdin, write: false, minify: true, sourcemap: false });
    const { contents } = outputFiles[0]!;
    results.push({ bench: "ubus", metric, unit: "kB", value: contents.length / 1000, note: `bundled and minified; ${gzipSync(contents).length} B compressed` });
  }
  return results;
}
