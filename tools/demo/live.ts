// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot, sleep } from "../../test/lab/command.ts";
import { Backend } from "../../test/lab/backend.ts";
import { Gateway } from "../../test/lab/gateway.ts";
import { Topology } from "../../test/lab/topology.ts";
import type { DemoOptions } from "../demo.ts";
import { changes, draw, type Matrix, probe, rows, services } from "./matrix.ts";

/** Of this machine's loopback address; another one when it is taken. */
const CONSOLE_PORT = 8080;

/** Shows the network until a signal ends the process. */
export async function demoLive({ ovs, engine, management }: DemoOptions): Promise<number> {
  tell("building the network: namespaces, Open vSwitch, four stations, a router");
  const topology = await Topology.create({ mode: "isolating", ovs });
  tell(`starting the gateway on ${engine}`);
  const policy = readFileSync(join(repositoryRoot(), "tools/demo/policy.yaml"), "utf8");
  const gateway = await Gateway.start(topology, engine, policy, true);
  const console = management === "backend" ? await startBackend(topology, gateway, policy) : undefined;
  tell("the stations join, and get their addresses through the switch");
  await topology.online(...rows);
  for (const name of rows) for (const port of Object.keys(services)) await topology.station(name).agent.call("serve", { protocol: "tcp", port: Number(port) });
  const hints = console ? [...inTheConsole(gateway.backend!, console), ...whatToTry(topology, gateway)] : [...inTheFile(gateway), ...whatToTry(topology, gateway)];
  if (!process.stdout.isTTY) process.stdout.write(hints.join("\n") + "\n");
  let last: Matrix | undefined;
  const recent: string[] = [];
  for (;;) {
    const matrix = await probe(topology);
    const news = last ? changes(last, matrix).map((line) => `${new Date().toTimeString().slice(0, 8)} ${line}`) : [];
    recent.push(...news);
    if (process.stdout.isTTY) redraw(matrix, recent.slice(-6), await health(gateway), hints);
    else process.stdout.write([...(last ? [] : draw(matrix)), ...news].map((line) => line + "\n").join(""));
    last = matrix;
    await sleep(500);
  }
}

function redraw(matrix: Matrix, recent: string[], state: string, hints: string[]): void {
  const lines = ["Securebox: who reaches whom over what, now", "", ...draw(matrix), "", state, "", ...recent, ...(recent.length ? [""] : []), ...hints];
  process.stdout.write("\x1b[H" + lines.map((line) => `${line}\x1b[K\n`).join("") + "\x1b[J");
}

async function health(gateway: Gateway): Promise<string> {
  const status = await gateway.status().catch(() => undefined);
  if (!status) return "gateway: does not answer; what was allowed and denied stays so";
  const wrong = status.policy.errors[0];
  const { source, version } = status.policy;
  const policy = source === "backend" ? `version ${version} of the backend's policy is in force${status.backend?.state === "connected" ? "" : "; the backend is away"}` : wrong ? `the policy file is invalid, line ${wrong.line ?? "?"}: ${wrong.message}; the last valid one stays in force` : "the policy file is in force";
  return `gateway: process ${status.pid}, ${status.switch.flows} flows, ${(status.memory.resident / 1e6).toFixed(1)} MB; ${policy}`;
}

function whatToTry(topology: Topology, gateway: Gateway): string[] {
  const securebox = `build/securebox --socket ${gateway.socket}`;
  return [
    "Ask and decide, in another terminal:",
    `  ${securebox} status`,
    `  ${securebox} explain phone printer tcp/631`,
    `  ${securebox} quarantine laptop`,
    `  ${securebox} undo`,
    "Be the phone:",
    `  ip netns exec ${topology.station("phone").namespace.path} ping ${topology.station("printer").ipv4}`,
    "Kill the gateway; the network stays protected, and its supervisor starts it again:",
    `  kill -9 $(${securebox} status --json | sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p')`,
    "",
    "Ctrl-C ends the demo and removes everything that it made.",
  ];
}

/** The backend beside the network, the gateway enrolled with it. The console's address on this machine. */
async function startBackend(topology: Topology, gateway: Gateway, policy: string): Promise<string> {
  tell("starting the backend: broker, store, API and console");
  const backend = await Backend.start(topology.lab, topology.ap);
  tell("enrolling the gateway; the policy is pushed through the API");
  await gateway.join(backend, "demo-gateway", policy);
  return `http://127.0.0.1:${await backend.expose(CONSOLE_PORT).catch(() => backend.expose())}`;
}

function inTheConsole(backend: Backend, address: string): string[] {
  return [
    "Edit the policy in the console, and look here:",
    `  ${address}   user admin, password ${backend.password()}`,
  ];
}

function inTheFile(gateway: Gateway): string[] {
  return ["Edit the policy, in another terminal, and look here:", `  nano ${gateway.policyFile}`];
}

function tell(line: string): void {
  process.stderr.write(`[demo] ${line}\n`);
}
