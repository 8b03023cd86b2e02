// SPDX-License-Identifier: Apache-2.0
// A real Open vSwitch on the dummy datapath (no root, no kernel module), all its files in one directory of its own.
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

export class DummySwitch {
  readonly directory = mkdtempSync(`${tmpdir()}/ovs-vectors-`);
  readonly #children: ChildProcess[] = [];
  readonly #environment = { ...process.env, OVS_RUNDIR: this.directory, OVS_DBDIR: this.directory, OVS_LOGDIR: this.directory, OVS_SYSCONFDIR: this.directory };

  async start(): Promise<void> {
    const { directory } = this;
    execFileSync("ovsdb-tool", ["create", `${directory}/conf.db`, "/usr/share/openvswitch/vswitch.ovsschema"]);
    this.#spawn("ovsdb-server", [`${directory}/conf.db`, `--remote=punix:${directory}/db.sock`, `--unixctl=${directory}/db.ctl`]);
    await this.#appears("db.sock");
    this.#spawn("ovs-vswitchd", [`unix:${directory}/db.sock`, "--enable-dummy", "--disable-system", `--unixctl=${directory}/vswitchd.ctl`]);
    await this.#appears("vswitchd.ctl");
  }

  /** A bridge with two dummy ports; Open vSwitch derives their addresses from their names. */
  async addBridge(name: string): Promise<void> {
    await this.vsctl("add-br", name, "--", "set", "bridge", name, "datapath_type=dummy", "fail-mode=secure", "protocols=OpenFlow13,OpenFlow14,OpenFlow15", "other-config:datapath-id=0000aa55aa550001", "other-config:hwaddr=aa:55:aa:55:00:00");
    for (const port of [1, 2]) await this.vsctl("add-port", name, `p${port}`, "--", "set", "interface", `p${port}`, "type=dummy", `ofport_request=${port}`, `mac="aa:55:aa:55:00:0${port}"`);
    await this.#appears(`${name}.mgmt`);
  }

  async vsctl(...command: string[]): Promise<void> {
    await run("ovs-vsctl", [`--db=unix:${this.directory}/db.sock`, ...command], { env: this.#environment, timeout: 10_000 });
  }

  async appctl(...command: string[]): Promise<string> {
    return (await run("ovs-appctl", ["-t", `${this.directory}/vswitchd.ctl`, ...command], { env: this.#environment, timeout: 10_000 })).stdout;
  }

  /** Runs ovs-ofctl; the first line of what it wrote to standard error, if it failed. */
  async ofctl(version: string, command: string[]): Promise<string | undefined> {
    try {
      await run("ovs-ofctl", ["-O", `OpenFlow${version}`, ...command], { env: this.#environment, timeout: 10_000, maxBuffer: 1 << 26 });
      return undefined;
    } catch (error) {
      return String((error as { stderr?: string }).stderr ?? error).split("\n").find((line) => line.startsWith("ovs-ofctl") || line.includes("OFPT_ERROR")) ?? "failed";
    }
  }

  stop(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spawn(program: string, args: string[]): void {
    this.#children.push(spawn(program, args, { env: this.#environment, stdio: "ignore" }));
  }

  async #appears(file: string): Promise<void> {
    for (let i = 0; i < 200; i++) {
      if (existsSync(`${this.directory}/${file}`)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${file} of Open vSwitch did not appear within 10 s`);
  }
}
