// SPDX-License-Identifier: Apache-2.0
// Raw frames on one interface, sent and seen by the lab's program (test/lab/frames.c).
import type { Child, Millis } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { hex, toHex } from "../../test/lab/packet.ts";
import { inside, must, start } from "./command.ts";

/** The filter as the kernel takes it, for the kind of frames that the interface has. */
async function compiled(namespace: string | undefined, name: string, filter: string): Promise<string> {
  const [, ...lines] = (await must(inside(namespace, ["tcpdump", "-ddd", "-i", name, filter]))).trim().split("\n");
  return lines.map((line) => line.replaceAll(" ", ",")).join(" ");
}

/** Waits for one frame. Looks at the hexadecimal text of frames, which an emulated processor searches much faster than their bytes. */
export class Listener {
  #frame: string | undefined;
  #heard: () => void = () => {};

  constructor(readonly mark: string, readonly stop: () => void) {}

  see(frame: string): void {
    if (!frame.includes(this.mark)) return;
    this.#frame ??= frame;
    this.#heard();
  }

  /** The frame, or undefined when there is none within `patience` from now. Ends the listening. */
  async heard(patience: Millis): Promise<Uint8Array | undefined> {
    if (this.#frame === undefined) await new Promise<void>((resolve) => {
      const timer = platform.timers.after(patience, resolve);
      this.#heard = () => { timer.cancel(); resolve(); };
    });
    this.stop();
    return this.#frame === undefined ? undefined : hex(this.#frame);
  }
}

export class Frames {
  readonly #child: Child;
  readonly #watchers = new Set<(frame: Uint8Array) => void>();
  readonly #listeners = new Set<Listener>();
  /** Replies come in the order of the commands. */
  readonly #replies: ((error?: Error) => void)[] = [];
  #ended = false;

  private constructor(namespace: string | undefined, readonly name: string) {
    this.#child = start(inside(namespace, ["frames", name]), (line) => this.#line(line), () => this.#end(), { stdin: "pipe" });
  }

  /** Resolves when it listens. `filter`: what is seen, in tcpdump's words. */
  static async open(namespace: string | undefined, name: string, filter?: string): Promise<Frames> {
    const frames = new Frames(namespace, name);
    if (filter !== undefined) await frames.#command(`filter ${await compiled(namespace, name, filter)}`);
    await frames.#command("capture on");
    return frames;
  }

  /** Resolves when the frame has left. Rejects with the kernel's reason. */
  send(frame: Uint8Array): Promise<void> {
    return this.#command(`send ${toHex(frame)}`);
  }

  /** Sends `count` frames; the 16-bit field at byte `countingAt` goes up by one each time (0: none does). */
  flood(frame: Uint8Array, count: number, perSecond: number, countingAt = 0): Promise<void> {
    return this.#command(`flood ${count} ${perSecond} ${countingAt} ${toHex(frame)}`, (count / perSecond) * 4000 + 10_000);
  }

  /** Calls `watcher` for each frame that arrives, until the function it returns is called. */
  watch(watcher: (frame: Uint8Array) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Listens from now on for a frame that contains `mark`; many may listen at once. */
  listen(mark: Uint8Array): Listener {
    const listener = new Listener(toHex(mark), () => void this.#listeners.delete(listener));
    this.#listeners.add(listener);
    return listener;
  }

  close(): void {
    this.#child.closeStdin();
  }

  #line(line: string): void {
    if (line.startsWith("< ")) return this.#arrived(line.split(" ")[1]!);
    if (line === "done") return this.#replies.shift()?.();
    if (line.startsWith("! ")) this.#replies.shift()?.(new Error(`frames on ${this.name}: ${line.slice(2)}`));
  }

  #arrived(text: string): void {
    for (const listener of this.#listeners) listener.see(text);
    if (this.#watchers.size === 0) return;
    const frame = hex(text);
    for (const watcher of this.#watchers) watcher(frame);
  }

  #end(): void {
    this.#ended = true;
    for (const reply of this.#replies.splice(0)) reply(new Error(`frames on ${this.name} ended`));
  }

  #command(line: string, deadline: Millis = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new Error(`frames on ${this.name} ended`));
      const timer = platform.timers.after(deadline, () => reject(new Error(`frames on ${this.name}: ${line.slice(0, 40)}: no reply`)));
      this.#replies.push((error) => { timer.cancel(); if (error) reject(error); else resolve(); });
      this.#child.write(new TextEncoder().encode(`${line}\n`));
    });
  }
}
