// SPDX-License-Identifier: Apache-2.0
// A Mosquitto 2.0 of our own (Debian's package), with a configuration that securebox-backend wrote, on loopback.
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, chownSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeMosquitto } from "../../src/broker/mosquitto.ts";
import type { OwnPki } from "../../src/pki/index.ts";
import type { Inside } from "./postgresql-server.ts";

const PROGRAM = "/usr/sbin/mosquitto";
const NOBODY = 65_534;

export class MosquittoServer {
  #child: ChildProcess | undefined;
  /** What it logged. */
  log = "";
  private constructor(readonly directory: string, readonly gatewayPort: number, readonly backendPort: number, private readonly inside: Inside) {}

  /** Throws when Debian's mosquitto is not installed (tools/setup), or it does not listen within five seconds. */
  static async start(pki: OwnPki): Promise<MosquittoServer> {
    const directory = mkdtempSync(join(tmpdir(), "securebox-mosquitto-"));
    const [gatewayPort, backendPort] = [await freePort(), await freePort()];
    await writeMosquitto(pki, { directory, names: ["127.0.0.1"], gatewayPort, backendPort, listen: "127.0.0.1" });
    return MosquittoServer.startWritten(directory, gatewayPort, backendPort);
  }

  /** With a directory that broker-config wrote, `inside` a network namespace if that is given. */
  static async startWritten(directory: string, gatewayPort: number, backendPort: number, inside: Inside = (argv) => [...argv]): Promise<MosquittoServer> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run node tools/run.mjs tools/setup/index.ts`);
    const server = new MosquittoServer(directory, gatewayPort, backendPort, inside);
    await server.restart();
    return server;
  }

  get pid(): number { return this.#child!.pid!; }
  get url(): string { return `mqtts://127.0.0.1:${this.backendPort}`; }
  get credentials(): { certificate: string; key: string } { return { certificate: join(this.directory, "backend.pem"), key: join(this.directory, "backend.key") }; }

  async restart(): Promise<void> {
    // It gives up being root, and reads its files again as another user when it gets SIGHUP.
    chmodSync(this.directory, 0o755);
    for (const name of readdirSync(this.directory)) chownSync(join(this.directory, name), NOBODY, NOBODY);
    const [program, ...argv] = this.inside(["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", PROGRAM, "-c", join(this.directory, "mosquitto.conf")]);
    this.#child = spawn(program!, argv, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => { this.log += text; });
    const child = this.#child;
    writeFileSync(join(this.directory, "mosquitto.pid"), String(child.pid));
    for (const end = Date.now() + 5_000; ; await new Promise((done) => setTimeout(done, 50))) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`Mosquitto does not listen: ${this.log}`);
      if (listens(child.pid!, this.gatewayPort)) return;
    }
  }

  /** A shell command that does what `reload` does. */
  static reloadCommand(directory: string): string { return `kill -HUP "$(cat ${directory}/mosquitto.pid)"`; }

  /** Reads the revocation list and the access list again. */
  async reload(): Promise<void> {
    this.#child!.kill("SIGHUP");
    await new Promise((done) => setTimeout(done, 300));
  }

  async kill(): Promise<void> {
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Seen from the process's own network namespace (proc(5): local address and port in hexadecimal, state 0A is LISTEN). */
function listens(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return ["tcp", "tcp6"].some((table) => new RegExp(`^ *\\d+: [0-9A-F]+:${hex} [0-9A-F:]+ 0A `, "m").test(readFileSync(`/proc/${pid}/net/${table}`, "utf8")));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
