// SPDX-License-Identifier: Apache-2.0
// The backend as a process on this machine's loopback address, with its API and what the kernel says of it.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backendProgram } from "../../test/lab/backend.ts";
import { until } from "../../test/lab/command.ts";
import { type Usage, usageOf } from "./usage.ts";

export class BackendProcess {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #log: string;
  readonly #data: string;
  readonly #child: ChildProcess;
  readonly #port: number;

  private constructor(directory: string, child: ChildProcess, port: number) {
    this.#data = join(directory, "backend");
    this.#log = join(directory, "backend.log");
    this.#child = child;
    this.#port = port;
  }

  /** Resolves when it is ready. Everything lies below `directory`; `env`: DATABASE_URL, BROKER_URL and the like. */
  static async start(directory: string, env: Record<string, string> = {}): Promise<BackendProcess> {
    const data = join(directory, "backend");
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const [api, http, mqtt] = [await freePort(), await freePort(), await freePort()];
    const [command, ...words] = await backendProgram();
    const log = openSync(join(directory, "backend.log"), "a");
    const options = ["start", "--data", data, "--name", "127.0.0.1", "--listen", "127.0.0.1", "--api-port", `${api}`, "--http-port", `${http}`, "--mqtt-port", `${mqtt}`, "--log-level", "warn"];
    const backend = new BackendProcess(directory, spawn(command!, [...words, ...options], { stdio: ["ignore", log, log], env: { ...process.env, ...env } }), http);
    await until("the backend", 60_000, async () => {
      if (backend.#child.exitCode !== null) throw new Error(`the backend ended: ${backend.lastWords()}`);
      return existsSync(join(data, "local.json")) && backend.#ask("GET", "/health/ready").then(({ status }) => status === 200, () => false);
    }).catch(async (error: Error) => {
      await backend.stop();
      throw error;
    });
    return backend;
  }

  /** A request of its administrator; rejects with the answer's text unless its status is 2xx. */
  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.#ask(method, path, body);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  createNetwork(name: string): Promise<unknown> {
    return this.api("POST", "/api/v1/networks", { name, title: name });
  }

  /** The version that the policy became. */
  async push(network: string, text: string): Promise<number> {
    return (await this.api<{ version: number }>("PUT", `/api/v1/networks/${network}/policy`, { text, reason: "bench" })).version;
  }

  async invite(network: string, gateway: string): Promise<string> {
    return (await this.api<{ token: string }>("POST", `/api/v1/networks/${network}/enrolment-tokens`, { gateway })).token;
  }

  usage(): Usage { return usageOf(this.#child.pid!); }

  /** The last lines of its log, or of those that match. */
  lastWords(like = /^/): string {
    return readFileSync(this.#log, "utf8").trim().split("\n").filter((line) => like.test(line)).slice(-5).join(" | ");
  }

  /** SIGTERM, then SIGKILL after its own patience. */
  async stop(): Promise<void> {
    this.#agent.destroy();
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 12_000);
    await gone;
    clearTimeout(timer);
  }

  #ask(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = { ...this.#authorization(path), ...(payload !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }) };
    return new Promise((resolve, reject) => {
      const ask = request({ agent: this.#agent, host: "127.0.0.1", port: this.#port, method, path, headers, timeout: 30_000 }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk)).on("end", () => resolve({ status: answer.statusCode!, text })).on("error", reject);
      });
      ask.on("error", reject).on("timeout", () => ask.destroy(new Error(`${method} ${path}: no answer`))).end(payload);
    });
  }

  /** The token that each start writes for who may read the data directory. */
  #authorization(path: string): { authorization?: string } {
    if (path.startsWith("/health")) return {};
    const { token } = JSON.parse(readFileSync(join(this.#data, "local.json"), "utf8")) as { token: string };
    return { authorization: `Bearer ${token}` };
  }
}

/** One that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs `use` while a backend has `network` with `policy`; `invite` makes the token by which a gateway of that name enrols. */
export async function withBackend(network: string, policy: string, use: (invite: (gateway: string) => Promise<string>) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "sbx-backend-"));
  const backend = await BackendProcess.start(directory);
  try {
    await backend.createNetwork(network);
    await backend.push(network, policy);
    await use((gateway) => backend.invite(network, gateway));
  } finally {
    await backend.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
