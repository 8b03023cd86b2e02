// SPDX-License-Identifier: Apache-2.0
/*
 * LISTEN on a connection of its own.
 *
 *   idle --first channel--> connecting --LISTEN done--> listening --connection lost--> waiting --(0.2 to 5 s)--> connecting
 *
 * After a reconnection every receiver gets the empty payload: notifications may have been missed. An unused connection is asked every 15 s,
 * so that a half-open one is noticed.
 */
import type pg from "pg";
import { databaseError } from "./errors.ts";

const CHECK = 15_000;
const FIRST_PAUSE = 200;
const MAX_PAUSE = 5000;

export class Listener {
  readonly #receivers = new Map<string, Set<(payload: string) => void>>();
  #client: pg.Client | undefined;
  #opening: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pause = FIRST_PAUSE;
  #closed = false;
  /** undefined: notifications come, or nobody wants any. */
  problem: string | undefined;

  constructor(private readonly makeClient: () => pg.Client) {}

  /** Resolves when notifications come from now on. Rejects when the server is not reached. */
  async listen(channel: string, received: (payload: string) => void): Promise<() => Promise<void>> {
    if (!/^[a-z_]{1,60}$/.test(channel)) throw new RangeError(`channel "${channel}": a to z and _`);
    const known = this.#receivers.get(channel);
    const receivers = known ?? new Set();
    receivers.add(received);
    this.#receivers.set(channel, receivers);
    try {
      await this.#open(false);
      if (!known) await this.#client?.query(`LISTEN ${channel}`);
    } catch (error) {
      receivers.delete(received);
      throw databaseError(error, `listen to ${channel}`);
    }
    return async () => void receivers.delete(received);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#opening?.catch(() => {});
    await this.#client?.end().catch(() => {});
    this.#client = undefined;
  }

  async #open(again: boolean): Promise<void> {
    if (this.#client) return;
    this.#opening ??= this.#connect(again).finally(() => { this.#opening = undefined; });
    await this.#opening;
  }

  async #connect(again: boolean): Promise<void> {
    const client = this.makeClient();
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    client.on("notification", ({ channel, payload }) => this.#deliver(channel, payload ?? ""));
    try {
      await client.connect();
      for (const channel of this.#receivers.keys()) await client.query(`LISTEN ${channel}`);
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    this.#pause = FIRST_PAUSE;
    this.problem = undefined;
    this.#schedule(CHECK, () => this.#check(client));
    if (again) for (const channel of this.#receivers.keys()) this.#deliver(channel, "");
  }

  async #check(client: pg.Client): Promise<void> {
    try {
      await client.query("SELECT 1");
      this.#schedule(CHECK, () => this.#check(client));
    } catch {
      client.end().catch(() => {});
      this.#lost(client);
    }
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.problem = "notifications are interrupted: connecting again";
    this.#retry();
  }

  #retry(): void {
    if (this.#closed) return;
    this.#schedule(this.#pause * (0.5 + Math.random()), () => this.#open(true).catch(() => this.#retry()));
    this.#pause = Math.min(MAX_PAUSE, this.#pause * 2);
  }

  #schedule(delay: number, run: () => Promise<void>): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void run(), delay).unref();
  }

  #deliver(channel: string, payload: string): void {
    for (const receive of this.#receivers.get(channel) ?? []) receive(payload);
  }
}
