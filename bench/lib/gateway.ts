// SPDX-License-Identifier: Apache-2.0
// The product as a process on a switch with dummy ports: its configuration, policy and saved devices, and when its flows are in force.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePolicy } from "@securebox/contract";
import { connect, type OpenflowClient } from "node-openvswitch/openflow";
import { platform } from "quickjs-ts/platform";
import type { TestBus } from "../../packages/ubus-ts/test/bus.ts";
import type { ChangesResult, StatusResult } from "../../src/gateway/control/protocol.ts";
import { must, until } from "../../test/lab/command.ts";
import { type Engine, gatewayProgram } from "../../test/lab/gateway.ts";
import type { OvsInstance } from "../../test/lab/openvswitch.ts";
import { openwrtBus, openwrtRoot } from "./openwrt.ts";
import { policy, savedDevices, topology } from "./network.ts";
import { usageOf } from "./usage.ts";

export interface Load {
  devices: number;
  rules: number;
  /** As on OpenWrt: /etc/config/securebox, the bus, stations from hostapd, settings as transactions. */
  openwrt?: boolean;
}

const DEADLINE = 20_000;
/** Under an emulator. */
const PATIENCE = 300_000;

export class BenchGateway {
  readonly #directory: string;
  readonly #program: readonly string[];
  readonly #watcher: OpenflowClient;
  readonly #config: string;
  readonly #bus: TestBus | undefined;
  #process: ChildProcess | undefined;

  /** Prepares everything, starts nothing. `load` is what the gateway finds when it starts; `program` replaces the machine's own, and may be slow. */
  static async prepare(ovs: OvsInstance, engine: Engine, load: Load, program?: readonly string[]): Promise<BenchGateway> {
    const directory = join(ovs.directory, engine);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "policy.yaml"), encodePolicy(policy(load.devices, load.rules)));
    const bus = load.openwrt ? await openwrtBus(load.devices) : undefined;
    const config = bus ? openwrtRoot(ovs, directory, bus.path) : yamlFile(ovs, directory);
    const watcher = connect(platform, { address: { unix: ovs.mgmtSocket("br0") } });
    await watcher.whenReady();
    return new BenchGateway({ directory, config, bus }, program ?? (await gatewayProgram(engine)), watcher, load, program ? PATIENCE : DEADLINE);
  }

  private constructor({ directory, config, bus }: { directory: string; config: string; bus: TestBus | undefined }, program: readonly string[], watcher: OpenflowClient, readonly load: Load, readonly deadline: number) {
    this.#directory = directory;
    this.#config = config;
    this.#bus = bus;
    this.#program = program;
    this.#watcher = watcher;
  }

  /** Starts the process on a fresh state directory; milliseconds from then until the switch has flows. They come in one atomic bundle. */
  start(): Promise<number> {
    const state = join(this.#directory, "state");
    rmSync(state, { recursive: true, force: true });
    mkdirSync(state);
    if (this.load.devices > 0) writeFileSync(join(state, "devices.json"), savedDevices(this.load.devices));
    return this.restart();
  }

  /** The same on the state that an earlier start left. */
  async restart(): Promise<number> {
    const log = openSync(join(this.#directory, "gateway.log"), "w");
    const begin = performance.now();
    const child = (this.#process = spawn(this.#program[0]!, [...this.#program.slice(1), "gateway", "--config", this.#config], { stdio: ["ignore", log, log] }));
    await until("flows of the gateway", this.deadline, async () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended: ${readFileSync(join(this.#directory, "gateway.log"), "utf8").slice(-500)}`);
      return (await this.flows()) > 0;
    }, 1);
    return performance.now() - begin;
  }

  async flows(): Promise<number> {
    const [part] = await this.#watcher.collect({ type: "multipart-request", kind: "aggregate", table: 0xff, match: {} });
    return part?.kind === "aggregate" ? Number(part.statistics.flows) : NaN;
  }

  /** Enrols with the backend, starts anew, and resolves when the backend has welcomed it and both sides are equal: what every later start is. */
  async enrol(token: string): Promise<void> {
    await must([...this.#program, "enroll", "-", "--socket", this.socket], { input: token });
    const synchronised = (): Promise<unknown> => until("the link", this.deadline, () => this.status().then(({ backend }) => backend?.synchronised === true, () => false), 100);
    await synchronised();
    await this.stop();
    await this.restart();
    await synchronised();
  }

  async status(): Promise<StatusResult> {
    return JSON.parse(await must([...this.#program, "status", "--json", "--socket", this.socket])) as StatusResult;
  }

  /** Rejects unless stations come from hostapd's objects and the settings were applied and confirmed. */
  async settledOnOpenwrt(): Promise<void> {
    const { stations, problems } = await this.status();
    const { history } = JSON.parse(await must([...this.#program, "changes", "--json", "--socket", this.socket])) as ChangesResult;
    if (stations.source !== "connected" || problems.length > 0 || history.at(-1)?.result !== "confirmed") throw new Error(`not as on OpenWrt: ${JSON.stringify({ stations, problems, history })}`);
  }

  get socket(): string { return join(this.#directory, "control.sock"); }

  get pid(): number { return this.#process!.pid!; }

  /** MB (10^6 bytes). */
  memory(): { resident: number; peak: number } { return usageOf(this.pid); }

  /** Ends the process by SIGKILL: the flows stay. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  async close(): Promise<void> {
    await this.stop();
    this.#watcher.close();
    await this.#bus?.stop();
  }
}

/** Its path. */
function yamlFile(ovs: OvsInstance, directory: string): string {
  const path = join(directory, "gateway.yaml");
  const { ports, prefixes, gateways, gatewayMacs, resolvers } = topology;
  writeFileSync(path, JSON.stringify({
    bridge: "br0", ovsdb: ovs.ovsdbSocket, openflow: ovs.mgmtSocket("br0"), datapath: "netdev", ports: Object.fromEntries(ports.map(({ name, role }) => [name, role])),
    network: { prefixes, gateways, "gateway-macs": gatewayMacs, resolvers },
    policy: join(directory, "policy.yaml"), state: join(directory, "state"), socket: join(directory, "control.sock"),
  }));
  return path;
}
