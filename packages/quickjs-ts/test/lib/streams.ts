// SPDX-License-Identifier: Apache-2.0
/* What the stream tests share: a recorder of handlers' calls, and waiting with a deadline. */
import type { Address, Net, PlatformError, Stream, StreamHandlers, Timers } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";

/** Rejects after `timeout` ms, naming what did not come. */
export function until(condition: () => boolean, what: string, timeout = 10_000, timers: Timers = platform.timers): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = timeout;
    const poll = timers.every(2, () => {
      if (condition()) { poll.cancel(); resolve(); }
      else if ((left -= 2) <= 0) { poll.cancel(); reject(new Error(`waited in vain for ${what}`)); }
    });
  });
}

/** Handlers that write down what was called. */
export class Recorder implements StreamHandlers {
  readonly calls: string[] = [];
  size = 0;
  bytes: number[] = [];
  error: PlatformError | undefined;
  keep = true;
  onData: (chunk: Uint8Array) => void = () => {};
  onEnd: () => void = () => {};

  open(): void { this.#note("open"); }
  data(chunk: Uint8Array): void {
    this.#note("data");
    this.size += chunk.length;
    if (this.keep) for (const byte of chunk) this.bytes.push(byte);
    this.onData(chunk);
  }
  drain(): void { this.#note("drain"); }
  end(): void { this.#note("end"); this.onEnd(); }
  close(error?: PlatformError): void { this.#note("close"); this.error = error; }

  #note(call: string): void {
    if (this.calls[this.calls.length - 1] !== call) this.calls.push(call);
  }
  get text(): string {
    return String.fromCharCode(...this.bytes);
  }
  get closed(): boolean {
    return this.calls.includes("close");
  }
  count(call: string): number {
    return this.calls.filter((each) => each === call).length;
  }
}

export interface Pair { client: Stream; server: Stream; clientSide: Recorder; serverSide: Recorder; close(): void }

/** A listener on `address` and one connection to it, both recorded. */
export async function pair(address: Address, options: { highWaterMark?: number } = {}, net: Net = platform.net): Promise<Pair> {
  const [clientSide, serverSide] = [new Recorder(), new Recorder()];
  let server: Stream | undefined;
  const listener = net.listen(address, (stream) => { server = stream; return serverSide; }, options);
  const client = net.connect(listener.address, clientSide, options);
  await until(() => server !== undefined && clientSide.calls.includes("open"), "the connection");
  return { client, server: server!, clientSide, serverSide, close() { listener.close(); client.destroy(); server!.destroy(); } };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A fresh directory below the system's one for temporary files. */
export function scratch(name: string): string {
  const path = `/tmp/quickjs-ts-${name}-${platform.engine}-${platform.processes.pid}`;
  platform.files.makeDirectory(path);
  return path;
}

/** Runs a program to its end; resolves with status and output. */
export function run(argv: string[], input?: string): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    let [stdout, stderr] = ["", ""];
    const decode = (chunk: Uint8Array) => new TextDecoder().decode(chunk);
    const child = platform.processes.spawn(argv, {
      stdout: (chunk) => { stdout += decode(chunk); },
      stderr: (chunk) => { stderr += decode(chunk); },
      exit: (code, signal) => resolve({ code, signal, stdout, stderr }),
    }, { stdin: input === undefined ? "ignore" : "pipe" });
    if (input !== undefined) { child.write(bytes(input)); child.closeStdin(); }
  });
}
