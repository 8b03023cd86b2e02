// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL 15 server of our own (Debian's package), in a temporary directory, on loopback. It refuses to run as root: its own user runs it.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

const BIN = "/usr/lib/postgresql/15/bin";
const AS_POSTGRES = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--inh-caps=-all"];
const READY_WITHIN = 30_000;

/** The command line that runs another one inside a network namespace. */
export type Inside = (argv: readonly string[]) => string[];

export class PostgresqlServer {
  #child: ChildProcess | undefined;
  private constructor(readonly directory: string, readonly port: number, private readonly inside: Inside) {}

  /** Of the postmaster. */
  get pid(): number { return this.#child!.pid!; }
  get url(): string { return this.urlOf("postgres"); }
  urlOf(database: string): string { return `postgresql://postgres@127.0.0.1:${this.port}/${database}`; }

  /** Makes a cluster and starts it, `inside` a network namespace if that is given. Throws when Debian's postgresql is not installed (tools/setup). */
  static async start(inside: Inside = (argv) => [...argv]): Promise<PostgresqlServer> {
    if (!existsSync(`${BIN}/postgres`)) throw new Error(`${BIN}/postgres is missing: run node tools/run.mjs tools/setup/index.ts`);
    const directory = mkdtempSync(join(tmpdir(), "securebox-postgresql-"));
    chmodSync(directory, 0o755);
    run("chown", ["postgres:postgres", directory]);
    run("setpriv", [...AS_POSTGRES, `${BIN}/initdb`, "-D", join(directory, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
    const server = new PostgresqlServer(directory, await freePort(), inside);
    await server.restart();
    return server;
  }

  /** After `kill`: the same data on the same port. */
  async restart(): Promise<void> {
    const settings = { listen_addresses: "127.0.0.1", port: String(this.port), unix_socket_directories: this.directory, max_connections: "60" };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const [program, ...argv] = this.inside(["setpriv", ...AS_POSTGRES, `${BIN}/postgres`, "-D", join(this.directory, "data"), ...options]);
    this.#child = spawn(program!, argv, { stdio: "ignore" });
    await this.#ready();
  }

  /** kill -9 of the postmaster; its backends notice and end. */
  async kill(): Promise<void> {
    const child = this.#child!;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** kill -9 of the postmaster and of all that it started, as the kernel does when memory ends. */
  async killAll(): Promise<void> {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    const killed = this.kill();
    for (const pid of children) try { process.kill(pid, "SIGKILL"); } catch { /* it had ended by itself */ }
    await killed;
  }

  /** Asked by its superuser, through its unix socket. */
  async query<Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const client = this.#client();
    await client.connect();
    return client.query<Row>(sql, parameters).then(({ rows }) => rows).finally(() => client.end());
  }

  async createDatabase(name: string): Promise<string> {
    const client = new pg.Client(this.url);
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return this.urlOf(name);
  }

  async stop(): Promise<void> {
    const child = this.#child!;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGQUIT");
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** By the unix socket: the address may be another namespace's. */
  #client(): pg.Client {
    return new pg.Client({ host: this.directory, port: this.port, user: "postgres", database: "postgres", connectionTimeoutMillis: 2000 });
  }

  async #ready(): Promise<void> {
    for (const until = Date.now() + READY_WITHIN; ;) {
      const client = this.#client();
      client.on("error", () => {});
      try {
        await client.connect();
        return await client.end();
      } catch (error) {
        if (this.#child!.exitCode !== null && this.#child!.exitCode !== 0) await this.#again();
        if (Date.now() > until) throw new Error(`PostgreSQL did not start within ${READY_WITHIN} ms: ${(error as Error).message}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** The children of a killed postmaster may still hold the shared memory for a moment. */
  async #again(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 300));
    this.#child = spawn(this.#child!.spawnfile, this.#child!.spawnargs.slice(1), { stdio: "ignore" });
  }
}

function run(program: string, args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8", cwd: "/" });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
