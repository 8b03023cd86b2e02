// SPDX-License-Identifier: Apache-2.0
// Raw frames on one interface of a namespace, sent and seen by the program built from frames.c.
import { type ChildProcess } from "node:child_process";
import { onLines } from "./command.ts";
import { labProgram } from "./compile.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { toHex } from "./packet.ts";

export class Frames {
  readonly #process: ChildProcess;
  readonly #watchers = new Set<(frame: Buffer, at: number) => void>();
  /** Replies of the program come in the order of the commands. */
  readonly #replies: ((error?: Error) => void)[] = [];
  readonly #interface: string;

  private constructor(child: ChildProcess, name: string) {
    this.#process = child;
    this.#interface = name;
    child.stdin!.on("error", () => {});
    onLines(child.stdout!, (line) => this.#line(line));
    child.on("exit", () => this.#replies.splice(0).forEach((reply) => reply(new Error(`frames on ${name} ended`))));
  }

  static async open(lab: Lab, namespace: Namespace, name: string): Promise<Frames> {
    const child = lab.spawn(namespace.inside([await labProgram("frames"), name]), { stdio: ["pipe", "pipe", "inherit"] });
    const frames = new Frames(child, `${namespace.name}/${name}`);
    await frames.#command("capture on");
    return frames;
  }

  /** Resolves when the frame has left. */
  send(frame: Uint8Array): Promise<void> {
    return this.#command(`send ${toHex(frame)}`);
  }

  /** Sends `count` frames; the 16-bit field at byte `countingAt` goes up by one each time (0: none does). */
  flood(frame: Uint8Array, count: number, perSecond: number, countingAt = 0): Promise<void> {
    return this.#command(`flood ${count} ${perSecond} ${countingAt} ${toHex(frame)}`, (count / perSecond) * 1000 + 5000);
  }

  /** Calls `watcher` for every frame that arrives, with the kernel's time of it (milliseconds since 1970, with fractions), until the function it returns is called. */
  watch(watcher: (frame: Buffer, at: number) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** The first arriving frame that `wanted` accepts, or undefined after `deadline` milliseconds. Watches from the call on. */
  next(wanted: (frame: Buffer) => boolean, deadline: number): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => (stop(), resolve(undefined)), deadline);
      const stop = this.watch((frame) => {
        if (!wanted(frame)) return;
        stop();
        clearTimeout(timer);
        resolve(frame);
      });
    });
  }

  close(): void {
    this.#process.stdin!.end();
  }

  #line(line: string): void {
    if (line.startsWith("< ")) return this.#arrived(...line.slice(2).split(" ") as [string, string]);
    if (line === "done") return this.#replies.shift()?.();
    if (line.startsWith("! ")) this.#replies.shift()?.(new Error(`frames on ${this.#interface}: ${line.slice(2)}`));
  }

  #arrived(hex: string, microseconds: string): void {
    for (const watcher of this.#watchers) watcher(Buffer.from(hex, "hex"), Number(microseconds) / 1000);
  }

  #command(line: string, deadline = 5000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`frames on ${this.#interface}: ${line.slice(0, 40)}: no reply`)), deadline);
      this.#replies.push((error) => (clearTimeout(timer), error ? reject(error) : resolve()));
      this.#process.stdin!.write(line + "\n");
    });
  }
}
