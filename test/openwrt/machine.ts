// SPDX-License-Identifier: Apache-2.0
// A machine that runs OpenWrt's procd, ubusd and logd of OPENWRT_PREFIX, in namespaces: no kernel of OpenWrt's, no netifd, no hardware.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { must, run, type RunResult, until } from "../lab/command.ts";
import { hasMachine, MACHINE, missing, prefix } from "./prefix.ts";

const OWN = { "etc/config/system": "config system\n\toption log_size '256'\n", "etc/init.d/started": "#!/bin/sh\n: >/tmp/started\n" };
const LINKS = { "etc/rc.d/S12log": "../init.d/log", "etc/rc.d/S99started": "../init.d/started" };

export class Machine {
  /** Seen inside as /tmp/host. */
  readonly directory = mkdtempSync(join(tmpdir(), "openwrt-"));
  #child: ChildProcess | undefined;
  #init = 0;

  /** `files`: text by path below the root: etc/..., sbin/..., bin/..., share/... (of /usr); a script begins with "#!". */
  static async open(files: Record<string, string>, links: Record<string, string> = {}): Promise<Machine> {
    if (!hasMachine) throw new Error(`OPENWRT_PREFIX lacks ${missing(MACHINE).join(", ")}`);
    const machine = new Machine();
    try {
      await machine.#boot({ ...OWN, ...files }, { ...LINKS, ...links });
    } catch (error) {
      await machine.close();
      throw error;
    }
    return machine;
  }

  /** A shell script inside. */
  run(script: string, deadline = 60_000): Promise<RunResult> {
    return run([...this.#enter, "sh", "-c", script], { deadline });
  }

  async must(script: string, deadline = 60_000): Promise<string> {
    return must([...this.#enter, "sh", "-c", script], { deadline });
  }

  log(): Promise<string> { return this.must("logread"); }

  async close(): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => {
        child.once("exit", resolve);
        if (this.#init) process.kill(this.#init, "SIGKILL");
        else child.kill("SIGKILL");
      });
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  get #enter(): string[] { return ["nsenter", "-t", String(this.#init), "-m", "-p", "-n", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]; }

  async #boot(files: Record<string, string>, links: Record<string, string>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const full = join(this.directory, "root", path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
    mkdirSync(join(this.directory, "root/etc/rc.d"), { recursive: true });
    for (const [path, target] of Object.entries(links)) await must(["ln", "-s", target, join(this.directory, "root", path)]);
    let said = "";
    const child = (this.#child = spawn("unshare", ["-m", "-p", "-n", "-f", "--mount-proc", "--kill-child", "sh", "test/openwrt/machine.sh", prefix!, this.directory], { stdio: ["ignore", "pipe", "pipe"] }));
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    this.#init = await until("procd", 20_000, () => {
      if (child.exitCode !== null) throw new Error(`the machine did not start: ${said}`);
      const inside = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
      return inside > 0 && readFileSync(`/proc/${inside}/comm`, "utf8") === "procd\n" ? inside : undefined;
    });
    await until("logd", 30_000, async () => (await this.run("ubus list log")).code === 0, 100);
    await until("the end of its start", 30_000, async () => (await this.run("[ -f /tmp/started ]")).code === 0, 100);
  }
}
