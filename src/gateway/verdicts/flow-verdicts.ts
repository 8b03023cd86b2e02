// SPDX-License-Identifier: Apache-2.0
// Verdicts of flows with everything that ends them: their traffic, their lifetime, their device or address, their policy.
import type { Millis } from "quickjs-ts";
import { cookieOf } from "../../wifi-isolation/cookie.ts";
import { ownerOf, verdictKey, type Edit } from "../../wifi-isolation/index.ts";
import { ANSWER_EXPIRY, LinkAsker, type LinkAskerParts } from "./asker.ts";
import { VerdictCache, type VerdictOutcome } from "./cache.ts";

export interface FlowVerdictsParts extends LinkAskerParts {
  edit(edit: Edit): Promise<boolean>;
  now(): Millis;
}

export class FlowVerdicts {
  readonly cache = new VerdictCache();
  readonly asker: LinkAsker;
  readonly #parts: FlowVerdictsParts;

  constructor(parts: FlowVerdictsParts) {
    this.#parts = parts;
    this.asker = new LinkAsker(parts);
  }

  /** For the edit that changes what verdicts rest on. */
  clear(): VerdictOutcome {
    this.asker.clear();
    return this.cache.clear();
  }

  /** A verdict's flow ended in the switch by want of traffic. */
  flowRemoved(cookie: bigint): void {
    if (ownerOf(cookie)?.kind !== "verdict") return;
    const ended = this.cache.list.filter((verdict) => cookieOf("verdict", verdictKey(verdict)) === cookie);
    for (const verdict of ended) this.#edit(this.cache.ended(verdict));
  }

  /** The number of a device, or an address, stands for somebody else from now on. */
  forgetDevice(device: number): void {
    this.asker.forgetDevice(device);
    this.#edit(this.cache.forgetDevice(device));
  }

  forgetAddress(address: string): void {
    this.asker.forgetAddress(address);
    this.#edit(this.cache.forgetAddress(address));
  }

  /** About once a second. Flows with traffic are asked about again before their verdict ends, so that they do not stop for the answer. */
  tick(): void {
    const now = this.#parts.now();
    this.#edit(this.cache.expire(now));
    for (const { idleTimeout, verdict: _, ...question } of this.cache.expiring(now + ANSWER_EXPIRY)) {
      this.asker.ask(question, ({ verdict, lifetime }) => void this.#parts.edit(this.cache.put({ ...question, verdict, idleTimeout }, lifetime, this.#parts.now())));
    }
  }

  #edit(outcome: VerdictOutcome): void {
    if (outcome.removeVerdicts.length + outcome.setVerdicts.length > 0) void this.#parts.edit(outcome);
  }
}
