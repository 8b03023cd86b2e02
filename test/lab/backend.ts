// SPDX-License-Identifier: Apache-2.0
// The backend as its users have it: a process in a namespace of its own, at the far end of a wire from the access point, its API and its command line.
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { request } from "node:http";
import { connect as connectSocket, createServer } from "node:net";
import { join } from "node:path";
import type { GatewayRow } from "../../backend/src/ports.ts";
import { bundle } from "../../tools/bundle.mjs";
import { Agent } from "./agent.ts";
import { repositoryRoot, run, type RunResult, until } from "./command.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { Wire } from "./wire.ts";

/** Addresses of the two ends of the wire (a documentation prefix is taken by the internet of the lab). */
export const link = { backend: "10.78.0.1", gateway: "10.78.0.2", network: "10.78.0.0/24" };

export interface BackendOptions {
  /** More of the environment: DATABASE_URL, BROKER_URL. */
  env?: Record<string, string>;
  args?: readonly string[];
  /** Of a process beside another one: its directory, log and ports are called and counted apart. Default 0. */
  number?: number;
}

export class Backend {
  readonly data: string;
  readonly logFile: string;
  readonly #lab: Lab;
  readonly #program: readonly string[];
  readonly #options: BackendOptions;
  /** A unix socket that leads to the HTTP listener inside the namespace. */
  readonly #way: string;
  #process: ChildProcess | undefined;

  private constructor(lab: Lab, readonly namespace: Namespace, readonly wire: Wire, readonly agent: Agent, program: readonly string[], options: BackendOptions) {
    this.#lab = lab;
    this.#program = program;
    this.#options = options;
    const name = join(lab.directory, `backend${options.number || ""}`);
    this.data = name;
    this.logFile = `${name}.log`;
    this.#way = `${name}-http.sock`;
  }

  /** Lays the wire between `ap` and a new namespace. Nothing runs there yet. */
  static async prepare(lab: Lab, ap: Namespace, options: BackendOptions = {}): Promise<Backend> {
    const namespace = await lab.namespace("backend");
    const wire = await Wire.lay(lab, "wire", { namespace: ap, name: "mgmt0" }, { namespace, name: "net0" });
    await Promise.all([ap.script(`ip address add ${link.gateway}/24 dev mgmt0`), namespace.script(`ip address add ${link.backend}/24 dev net0`)]);
    return new Backend(lab, namespace, wire, await Agent.start(lab, namespace), await backendProgram(), options);
  }

  /** One more process in the same namespace, to share the work. It does not run yet. */
  beside(options: BackendOptions & { number: number }): Backend {
    return new Backend(this.#lab, this.namespace, this.wire, this.agent, this.#program, options);
  }

  static async start(lab: Lab, ap: Namespace, options: BackendOptions = {}): Promise<Backend> {
    const backend = await Backend.prepare(lab, ap, options);
    await backend.run();
    return backend;
  }

  /** Starts the process, after a kill for example, and waits until it is ready. */
  async run(): Promise<void> {
    mkdirSync(this.data, { recursive: true, mode: 0o700 });
    const { number = 0, args = [] } = this.#options;
    if (!existsSync(this.#way)) await this.agent.call("relay", { path: this.#way, address: "127.0.0.1", port: 8080 + number });
    const log = openSync(this.logFile, "a");
    const before = statSync(this.logFile).size;
    const argv = [...this.#program, "start", "--data", this.data, "--name", link.backend, "--http-port", String(8080 + number), "--api-port", String(8443 + number), ...args];
    const child = this.#lab.spawn(this.namespace.inside(argv), { stdio: ["ignore", log, log], env: { ...process.env, ...this.#options.env } });
    this.#process = child;
    await until("the backend", 60_000, () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the backend ended: ${this.lastWords()}`);
      return / info +ready\b/.test(readFileSync(this.logFile, "utf8").slice(before)); // its last word of the start
    }, 50).catch((error: Error) => {
      throw new Error(`${error.message}; its log ends: ${this.lastWords()}`);
    });
  }

  /** Resolves when the process is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await until("the backend's end", 12_000, () => child.exitCode !== null || child.signalCode !== null, 5);
  }

  get pid(): number | undefined { return this.#process?.pid; }

  /** `securebox-backend ...` as its administrator on its own machine. */
  cli(...args: string[]): Promise<RunResult> {
    return run(this.namespace.inside([...this.#program, ...args, "--data", this.data]), { deadline: 30_000 });
  }

  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.cli(...args, "--json");
    if (code !== 0) throw new Error(`securebox-backend ${args.join(" ")}: exit status ${code}: ${stderr.trim() || stdout.trim()}`);
    return JSON.parse(stdout) as T;
  }

  /** A request of an administrator; rejects with the answer's text unless its status is 2xx. */
  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.ask(method, path, body, this.token());
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Any request, with or without a token; `body`: a text is YAML, all else JSON. */
  ask(method: string, path: string, body?: unknown, token?: string): Promise<{ status: number; text: string }> {
    const payload = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(payload !== undefined && { "content-type": typeof body === "string" ? "application/yaml" : "application/json", "content-length": Buffer.byteLength(payload) }),
    };
    return new Promise((resolve, reject) => {
      const ask = request({ socketPath: this.#way, method, path, headers, timeout: 30_000 }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk)).on("end", () => resolve({ status: answer.statusCode!, text })).on("error", reject);
      });
      ask.on("error", reject).on("timeout", () => ask.destroy(new Error(`${method} ${path}: no answer`))).end(payload);
    });
  }

  /** The token that each start writes for who may read the data directory. */
  token(): string {
    return (JSON.parse(readFileSync(join(this.data, "local.json"), "utf8")) as { token: string }).token;
  }

  /** What the first start showed once. */
  password(): string | undefined {
    return /password:?\s+(\S+)/i.exec(readFileSync(this.logFile, "utf8"))?.[1];
  }

  /** A network and a token for one gateway of it. */
  async invite(network: string, gateway: string): Promise<string> {
    const networks = await this.api<{ items: { name: string }[] }>("GET", "/api/v1/networks");
    if (!networks.items.some(({ name }) => name === network)) await this.api("POST", "/api/v1/networks", { name: network, title: network });
    return (await this.api<{ token: string }>("POST", `/api/v1/networks/${network}/enrolment-tokens`, { gateway })).token;
  }

  /** Pushes a policy; its version. */
  async push(network: string, text: string, reason = "a test"): Promise<number> {
    return (await this.api<{ version: number }>("PUT", `/api/v1/networks/${network}/policy`, { text, reason })).version;
  }

  gateway(id: string): Promise<GatewayRow> {
    return this.api<GatewayRow>("GET", `/api/v1/gateways/${id}`);
  }

  /** Milliseconds until the gateway reports this version in force. */
  async inForce(id: string, version: number, deadline = 10_000): Promise<number> {
    const start = performance.now();
    await until(`version ${version} in force at ${id}`, deadline, async () => (await this.gateway(id)).reported?.desired?.version === version, 20);
    return performance.now() - start;
  }

  /** Carries connections to a port of this machine's loopback address into the namespace, for browsers. Returns the port. */
  async expose(port = 0): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connectSocket({ path: this.#way, allowHalfOpen: true });
      near.on("error", () => far.destroy()).pipe(far).on("error", () => near.destroy()).pipe(near);
    });
    this.#lab.onClose(() => void server.close());
    return new Promise((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
  }

  lastWords(): string {
    return readFileSync(this.logFile, "utf8").trim().split("\n").slice(-5).join(" | ");
  }
}

/** The command line of the backend, bundled from this repository. */
export async function backendProgram(): Promise<string[]> {
  const root = repositoryRoot();
  const outfile = join(root, "build/lab/securebox-backend.mjs");
  await bundle(join(root, "backend/src/main.ts"), `${outfile}.${process.pid}.mjs`, "node", { sourcemap: "inline" });
  renameSync(`${outfile}.${process.pid}.mjs`, outfile);
  return [process.execPath, "--enable-source-maps", outfile];
}
