// SPDX-License-Identifier: Apache-2.0
// Locks of a client (RFC 7047 section 4.1.8): the server forgets them with the connection, so they are asked for again on the next.
import type { Json } from "./json.ts";
import { type Call, requests } from "./protocol.ts";

export type CallFunction = (call: Call) => Promise<Json>;

export interface Lock {
  readonly name: string;
  /** Whether this client has it now, as far as is known. To be sure of it within a transaction, `assert` it. */
  readonly owned: boolean;
  release(): Promise<void>;
}

interface Held {
  name: string;
  steal: boolean;
  owned: boolean;
  changed: (owned: boolean) => void;
}

export class Locks {
  readonly #held = new Map<string, Held>();

  /** Asks for a lock: `changed` tells each time it is won or lost. `steal` takes it from another client, once. */
  async acquire(name: string, steal: boolean, changed: (owned: boolean) => void, call: CallFunction): Promise<Lock> {
    if (this.#held.has(name)) throw new TypeError(`lock ${name}: asked for already`);
    const held: Held = { name, steal, owned: false, changed };
    this.#held.set(name, held);
    await this.#request(held, call).catch((error: unknown) => {
      this.#held.delete(name);
      throw error;
    });
    held.steal = false; // a thief that reconnects does not steal it back
    return { name, get owned() { return held.owned; }, release: () => this.#release(held, call) };
  }

  async restore(call: CallFunction): Promise<void> {
    for (const held of [...this.#held.values()]) await this.#request(held, call);
  }

  /** Takes `locked` and `stolen`. */
  notification(method: string, params: readonly Json[]): void {
    const held = typeof params[0] === "string" ? this.#held.get(params[0]) : undefined;
    if (held && (method === "locked" || method === "stolen")) this.#set(held, method === "locked");
  }

  lost(): void {
    for (const held of [...this.#held.values()]) this.#set(held, false);
  }

  async #request(held: Held, call: CallFunction): Promise<void> {
    const result = (await call(held.steal ? requests.steal(held.name) : requests.lock(held.name))) as { locked?: Json } | null;
    if (result?.locked === true) this.#set(held, true);
  }

  async #release(held: Held, call: CallFunction): Promise<void> {
    if (!this.#held.delete(held.name)) return;
    held.owned = false;
    await call(requests.unlock(held.name));
  }

  #set(held: Held, owned: boolean): void {
    if (held.owned === owned) return;
    held.owned = owned;
    held.changed(owned);
  }
}
