// SPDX-License-Identifier: Apache-2.0
// OpenWrt's own rpcd and uhttpd (its ubus module alone) on a test's bus, where OPENWRT_PREFIX has them: PREFIX/sbin/rpcd, PREFIX/sbin/uhttpd, PREFIX/lib/uhttpd_ubus.so.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { LUCI_BASE, UNAUTHENTICATED, type Login } from "./sessions.ts";
import type { RpcdOptions } from "./rpcd-stand-in.ts";

/** rpcd's paths are fixed: it runs where /etc/config and /usr/share/rpcd/acl.d are the test's. */
const NAMESPACE = `set -e
mount -t tmpfs none /usr/share; mkdir -p /usr/share/rpcd/acl.d; mount --bind "$1" /usr/share/rpcd/acl.d
mount -t tmpfs none /etc; mkdir /etc/config; mount --bind "$2" /etc/config
mount -t tmpfs none /run; mkdir -p /run/rpcd
exec "$3" -s "$4"`;

export class Daemons {
  readonly #children: ChildProcess[] = [];
  constructor(readonly prefix: string) {}

  /** `directory`: for its access groups. */
  rpcd(socket: string, directory: string, { acl, config, logins }: RpcdOptions): void {
    const groups = join(directory, "acl.d");
    mkdirSync(groups);
    cpSync(acl, groups, { recursive: true });
    writeFileSync(join(groups, "luci-base.json"), JSON.stringify(LUCI_BASE));
    writeFileSync(join(groups, "unauthenticated.json"), JSON.stringify(UNAUTHENTICATED));
    writeFileSync(join(config, "rpcd"), logins.map(loginSection).join(""));
    this.#spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", NAMESPACE, "sh", groups, config, `${this.prefix}/sbin/rpcd`, socket]);
  }

  /** The address of its JSON-RPC. */
  async uhttpd(socket: string, directory: string): Promise<string> {
    const port = await freePort();
    this.#spawn(`${this.prefix}/sbin/uhttpd`, ["-f", "-p", `127.0.0.1:${port}`, "-h", directory, "-u", "/ubus", "-U", socket]);
    return `http://127.0.0.1:${port}/ubus/`;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.exitCode ?? child.signalCode ?? new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill("SIGKILL");
    })));
  }

  #spawn(program: string, args: string[]): void {
    this.#children.push(spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, LD_LIBRARY_PATH: `${this.prefix}/lib` } }));
  }
}

function loginSection({ username, password, read, write }: Login): string {
  const hash = spawnSync("openssl", ["passwd", "-6", password], { encoding: "utf8" }).stdout.trim();
  return ["config login", `\toption username '${username}'`, `\toption password '${hash}'`, ...read.map((group) => `\tlist read '${group}'`), ...write.map((group) => `\tlist write '${group}'`), ""].join("\n");
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
