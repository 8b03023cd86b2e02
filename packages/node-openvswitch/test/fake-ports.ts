// SPDX-License-Identifier: Apache-2.0
// A stand-in for network and clock: time moves only by `advance`, and the test is the peer.
import type { Address, Net, Stream, StreamHandlers, Timer } from "quickjs-ts";
import type { Ports } from "../src/session/connection.ts";

/** One attempt to connect, as the peer sees it. */
export class FakePeer implements Stream {
  received: Uint8Array[] = [];
  open = true;
  queued = 0;
  /** What `write` returns from now on. */
  accepting = true;
  constructor(readonly address: Address, readonly handlers: StreamHandlers) {}

  accept(): void {
    this.handlers.open?.();
  }
  send(data: Uint8Array | string): void {
    if (this.open) this.handlers.data(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }
  hangUp(): void {
    this.open = false;
    this.handlers.close();
  }
  /** Takes what has come so far. */
  take(): Uint8Array[] {
    return this.received.splice(0);
  }
  text(): string {
    return this.take().map((bytes) => new TextDecoder().decode(bytes)).join("");
  }

  write(data: Uint8Array): boolean {
    this.received.push(data);
    return this.accepting;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {
    this.open = false;
  }
}

export class FakePorts implements Ports {
  peers: FakePeer[] = [];
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  readonly time = { now: () => this.#now, date: () => this.#now };
  readonly timers = { after: (delay: number, run: () => void) => this.#after(delay, run), every: () => { throw new Error("not used here"); } };
  readonly net: Net = {
    connect: (address, handlers) => {
      const peer = new FakePeer(address, handlers);
      this.peers.push(peer);
      return peer;
    },
    listen: () => { throw new Error("not used here"); },
    datagram: () => { throw new Error("not used here"); },
  };

  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (!peer) throw new Error("nobody connected");
    return peer;
  }

  /** Timers waiting. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Lets time pass; promises settle in between. */
  async advance(millis: number): Promise<void> {
    const end = this.#now + millis;
    await settle();
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers.splice(this.#timers.indexOf(next), 1);
      next.run();
      await settle();
    }
    this.#now = end;
  }

  #after(delay: number, run: () => void): Timer {
    const timer = { at: this.#now + delay, run };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }
}

/** Lets the promise jobs that are due run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await null;
}
