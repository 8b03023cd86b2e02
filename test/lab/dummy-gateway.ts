// SPDX-License-Identifier: Apache-2.0
// The gateway as a process on a real Open vSwitch with dummy ports: p1 is a BSS, p2 the uplink.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { DeviceResult, StatusResult } from "../../src/gateway/control/protocol.ts";
import { run, type RunResult, until } from "./command.ts";
import { type Engine, gatewayProgram } from "./gateway.ts";
import { type OvsInstance, startOpenvswitch } from "./openvswitch.ts";

export class DummyGateway {
  log = "";
  #child: ChildProcess | undefined;

  private constructor(readonly directory: string, readonly ovs: OvsInstance, readonly program: readonly string[], readonly uci: boolean) {}

  /** With the switch, not started. `more`: lines of the configuration; with `uci` it is /etc/config/securebox of a directory, and `more` sections of it. */
  static async prepare(engine: Engine, policy?: string, more = "", uci?: { ubus: string }): Promise<DummyGateway> {
    const program = await gatewayProgram(engine);
    const directory = mkdtempSync("/tmp/sbg-");
    const ovs = await startOpenvswitch({ version: "3.1", directory: `${directory}/ovs`, dummy: true });
    const gateway = new DummyGateway(directory, ovs, program, uci !== undefined);
    if (uci) mkdirSync(`${directory}/etc/config`, { recursive: true });
    writeFileSync(gateway.configFile, uci ? uciConfiguration(gateway, more, uci.ubus) : configuration(gateway, more));
    if (policy !== undefined) writeFileSync(gateway.policyFile, policy);
    return gateway;
  }

  get configFile(): string { return `${this.directory}/${this.uci ? "etc/config/securebox" : "gateway.yaml"}`; }
  get policyFile(): string { return `${this.directory}/policy.yaml`; }
  get pid(): number { return this.#child!.pid!; }

  /** Starts the process and waits until its flows are in force. */
  async start(env: Record<string, string> = {}): Promise<StatusResult> {
    const child = spawn(this.program[0]!, [...this.program.slice(1), "gateway", "--config", this.configFile], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
    child.stderr!.on("data", (chunk: Buffer) => { this.log += chunk.toString(); });
    this.#child = child;
    await until("the ports", 10_000, async () => (await this.ovs.vsctl("list-ports", "br0").catch(() => "")).includes("p2"));
    // The gateway adds ports as ordinary netdevs; a dummy one gets its number once somebody says that it is.
    await this.ovs.vsctl("set", "interface", "p1", "type=dummy", "--", "set", "interface", "p2", "type=dummy");
    return this.statusWhen("the switch", ({ switch: { state, ports } }) => state === "ready" && ports.every(({ number }) => number !== undefined));
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await until("the gateway's end", 5000, () => child.exitCode !== null || child.signalCode !== null);
  }

  async stop(): Promise<void> {
    await this.kill("SIGKILL");
    await this.ovs.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The command line; `input` is its standard input. */
  cli(args: readonly string[], input = ""): Promise<RunResult> {
    return run([...this.program, ...args, "--socket", `${this.directory}/sb.sock`], { deadline: 30_000, input });
  }

  async status(): Promise<StatusResult> {
    const { stdout } = await this.cli(["status", "--json"]);
    const found = JSON.parse(stdout || "{}") as StatusResult & { error?: { message: string } };
    if (found.error) throw new Error(found.error.message);
    return found;
  }

  async statusWhen(what: string, holds: (status: StatusResult) => boolean, deadline = 30_000): Promise<StatusResult> {
    let last: unknown;
    return until(what, deadline, async () => {
      const status = await this.status().catch((error: Error) => { last = error.message; });
      last = status ?? last;
      return status && holds(status) ? status : undefined;
    }).catch(async (error: Error) => { throw new Error(`${await this.ovs.vsctl("show").catch(() => "no database")}; vswitchd ${this.ovs.pid("vswitchd") ?? "is gone"}; ${error.message}: ${JSON.stringify(last)}; log: ${this.log.split("\n").slice(-8).join(" | ")}`); });
  }

  async devices(): Promise<DeviceResult[]> {
    return (JSON.parse((await this.cli(["devices", "--json"])).stdout) as { devices: DeviceResult[] }).devices;
  }

  /** All flows as the switch tells them, counters left out. */
  async flows(): Promise<string> {
    const text = await this.ovs.ofctl("--no-stats", "--sort", "dump-flows", this.ovs.mgmtSocket("br0"));
    return text.split("\n").map((line) => line.replace(/cookie=\S+ /, "")).join("\n");
  }

  /** A frame comes in at a port. */
  async receive(port: "p1" | "p2", frame: Uint8Array): Promise<void> {
    await this.ovs.appctl("netdev-dummy/receive", port, Buffer.from(frame).toString("hex"));
  }

  memory(): { resident: number; peak: number } {
    const text = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)![1]) * 1024;
    return { resident: of("VmRSS"), peak: of("VmHWM") };
  }
}

function configuration({ ovs, directory, policyFile }: DummyGateway, more: string): string {
  return `ovsdb: ${ovs.ovsdbSocket}
datapath: netdev
ports: { p1: bss, p2: uplink }
network: { prefixes: [10.77.0.0/24, "fd77::/64"], gateways: [10.77.0.1, "fd77::1"], resolvers: [10.77.0.1] }
policy: ${policyFile}
state: ${directory}/state
socket: ${directory}/sb.sock
${more}`;
}

function uciConfiguration({ ovs, directory, policyFile }: DummyGateway, more: string, ubus: string): string {
  const main = { ovsdb: ovs.ovsdbSocket, datapath: "netdev", policy: policyFile, state: `${directory}/state`, socket: `${directory}/sb.sock`, ubus, log_format: "text" };
  const port = (device: string, role: string): string => `config port\n\toption device '${device}'\n\toption role '${role}'\n`;
  return `config securebox 'main'\n${Object.entries(main).map(([name, value]) => `\toption ${name} '${value}'\n`).join("")}${port("p1", "bss")}${port("p2", "uplink")}
config network 'network'
	list prefix '10.77.0.0/24'
	list gateway '10.77.0.1'
	list resolver '10.77.0.1'
${more}`;
}
