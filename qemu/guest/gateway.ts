// SPDX-License-Identifier: Apache-2.0
// The gateway as shipped: the executable on QuickJS, its configuration and its policy file.
import type { Child } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import type { DeviceResult, StatusResult } from "../../src/gateway/control/protocol.ts";
import { must, run, sleep, until } from "./command.ts";

/** For a second gateway in the machine, or one with more than a network has. */
export interface GatewayOptions {
  bridge?: string;
  /** Beside others; its files are below /run. */
  name?: string;
  /** Beside the network's own. */
  prefixes?: readonly string[];
  /** The file that src/gateway/devices/saved.ts reads. */
  devices?: string;
  routerMac?: string;
  /** Text of /etc/config/securebox, by which it is configured then: as on OpenWrt. */
  uci?: string;
}

export class Gateway {
  #child: Child | undefined;
  #ended = true;

  readonly #folder: string;
  readonly #log: string;
  readonly #file: string;

  /** `ports`: interface to role. `source`: of station events, a line of the configuration. */
  constructor(ports: Readonly<Record<string, string>>, source: `${"stations" | "ubus"}: ${string}`, options: GatewayOptions = {}) {
    const { files } = platform;
    const { name = "securebox" } = options;
    this.#folder = `/run/${name}`;
    this.#log = `/share/kept/${name === "securebox" ? "gateway" : name}.log`;
    files.makeDirectory(this.#folder);
    this.#file = options.uci === undefined ? `${this.#folder}/gateway.yaml` : "/etc/config/securebox";
    files.replace(this.#file, options.uci ?? configuration(this.#folder, ports, source, options));
    if (options.devices === undefined) return;
    files.makeDirectory(`${this.#folder}/state`);
    files.replace(`${this.#folder}/state/devices.json`, options.devices);
  }

  /** In force some milliseconds later. */
  writePolicy(text: string): void {
    platform.files.replace(`${this.#folder}/policy.yaml`, text);
  }

  /** Starts the process and resolves at once. */
  start(): void {
    this.#ended = false;
    const tell = (chunk: Uint8Array): void => platform.files.append(this.#log, chunk);
    this.#child = platform.processes.spawn(["securebox", "gateway", "--config", this.#file], { stdout: tell, stderr: tell, exit: () => (this.#ended = true) });
  }

  /** Resolves when its flows are in force; rejects with what it says is wrong. `despite`: words of problems that are expected. */
  async healthy(deadline = 60_000, despite?: string): Promise<void> {
    let last = "no answer";
    await until("the gateway's flows in force", deadline, async () => {
      if (this.#ended) throw new Error("the gateway ended");
      const { healthy, problems } = await this.status().catch((error: Error) => ({ healthy: false, problems: [error.message] }));
      last = problems.join("; ");
      return healthy || (despite !== undefined && problems.every((problem) => problem.includes(despite)));
    }, 300).catch((error: Error) => { throw new Error(`${error.message}: ${last}`); });
  }

  async stop(signal = "SIGTERM"): Promise<void> {
    this.#child?.kill(signal);
    await until("the gateway's end", 20_000, () => this.#ended, 20);
  }

  async status(): Promise<StatusResult> {
    const { stdout, stderr } = await run(["securebox", "status", "--json", "--socket", `${this.#folder}/securebox.sock`]);
    const status = JSON.parse(stdout || "{}") as Partial<StatusResult>;
    if (!status.problems) throw new Error(stderr.trim() || stdout.trim());
    return status as StatusResult; // also when the exit status tells of problems, which are in it
  }

  async devices(): Promise<DeviceResult[]> {
    const answer = JSON.parse(await must(["securebox", "devices", "--json", "--socket", `${this.#folder}/securebox.sock`])) as DeviceResult[] | { devices: DeviceResult[] };
    return Array.isArray(answer) ? answer : answer.devices;
  }

  /** Resident megabytes (10^6 bytes), as the kernel counts them. */
  memory(): number {
    return Number(/^VmRSS:\s+(\d+)/m.exec(platform.files.readText(`/proc/${this.#child!.pid}/status`))![1]) * 1024 / 1e6;
  }
}

function configuration(folder: string, ports: Readonly<Record<string, string>>, source: string, { bridge = "br0", prefixes = [], routerMac }: GatewayOptions): string {
  return `bridge: ${bridge}
ovsdb: /run/openvswitch/db.sock
openflow: /run/openvswitch/${bridge}.mgmt
datapath: system
ports:
${Object.entries(ports).map(([port, role]) => `  ${port}: ${role}`).join("\n")}
network:
  prefixes: [ 10.77.0.0/24, "fd77::/64"${prefixes.map((prefix) => `, "${prefix}"`).join("")} ]
  gateways: [ 10.77.0.1, "fd77::1" ]${routerMac ? `\n  gateway-macs: [ "${routerMac}" ]` : ""}
${source}
policy: ${folder}/policy.yaml
state: ${folder}/state
socket: ${folder}/securebox.sock
`;
}
