// SPDX-License-Identifier: Apache-2.0
// Hands messages of gateways to the one handler: those of a gateway in their order, but questions, which wait for nothing; each within a deadline.
import type { UpMessage } from "../ports.ts";

/** Milliseconds for one message. */
const DEADLINE = 30_000;
/** Of one gateway, that wait for their turn. */
const MAX_WAITING = 1_000;

export type Handler = (message: UpMessage) => Promise<void>;

export class Inbox {
  #handler: Handler | undefined;
  readonly #queues = new Map<string, { last: Promise<void>; length: number }>();
  received = 0;

  constructor(private readonly deadline = DEADLINE) {}

  onMessage(handler: Handler): void {
    this.#handler = handler;
  }

  get handled(): boolean {
    return this.#handler !== undefined;
  }

  /** Resolves when the message was handled; rejects when that failed, took too long, or too many wait: then it must not be acknowledged. */
  async take(message: UpMessage): Promise<void> {
    this.received++;
    if (message.channel === "ask") return this.#handle(message);
    const queue = this.#queues.get(message.gateway) ?? { last: Promise.resolve(), length: 0 };
    if (queue.length >= MAX_WAITING) throw new Error(`${queue.length} messages of ${message.gateway} wait already`);
    const turn = queue.last.then(() => this.#handle(message));
    this.#queues.set(message.gateway, queue);
    queue.length++;
    queue.last = turn.catch(() => {}).then(() => {
      if (--queue.length === 0) this.#queues.delete(message.gateway);
    });
    return turn;
  }

  async #handle(message: UpMessage): Promise<void> {
    if (!this.#handler) throw new Error("nobody handles messages yet");
    await within(this.deadline, `handling ${message.channel} of ${message.gateway}`, this.#handler(message));
  }
}

/** Rejects with "WHAT took longer than N s". */
export async function within<T>(millis: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error(`${what} took longer than ${millis / 1000} s`)), millis); });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
