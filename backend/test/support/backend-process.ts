// SPDX-License-Identifier: Apache-2.0
// `securebox-backend` as a process of its own, bundled once.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../../../tools/bundle.mjs";

/** Below the root, where npm's packages are found. */
const PROGRAM = join(process.cwd(), `build/test/securebox-backend-${process.pid}.mjs`);
let built: Promise<unknown> | undefined;

export class BackendProcess {
  stderr = "";
  stdout = "";
  private constructor(private readonly child: ChildProcess, readonly data: string) {
    child.stderr!.setEncoding("utf8").on("data", (text: string) => { this.stderr += text; });
    child.stdout!.setEncoding("utf8").on("data", (text: string) => { this.stdout += text; });
  }

  static async run(argv: readonly string[], environment: Record<string, string> = {}): Promise<BackendProcess> {
    await (built ??= bundle("backend/src/main.ts", PROGRAM, "node", { packages: "bundle" }));
    const { PATH = "" } = process.env;
    const child = spawn(process.execPath, ["--enable-source-maps", PROGRAM, ...argv], { env: { PATH, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    return new BackendProcess(child, argv[argv.indexOf("--data") + 1] ?? "");
  }

  /** On 127.0.0.1 and free ports; resolves when it is ready. Rejects with what it wrote when it ends before. */
  static async start(data: string, argv: readonly string[] = [], environment: Record<string, string> = {}): Promise<BackendProcess> {
    const backend = await BackendProcess.run(["start", "--data", data, "--listen", "127.0.0.1", "--name", "127.0.0.1", "--api-port", "0", "--http-port", "0", ...argv], environment);
    for (const end = Date.now() + 60_000; !/ ready /.test(backend.stderr); await new Promise((done) => setTimeout(done, 20)))
      if (backend.child.exitCode !== null || Date.now() > end) throw new Error(`the backend did not start:\n${backend.stderr}`);
    return backend;
  }

  /** The exit status; undefined after `signal`. */
  async ended(): Promise<number | undefined> {
    if (this.child.exitCode === null && this.child.signalCode === null) await new Promise((done) => this.child.once("exit", done));
    return this.child.exitCode ?? undefined;
  }

  async end(signal: "SIGTERM" | "SIGINT" | "SIGKILL" = "SIGTERM"): Promise<number | undefined> {
    this.child.kill(signal);
    return this.ended();
  }

  /** As the command line on this machine would. Rejects with the answer when that is not 2xx. */
  async ask<T = any>(path: string, body?: unknown, method = body === undefined ? "GET" : "POST"): Promise<T> {
    const { url, token } = JSON.parse(readFileSync(join(this.data, "local.json"), "utf8")) as { url: string; token: string };
    const answer = await fetch(`${url}${path}`, {
      method, headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) }, body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text === "" ? (undefined as T) : JSON.parse(text);
  }

  /** In Prometheus' text form. */
  async metrics(): Promise<string> {
    const { url, token } = JSON.parse(readFileSync(join(this.data, "local.json"), "utf8")) as { url: string; token: string };
    return (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();
  }
}
