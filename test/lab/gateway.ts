// SPDX-License-Identifier: Apache-2.0
// The gateway under test as its users have it: a process with a configuration, a policy file and a command line.
import { type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusResult } from "../../src/gateway/control/protocol.ts";
import { bundle } from "../../tools/bundle.mjs";
import type { PortRole } from "../../src/wifi-isolation/network.ts";
import type { Backend } from "./backend.ts";
import { repositoryRoot, run, type RunResult, until } from "./command.ts";
import { smallDisk } from "./disk.ts";
import { plans, portRoles, type Topology } from "./topology.ts";
import { network } from "./uplink.ts";

export type Engine = "quickjs" | "node";

/** On a machine with nothing to spare a process on Node takes seconds to begin (seen: 7 s until its first line, 3 s for a command); the switch is ready half a second later. */
const [STARTED_WITHIN, ANSWERED_WITHIN] = [40_000, 15_000];

/** Where a gateway runs. `roles` of the ports, if they are not those of `Topology`. */
export type Site = Pick<Topology, "lab" | "ap" | "ovs" | "radio"> & { roles?: Readonly<Record<string, PortRole>> };

export class Gateway {
  readonly policyFile: string;
  readonly logFile: string;
  readonly socket: string;
  readonly configFile: string;
  /** On a file system of its own, of one megabyte, so that it can be filled. */
  readonly stateDirectory: string;
  readonly #topology: Site;
  readonly #program: readonly string[];
  readonly #supervised: boolean;
  #process: ChildProcess | undefined;
  /** Where policies are pushed to, once the gateway has joined. */
  #joined: { backend: Backend; network: string; id: string } | undefined;

  private constructor(topology: Site, program: readonly string[], supervised: boolean) {
    this.#supervised = supervised;
    const at = (name: string) => join(topology.lab.directory, name);
    this.#topology = topology;
    this.#program = program;
    this.policyFile = at("policy.yaml");
    this.logFile = at("gateway.log");
    this.socket = at("securebox.sock");
    this.configFile = at("gateway.yaml");
    this.stateDirectory = at("state");
  }

  /** Prepares everything and starts the gateway under `policy`; resolves when its flows are in force. `supervised`: it starts again when it dies. */
  static async start(topology: Site, engine: Engine, policy: string, supervised = false): Promise<Gateway> {
    const gateway = new Gateway(topology, await gatewayProgram(engine), supervised);
    mkdirSync(gateway.stateDirectory);
    await smallDisk(gateway.stateDirectory, "1m");
    writeFileSync(gateway.configFile, configuration(gateway, topology));
    writeFileSync(gateway.policyFile, policy);
    await gateway.run();
    return gateway;
  }

  /** Starts the process, after a kill for example, and waits until its flows are in force. `clock`: what its wall clock says, for libfaketime ("-1h"). */
  async run(clock?: string): Promise<void> {
    const log = openSync(this.logFile, "a");
    const environment = clock === undefined ? [] : ["env", ...wrongClock(clock)];
    const child = this.#topology.lab.spawn(this.#topology.ap.inside([...environment, ...this.#program, "gateway", "--config", this.configFile, ...(this.#supervised ? ["--supervise"] : [])]), { stdio: ["ignore", log, log] });
    this.#process = child;
    await until("the gateway", STARTED_WITHIN, () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the gateway ended: ${this.lastWords()}`);
      return this.status().then((status) => status.healthy, () => false);
    }).catch(async (error: Error) => {
      const status = await this.status().catch((reason: Error) => reason.message);
      throw new Error(`${error.message}; ${JSON.stringify(status)}; its log ends: ${this.lastWords()}`);
    });
  }

  /** Resolves when the process is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await until("the gateway's end", 5000, () => child.exitCode !== null || child.signalCode !== null, 5);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Enrols with the backend, as its user does, after `policy` was pushed there; resolves when that is in force. */
  async join(backend: Backend, id: string, policy: string): Promise<void> {
    const network = /^network: (\S+)$/m.exec(policy)![1]!;
    const token = await backend.invite(network, id);
    await backend.push(network, policy);
    const { code, stderr } = await run([...this.#program, "enroll", "-", "--socket", this.socket], { input: token, deadline: 15_000 });
    if (code !== 0) throw new Error(`securebox enroll: exit status ${code}: ${stderr.trim()}`);
    this.#joined = { backend, network, id };
    await this.policy(policy);
  }

  get backend(): Backend | undefined { return this.#joined?.backend; }
  get id(): string | undefined { return this.#joined?.id; }

  /** The command line: `cli("explain", "laptop", "printer")`. `policy check` asks no gateway and takes no socket. */
  cli(...args: string[]): Promise<RunResult> {
    const socket = args[1] === "check" ? [] : ["--socket", this.socket];
    return run([...this.#program, ...args, ...socket], { deadline: ANSWERED_WITHIN });
  }

  /** With `--json`; rejects when it fails. Exit status 1 means no, and is no failure. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.cli(...args, "--json");
    if (code !== 0 && code !== 1) throw new Error(`securebox ${args.join(" ")}: exit status ${code}: ${stderr.trim() || stdout.trim()}`);
    return JSON.parse(stdout) as T;
  }

  status(): Promise<StatusResult> {
    return this.json("status");
  }

  /** Pushes the policy through the backend's API, or replaces the policy file at once, as editors do; does not wait for it to be in force. */
  async writePolicy(text: string): Promise<void> {
    if (this.#joined) return void (await this.#joined.backend.push(this.#joined.network, text));
    writeFileSync(`${this.policyFile}.new`, text);
    renameSync(`${this.policyFile}.new`, this.policyFile);
  }

  /** Pushes the policy, or replaces its file, and waits until `effect` is seen; milliseconds from the beginning to then. */
  async edit(text: string, effect: () => Promise<boolean>, deadline = 3000): Promise<number> {
    const start = performance.now();
    await this.writePolicy(text);
    await until("the edit's effect", deadline, effect, 2);
    return performance.now() - start;
  }

  /** Pushes the policy, or replaces its file, and waits until the gateway says that it is in force, or is not. */
  async policy(text: string): Promise<void> {
    if (this.#joined) return this.#pushed(text, this.#joined);
    if (readFileSync(this.policyFile, "utf8") === text) return;
    const before = (await this.status()).policy;
    await this.writePolicy(text);
    await until("the policy in force", 3000, async () => {
      const { policy, switch: { state } } = await this.status();
      return state === "ready" && (policy.since !== before.since || policy.digest !== before.digest || policy.errors.length > 0);
    });
  }

  async #pushed(text: string, { backend, network }: { backend: Backend; network: string }): Promise<void> {
    const version = await backend.push(network, text);
    await until(`version ${version} in force`, 8000, async () => {
      const { policy, switch: { state } } = await this.status();
      return state === "ready" && policy.source === "backend" && policy.version === version;
    });
  }

  lastWords(lines = 5): string {
    return readFileSync(this.logFile, "utf8").trim().split("\n").slice(-lines).join(" | ");
  }
}

/** By libfaketime; the monotonic clock goes on. */
function wrongClock(clock: string): string[] {
  return ["LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1", `FAKETIME=${clock}`, "DONT_FAKE_MONOTONIC=1"];
}

/** The command line of the product: one executable on QuickJS, or the same bundle on Node. */
export async function gatewayProgram(engine: Engine): Promise<string[]> {
  const root = repositoryRoot();
  if (engine === "quickjs") {
    const program = join(root, "build/securebox");
    if (!existsSync(program)) throw new Error("build/securebox is missing: run npm run build");
    return [program];
  }
  const outfile = join(root, "build/lab/securebox.mjs");
  await bundle(join(root, "src/gateway/main.ts"), `${outfile}.${process.pid}.mjs`, "node", { sourcemap: "inline" });
  renameSync(`${outfile}.${process.pid}.mjs`, outfile);
  return [process.execPath, "--enable-source-maps", outfile];
}

function configuration(gateway: Gateway, { ovs, radio, roles = portRoles }: Site): string {
  return `
bridge: br0
ovsdb: ${ovs.ovsdbSocket}
openflow: ${ovs.mgmtSocket("br0")}
datapath: netdev
ports:
${Object.entries(roles).map(([port, role]) => `  ${port}: ${role}`).join("\n")}
network:
  prefixes: [ ${network.prefix4}, "${network.prefix6}" ]
  gateways: [ ${network.router4}, "${network.router6}", "${network.routerLinkLocal}" ]
  gateway-macs: [ "${network.routerMac}" ]
  resolvers: [ ${network.router4} ]
stations: ${radio.events.path}
limits:
  reassociation-hold-s: 1
policy: ${gateway.policyFile}
state: ${gateway.stateDirectory}
socket: ${gateway.socket}
`;
}

/** MAC addresses by station name, for policies. */
export const macs = Object.fromEntries(Object.values(plans).map(({ name, mac }) => [name, mac])) as Record<keyof typeof plans, string>;
