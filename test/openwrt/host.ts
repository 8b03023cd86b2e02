// SPDX-License-Identifier: Apache-2.0
/*
 * Where the gateway runs as a service with /etc/config/securebox: under OpenWrt's procd, with its logd and logread, where OPENWRT_PREFIX has them;
 * else under stand-in-procd.ts.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../../tools/bundle.mjs";
import { until } from "../lab/command.ts";
import { Machine } from "./machine.ts";
import { hasMachine } from "./prefix.ts";
import { StandInProcd } from "./stand-in-procd.ts";

export interface Host {
  /** A directory for sockets and state, as the gateway sees it. */
  readonly base: string;
  configure(text: string | Buffer): Promise<void>;
  /** The kept right configuration goes. */
  forget(): Promise<void>;
  start(): Promise<void>;
  /** `/etc/init.d/securebox reload`: the configuration has changed. */
  reload(): Promise<void>;
  /** `uci set`, `uci commit` and `reload_config`, of an option of the section securebox. */
  set(option: string, value: string): Promise<void>;
  stop(): Promise<void>;
  /** Of the running gateway; undefined: none runs. */
  pid(): Promise<number | undefined>;
  kill(): Promise<void>;
  /** All that `logread` has. */
  log(): Promise<string>;
  /** The program to its end. */
  securebox(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

/** Options of the section securebox that every configuration of a test has. */
export const mainOptions = (base: string): Record<string, string> => ({ ovsdb: `${base}/no.sock`, state: `${base}/state`, policy: `${base}/policy.yaml`, socket: `${base}/control.sock` });

export async function openHost(): Promise<Host> {
  const program = join(process.cwd(), `build/test/securebox-openwrt-${process.pid}.mjs`);
  await bundle("src/gateway/main.ts", program, "quickjs", { sourcemap: false, minify: true });
  const runner = join(process.cwd(), "build/quickjs-ts");
  return hasMachine ? UnderProcd.open(runner, program) : StandInProcd.open([runner, program]);
}

class UnderProcd implements Host {
  readonly base = "/tmp/securebox-test";
  private constructor(readonly machine: Machine) {}

  static async open(runner: string, program: string): Promise<UnderProcd> {
    const machine = await Machine.open({
      "sbin/securebox": '#!/bin/sh\nexec /tmp/host/quickjs-ts /tmp/host/securebox.mjs "$@"\n',
      "etc/init.d/securebox": readFileSync("openwrt/files/securebox.init", "utf8"),
      "share/securebox/validate.sh": readFileSync("openwrt/files/securebox.validate", "utf8"),
    });
    copyFileSync(runner, join(machine.directory, "quickjs-ts"));
    copyFileSync(program, join(machine.directory, "securebox.mjs"));
    await machine.must("mkdir -p /tmp/securebox-test");
    return new UnderProcd(machine);
  }

  async configure(text: string | Buffer): Promise<void> {
    writeFileSync(join(this.machine.directory, "config"), text);
    await this.machine.must("cp /tmp/host/config /etc/config/securebox");
  }
  async forget(): Promise<void> { await this.machine.must("rm -f /etc/securebox/config.right"); }
  async start(): Promise<void> { await this.machine.must("/etc/init.d/securebox start"); }
  async reload(): Promise<void> { await this.machine.must("/etc/init.d/securebox reload"); }
  async set(option: string, value: string): Promise<void> {
    // What it finds the first time it only remembers, as at the end of OpenWrt's boot.
    await this.machine.must(`[ -f /var/run/config.md5 ] || reload_config; uci set 'securebox.@securebox[0].${option}=${value}' && uci commit securebox && reload_config`);
  }
  async stop(): Promise<void> {
    await this.machine.must("/etc/init.d/securebox stop");
    await until("its end", 20_000, async () => (await this.pid()) === undefined, 50); // procd does not wait for it
  }
  async kill(): Promise<void> { await this.machine.must(`kill -9 ${await this.pid()}`); }

  async pid(): Promise<number | undefined> {
    const services = JSON.parse(await this.machine.must(`ubus call service list '{"name":"securebox"}'`)) as { securebox?: { instances?: Record<string, { pid?: number; running?: boolean }> } };
    return Object.values(services.securebox?.instances ?? {}).find(({ running }) => running)?.pid;
  }

  log(): Promise<string> { return this.machine.log(); }
  async securebox(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return this.machine.run(`securebox ${words.map((word) => `'${word}'`).join(" ")}`);
  }
  close(): Promise<void> { return this.machine.close(); }
}

/** Waits for a line in the log. */
export function said(host: Host, what: RegExp, deadline = 30_000): Promise<string> {
  let log = "";
  return until(`"${what}" in the log`, deadline, async () => {
    log = await host.log();
    return what.test(log) ? log : undefined;
  }, 20).catch((error: Error) => { throw new Error(`${error.message}; it ends:\n${log.slice(-2000)}`); });
}
