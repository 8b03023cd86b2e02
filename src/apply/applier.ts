// SPDX-License-Identifier: Apache-2.0
/*
 * Transactions over UCI, OVSDB and flows, with a memory on flash. Files in `directory`, mode 0600:
 *
 *   journal.json       the confirmed state and, while a transaction is under way, its marker
 *   starts             starts in a row that were never healthy
 *   replaced.json      what the last safe boot found and replaced
 *
 * Writes to flash: 2 per transaction (none when nothing is to be changed), beside what its parts write; 2 per start (3 in all in a loop of crashes);
 * 1 more when what runs well is not what was confirmed (somebody edited by hand).
 */
import type { Files } from "quickjs-ts";
import { decodeJournal, EMPTY, encodeJournal, type Journal, type Past } from "./journal.ts";
import { LIMITS, Machine, type Action, type Limits, type Phase } from "./machine.ts";
import { Executor, type Surroundings } from "./executor.ts";
import { Starts } from "./starts.ts";
import type { ApplyLog, Outcome, Parts, State, Transaction } from "./types.ts";
import { differingState, isEmpty, joined, pruned, restricted } from "./values.ts";

export interface ApplierParts extends Pick<Surroundings, "parts" | "probe" | "clock"> {
  files: Files;
  /** On flash. */
  directory: string;
  log: ApplyLog;
  limits?: Limits;
}

/** For `status` and `reported`. */
export interface ApplyStatus {
  phase: Phase;
  /** The transaction under way. */
  id?: string;
  /** This start is a safe boot: the last confirmed state, as this many starts before it failed. */
  safe?: { failedStarts: number };
  /** The newest transaction that did not come through. */
  failed?: { id: string; times: number; reason: string };
  /** How the newest transactions ended, oldest first. */
  history: readonly Past[];
}

/** A transaction that failed so often in a row is refused under the same id. */
export const MAX_TRIES = 3;
const MAX_ID = 128;
const MODE = 0o600;

export class Applier {
  readonly #given: ApplierParts;
  readonly #starts: Starts;
  readonly #machine: Machine;
  readonly #executor: Executor;
  #running: Promise<void> | undefined;
  #id: string | undefined;
  /** Wanted, and found to be so already: confirmed, too, once it has been healthy. */
  #found: State = {};
  /** A start, a transaction or an adoption is under way, also where nothing of it shows in the machine yet. */
  #preparing = false;

  /** Counts this start. Throws PlatformError when the directory cannot be made. */
  constructor(given: ApplierParts) {
    this.#given = given;
    const { files, directory, log, parts, probe, clock, limits = LIMITS } = given;
    files.makeDirectory(directory, 0o700);
    this.#starts = new Starts(files, `${directory}/starts`, log);
    this.#machine = new Machine(this.#load(), limits);
    this.#executor = new Executor(this.#machine, { parts, probe, clock, write: (journal) => this.#replace("journal.json", encodeJournal(journal)) });
  }

  get status(): ApplyStatus {
    const { failed, history = [] } = this.#machine.journal;
    return {
      phase: this.#machine.phase, ...(this.#id === undefined ? {} : { id: this.#id }),
      ...(this.#starts.safe ? { safe: { failedStarts: this.#starts.failed } } : {}), ...(failed ? { failed } : {}), history,
    };
  }

  /** A change is under way, or a start's restoring: what it puts is nobody else's to mend. */
  get busy(): boolean { return this.#preparing || this.#machine.phase !== "rest"; }

  /** Sentences for `status` and `reported`; empty when there is nothing to tell. */
  get problems(): string[] {
    const { safe, failed, phase } = this.status;
    return [
      safe ? `safe boot: ${safe.failedStarts} starts failed, so the last confirmed state was restored` : "",
      failed ? `not applied (${failed.times} ${failed.times === 1 ? "try" : "tries"}): ${failed.reason}` : "",
      phase === "undoing" || phase === "remarking" || phase === "clearing" ? `rolling back: ${this.#machine.reason}` : "",
    ].filter((problem) => problem !== "");
  }

  /** Before anything else is configured: undoes what was interrupted, restores the confirmed state in a safe boot, puts what a restart loses. Resolves when that is done. */
  async start(): Promise<void> {
    const { safe, failed } = this.#starts;
    const { confirmed, marker } = this.#machine.journal;
    if (marker) this.#given.log.warn("rolling back what was interrupted", { transaction: marker.id });
    this.#preparing = true;
    if (safe) {
      this.#given.log.error("safe boot: the last confirmed state comes back", { failedStarts: failed });
      await this.#setAside(confirmed);
    }
    this.#machine.recover(safe, volatileOf(this.#given.parts, confirmed));
    await this.#run();
    this.#preparing = false;
  }

  /** Resolves when it is confirmed, rolled back or refused; never rejects. One at a time. */
  async apply(transaction: Transaction): Promise<Outcome> {
    const refusal = this.#refusal(transaction);
    if (refusal !== undefined) return { result: "refused", reason: refusal };
    this.#preparing = true;
    try {
      return await this.#transact(transaction);
    } catch (error) {
      return { result: "refused", reason: (error as Error).message };
    } finally {
      this.#preparing = false;
      this.#id = undefined;
    }
  }

  /** Undoes the transaction under way. */
  abort(reason: string): void {
    this.#machine.abort(this.#given.clock.time.now(), reason);
    this.#executor.wake();
  }

  /** To be called every few seconds. Once, when it has been healthy for long enough, there is a promise for what is then confirmed. */
  healthy(healthy: boolean): Promise<void> | undefined {
    return this.#starts.healthy(this.#given.clock.time.now(), healthy) ? this.#adopt() : undefined;
  }

  /** An orderly end. A transaction under way stays marked: the next start undoes it. */
  stop(): void {
    this.#executor.close();
    this.#starts.stopped();
  }

  #refusal({ id, wanted }: Transaction): string | undefined {
    const { failed } = this.#machine.journal;
    if (id === "" || id.length > MAX_ID) return `id: expected 1 to ${MAX_ID} characters`;
    const unknown = Object.keys(wanted).find((part) => !this.#given.parts[part]);
    if (unknown !== undefined) return `there is no part "${unknown}" here`;
    if (this.busy) return "another change is under way";
    if (failed?.id === id && failed.times >= MAX_TRIES) return `failed ${failed.times} times: ${failed.reason}`;
    return undefined;
  }

  async #transact({ id, at, wanted }: Transaction): Promise<Outcome> {
    const { log, probe, clock } = this.#given;
    const seen = await this.#executor.within(this.#executor.read(wanted), "read");
    const changes = differingState(wanted, seen);
    if (isEmpty(changes)) return this.#unchanged(wanted);
    const before = await this.#executor.within(probe.look(), "look").catch(() => ({}));
    this.#id = id;
    log.info("applying", { transaction: id, parts: Object.keys(changes).join(","), watched: Object.entries(before).filter(([, works]) => works).map(([sign]) => sign).join(",") });
    this.#machine.begin(clock.time.now(), { id, ...(at === undefined ? {} : { at }), wanted: changes, old: restricted(seen, changes) }, before);
    return this.#outcome(id);
  }

  #unchanged(wanted: State): Outcome {
    this.#found = wanted;
    if (this.#starts.proven) this.#given.clock.timers.after(0, () => void this.#adopt());
    return { result: "confirmed", unchanged: true };
  }

  /** When the outcome is known; what is left to do (a flash that refuses) goes on behind. */
  #outcome(id: string): Promise<Outcome> {
    const { log } = this.#given;
    return new Promise((resolve) => {
      const told = (): void => {
        const outcome = this.#machine.takeOutcome();
        if (!outcome) return;
        if (outcome.result === "confirmed") log.info("confirmed", { transaction: id });
        else log.error(outcome.result, { transaction: id, reason: outcome.reason });
        resolve(outcome);
      };
      void this.#run(told).then(() => resolve({ result: "rolled back", reason: "the gateway ends; the next start undoes it" }));
    });
  }

  #run(told = (): void => {}): Promise<void> {
    this.#running = this.#executor.run((action, error) => {
      if (error !== undefined) this.#tell(action, error);
      told();
    });
    return this.#running;
  }

  #tell(action: Action, reason: string): void {
    this.#given.log.warn("step failed", { step: action.do, part: action.do === "put" ? action.part : undefined, phase: this.#machine.phase, reason });
  }

  /** The state that has been healthy is the confirmed one, also where somebody changed it by hand. */
  async #adopt(): Promise<void> {
    const { parts, log } = this.#given;
    if (this.busy) return;
    const { confirmed } = this.#machine.journal;
    const durable = pruned(Object.fromEntries(Object.entries(confirmed).filter(([part]) => parts[part] !== undefined && !parts[part].volatile)));
    this.#preparing = true;
    try {
      const changed = differingState(await this.#executor.within(this.#executor.read(joined(durable, this.#found)), "read"), confirmed);
      if (isEmpty(changed)) return;
      log.info("found as it is and healthy: confirmed", { parts: Object.keys(changed).join(",") });
      this.#machine.adopt(changed);
      await this.#run();
    } catch (error) {
      log.warn("the running state was not compared", { reason: (error as Error).message });
    } finally {
      this.#preparing = false;
    }
  }

  async #setAside(confirmed: State): Promise<void> {
    try {
      const replaced = differingState(await this.#executor.within(this.#executor.read(confirmed), "read"), confirmed);
      if (!isEmpty(replaced)) this.#replace("replaced.json", JSON.stringify(replaced));
    } catch (error) {
      this.#given.log.warn("what the safe boot replaces was not kept", { reason: (error as Error).message });
    }
  }

  #replace(name: string, text: string): void {
    this.#given.files.replace(`${this.#given.directory}/${name}`, text, { mode: MODE });
  }

  /** A file that is damaged all the same is kept aside: without it nothing can be undone, and the device goes on as it is. */
  #load(): Journal {
    const { files, directory, log } = this.#given;
    const path = `${directory}/journal.json`;
    if (!files.status(path)) return EMPTY;
    const text = files.readText(path);
    try {
      return decodeJournal(text);
    } catch (error) {
      log.error("journal damaged", { file: path, reason: (error as Error).message, kept: `${path}.corrupt` });
      this.#replace("journal.json.corrupt", text);
      return EMPTY;
    }
  }
}

function volatileOf(parts: Parts, confirmed: State): State {
  return Object.fromEntries(Object.entries(confirmed).filter(([name]) => parts[name]?.volatile));
}
