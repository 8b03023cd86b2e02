// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { bundleTest, type Engine } from "./bundle.ts";
import { bootsMachines, isSystem } from "./discover.ts";

export interface Job {
  file: string;
  engine: Engine;
  /** Milliseconds for the whole file. */
  deadline: number;
}

export interface Outcome {
  job: Job;
  passed: number;
  failed: number;
  /** What the file printed, without the result line; and why it counts as dead, if it does. */
  output: string;
  millis: number;
}

/** The command that runs a bundle, e.g. ["node", "--enable-source-maps"]. */
export type Launcher = Record<Engine, readonly string[]>;

const resultLine = /^#tests (\{.*\})\n/m;
/** For one test with real daemons: a link may have to be cut for a minute. Milliseconds. */
const patience = "150000";
/** For one test that boots a machine and runs a scenario in it. Milliseconds. */
const machinePatience = "700000";
/** The file's own deadline comes first and names the test; this one catches a process that does not even run its timers. */
const grace = 5_000;

function judge(job: Job, output: string, code: number | null, signal: string | null, millis: number): Outcome {
  const found = resultLine.exec(output);
  const { passed, failed } = found ? (JSON.parse(found[1]!) as { passed: number; failed: number }) : { passed: 0, failed: 0 };
  const rest = output.replace(resultLine, "");
  const died = code !== 0 && failed === 0 ? `ended with ${signal ?? `status ${code}`}${found ? " after its tests" : " before its tests ended"}\n` : "";
  const empty = code === 0 && (!found || passed === 0) ? "ended without running a test\n" : "";
  return { job, passed, failed: died || empty ? Math.max(1, failed) : failed, output: rest + died + empty, millis };
}

/** Bundles and runs one test file in a child process of its own, in a process group of its own. Never rejects. */
export async function runFile(root: string, job: Job, launcher: Launcher, environment: Record<string, string>): Promise<Outcome> {
  const start = performance.now();
  const spent = () => Math.round(performance.now() - start);
  let bundle: string;
  try {
    bundle = await bundleTest(root, job.file, job.engine);
  } catch (error) {
    return { job, passed: 0, failed: 1, output: `${String(error)}\n`, millis: spent() };
  }
  const [program, ...first] = launcher[job.engine];
  mkdirSync(`${root}/build/test`, { recursive: true });
  const env = { ...process.env, NO_COLOR: "1", ...(isSystem(job.file) && { SECUREBOX_TEST_TIMEOUT: bootsMachines(job.file) ? machinePatience : patience }), ...environment, SECUREBOX_TEST_DEADLINE: String(job.deadline) };
  const child = spawn(program!, [...first, bundle], { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: string) => { output += chunk; };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  return new Promise((resolve) => {
    const killGroup = () => { try { process.kill(-child.pid!, "SIGKILL"); } catch { /* already gone */ } };
    const timer = setTimeout(() => { output += `killed: no end ${grace} ms after its deadline of ${job.deadline} ms\n`; killGroup(); }, job.deadline + grace);
    child.on("error", (error) => { clearTimeout(timer); resolve({ job, passed: 0, failed: 1, output: `${String(error)}\n`, millis: spent() }); });
    child.on("exit", () => setTimeout(killGroup, 200)); // children that the test left behind would keep the pipes open
    child.on("close", (code, signal) => { clearTimeout(timer); resolve(judge(job, output, code, signal, spent())); });
  });
}
