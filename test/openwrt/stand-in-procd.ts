// SPDX-License-Identifier: Apache-2.0
/*
 * A stand-in for procd, logd and logread where OpenWrt's are not given. What it does as they do: runs the service with its command line, keeps what it writes
 * as the log, starts it again a second after it died, HUP for a reload, TERM and five seconds later KILL for a stop.
 * What it does not: init scripts, ubus, triggers, a limit to how often it starts something again, priorities and the ring of the log, /etc/config (a directory
 * of its own that ends in "config" is given with --config), process 1.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, type RunResult } from "../lab/command.ts";
import { findSection } from "../../src/openwrt/uci/package.ts";
import { formatUci, parseUci } from "../../src/openwrt/uci/text.ts";
import type { Host } from "./host.ts";

export class StandInProcd implements Host {
  readonly base = mkdtempSync(join(tmpdir(), "securebox-openwrt-"));
  #child: ChildProcess | undefined;
  #wanted = false;
  #log = "";

  private constructor(readonly program: readonly string[]) {}

  static open(program: readonly string[]): StandInProcd {
    const host = new StandInProcd(program);
    mkdirSync(join(host.base, "config"));
    return host;
  }

  async configure(text: string | Buffer): Promise<void> { writeFileSync(this.#config, text); }

  async forget(): Promise<void> { rmSync(join(this.base, "securebox/config.right"), { force: true }); }

  async start(): Promise<void> {
    this.#wanted = true;
    this.#spawn();
  }

  async reload(): Promise<void> { this.#child?.kill("SIGHUP"); }

  async set(option: string, value: string): Promise<void> {
    const sections = parseUci(readFileSync(this.#config, "utf8"));
    findSection(sections, "@securebox[0]")!.options.set(option, value);
    await this.configure(formatUci(sections));
    await this.reload();
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill("SIGTERM");
    });
    clearTimeout(timer);
  }

  async pid(): Promise<number | undefined> {
    const child = this.#child;
    return child && child.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  async kill(): Promise<void> { this.#child?.kill("SIGKILL"); }
  async log(): Promise<string> { return this.#log; }
  securebox(...words: string[]): Promise<RunResult> { return run([...this.program, ...words.map((word) => (word === "/etc/config/securebox" ? this.#config : word))], { deadline: 60_000 }); }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.base, { recursive: true, force: true });
  }

  get #config(): string { return join(this.base, "config/securebox"); }

  #spawn(): void {
    const child = (this.#child = spawn(this.program[0]!, [...this.program.slice(1), "gateway", "--config", this.#config], { stdio: ["ignore", "pipe", "pipe"] }));
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding("utf8").on("data", (text: string) => (this.#log += text));
    child.on("exit", () => setTimeout(() => { if (this.#wanted && this.#child === child) this.#spawn(); }, 1000).unref());
  }
}
