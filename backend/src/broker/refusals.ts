// SPDX-License-Identifier: Apache-2.0
// What was refused is told, but not as often as an attacker likes: ten a minute from one address, and how many were left out.

export interface Refusal { /** Gateway's identifier when its certificate was good. */ gateway?: string; network?: string; remote: string; action: "connect" | "publish" | "subscribe" | "will" | "packet"; target?: string; message: string }
export type TellRefusal = (refusal: Refusal & { /** Of this address since the last one that was told. */ untold: number }) => void;

const WINDOW = 60_000;
const MAX_ADDRESSES = 10_000;

export class Refusals {
  count = 0;
  readonly #addresses = new Map<string, { since: number; told: number; untold: number }>();

  constructor(private readonly tell: TellRefusal, private readonly perMinute = 10, private readonly now: () => number = Date.now) {}

  add(refusal: Refusal): void {
    this.count++;
    const now = this.now();
    let seen = this.#addresses.get(refusal.remote);
    if (!seen || now - seen.since >= WINDOW) seen = { since: now, told: 0, untold: seen?.untold ?? 0 };
    this.#addresses.delete(refusal.remote); // to the end: the front is the longest without a refusal
    this.#addresses.set(refusal.remote, seen);
    if (this.#addresses.size > MAX_ADDRESSES) this.#addresses.delete(this.#addresses.keys().next().value!);
    if (seen.told >= this.perMinute) return void seen.untold++;
    seen.told++;
    const { untold } = seen;
    seen.untold = 0;
    this.tell({ ...refusal, untold });
  }
}
