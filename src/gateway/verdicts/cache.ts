// SPDX-License-Identifier: Apache-2.0
// Verdicts of flows: bounded, least recently used out first, each with its expiry.
import type { Millis } from "quickjs-ts";
import type { FlowVerdict } from "../../wifi-isolation/network.ts";
import { questionKey, type FlowQuestion } from "./question.ts";

export const MAX_VERDICTS = 4096;
/** One device may fill only a part, so that its scan does not displace what others have. */
export const MAX_VERDICTS_PER_DEVICE = 256;

interface Entry {
  verdict: FlowVerdict;
  expires: Millis;
}

/** What to do in the model's edit. */
export interface VerdictOutcome {
  setVerdicts: FlowVerdict[];
  removeVerdicts: FlowVerdict[];
}

export class VerdictCache {
  /** By question key; a Map's order is the order of use, oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #perDevice = new Map<number, number>();
  readonly #max: number;
  readonly #maxPerDevice: number;

  constructor(max = MAX_VERDICTS, maxPerDevice = MAX_VERDICTS_PER_DEVICE) {
    this.#max = max;
    this.#maxPerDevice = maxPerDevice;
  }

  get size(): number { return this.#entries.size; }
  get list(): FlowVerdict[] { return Array.from(this.#entries.values(), ({ verdict }) => verdict); }

  /** The verdict in force; counts as a use. */
  find(question: FlowQuestion, now: Millis): FlowVerdict | undefined {
    const key = questionKey(question);
    const entry = this.#entries.get(key);
    if (!entry || entry.expires <= now) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.verdict;
  }

  /** Stores a verdict for `lifetime`; a full cache gives up the least recently used one, of the same device when that has its share. */
  put(verdict: FlowVerdict, lifetime: Millis, now: Millis): VerdictOutcome {
    const key = questionKey(verdict);
    const outcome: VerdictOutcome = { setVerdicts: [verdict], removeVerdicts: [] };
    this.#remove(key);
    if ((this.#perDevice.get(verdict.device) ?? 0) >= this.#maxPerDevice) this.#evict(verdict.device, outcome);
    else if (this.#entries.size >= this.#max) this.#evict(undefined, outcome);
    this.#entries.set(key, { verdict, expires: now + lifetime });
    this.#perDevice.set(verdict.device, (this.#perDevice.get(verdict.device) ?? 0) + 1);
    return outcome;
  }

  /** The switch's flow ended (its idle timeout): the next packet asks again. */
  ended(question: FlowQuestion): VerdictOutcome {
    return this.#dropWhere((_, key) => key === questionKey(question));
  }

  /** What will not be believed any more at `then`. */
  expiring(then: Millis): FlowVerdict[] {
    return [...this.#entries.values()].filter(({ expires }) => expires <= then).map(({ verdict }) => verdict);
  }

  expire(now: Millis): VerdictOutcome {
    return this.#dropWhere((entry) => entry.expires <= now);
  }

  /** A device went, or its id stands for another one now: nothing decided about it counts any more. */
  forgetDevice(device: number): VerdictOutcome {
    return this.#perDevice.has(device) ? this.#dropWhere((entry) => entry.verdict.device === device) : { setVerdicts: [], removeVerdicts: [] };
  }

  /** An address changed hands: what was decided about flows towards it was about another device. */
  forgetAddress(address: string): VerdictOutcome {
    return this.#dropWhere((entry) => entry.verdict.address === address);
  }

  /** The policy changed: everything is asked anew. */
  clear(): VerdictOutcome {
    return this.#dropWhere(() => true);
  }

  #dropWhere(matches: (entry: Entry, key: string) => boolean): VerdictOutcome {
    const removeVerdicts: FlowVerdict[] = [];
    for (const [key, entry] of this.#entries) {
      if (!matches(entry, key)) continue;
      removeVerdicts.push(entry.verdict);
      this.#remove(key);
    }
    return { setVerdicts: [], removeVerdicts };
  }

  #evict(device: number | undefined, outcome: VerdictOutcome): void {
    for (const [key, { verdict }] of this.#entries) {
      if (device !== undefined && verdict.device !== device) continue;
      outcome.removeVerdicts.push(verdict);
      return this.#remove(key);
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    const left = this.#perDevice.get(entry.verdict.device)! - 1;
    if (left === 0) this.#perDevice.delete(entry.verdict.device);
    else this.#perDevice.set(entry.verdict.device, left);
  }
}
