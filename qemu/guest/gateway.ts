// SPDX-License-Identifier: Apache-2.0
// The gateway as shipped: the executable on QuickJS, its configuration and its policy file.
import type { Child } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import type { DeviceResult, StatusResult } from "../../src/gateway/control/protocol.ts";
import { must, run, sleep, until } from "./command.ts";

const folder = "/run/securebox";
const log = "/share/kept/gateway.log";

export class Gateway {
  #child: Child | undefined;
  #ended = true;

  /** `ports`: interface to role. `source`: of station events, a line of the configuration. */
  constructor(ports: Readonly<Record<string, string>>, source: `${"stations" | "ubus"}: ${string}`) {
    const { files } = platform;
    files.makeDirectory(folder);
    files.replace(`${folder}/gateway.yaml`, configuration(ports, source));
  }

  /** In force some milliseconds later. */
  writePolicy(text: string): void {
    platform.files.replace(`${folder}/policy.yaml`, text);
  }

  /** Starts the process and resolves at once. */
  start(): void {
    this.#ended = false;
    const tell = (chunk: Uint8Array): void => platform.files.append(log, chunk);
    this.#child = platform.processes.spawn(["securebox", "gateway", "--config", `${folder}/gateway.yaml`], { stdout: tell, stderr: tell, exit: () => (this.#ended = true) });
  }

  /** Resolves when its flows are in force; rejects with what it says is wrong. */
  async healthy(deadline = 60_000): Promise<void> {
    let last = "no answer";
    await until("the gateway's flows in force", deadline, async () => {
      if (this.#ended) throw new Error("the gateway ended");
      const { healthy, problems } = await this.status().catch((error: Error) => ({ healthy: false, problems: [error.message] }));
      last = problems.join("; ");
      return healthy;
    }).catch((error: Error) => { throw new Error(`${error.message}: ${last}`); });
  }

  async stop(signal = "SIGTERM"): Promise<void> {
    this.#child?.kill(signal);
    await until("the gateway's end", 20_000, () => this.#ended, 20);
  }

  async status(): Promise<StatusResult> {
    return JSON.parse(await must(["securebox", "status", "--json", "--socket", `${folder}/securebox.sock`])) as StatusResult;
  }

  async devices(): Promise<DeviceResult[]> {
    const answer = JSON.parse(await must(["securebox", "devices", "--json", "--socket", `${folder}/securebox.sock`])) as DeviceResult[] | { devices: DeviceResult[] };
    return Array.isArray(answer) ? answer : answer.devices;
  }

  /** Resident megabytes (10^6 bytes), as the kernel counts them. */
  memory(): number {
    return Number(/^VmRSS:\s+(\d+)/m.exec(platform.files.readText(`/proc/${this.#child!.pid}/status`))![1]) * 1024 / 1e6;
  }
}

function configuration(ports: Readonly<Record<string, string>>, source: string): string {
  return `bridge: br0
ovsdb: /run/openvswitch/db.sock
openflow: /run/openvswitch/br0.mgmt
datapath: system
ports:
${Object.entries(ports).map(([port, role]) => `  ${port}: ${role}`).join("\n")}
network:
  prefixes: [ 10.77.0.0/24 ]
  gateways: [ 10.77.0.1 ]
${source}
policy: ${folder}/policy.yaml
state: ${folder}/state
socket: ${folder}/securebox.sock
`;
}
