// SPDX-License-Identifier: Apache-2.0
// Keeps the switch as the model says. One bundle is in flight at a time; what changes meanwhile waits and goes together in the next one. After
// every (re)connect, every new topology and every refusal the whole is compared with the switch again.
//
//   down --switch ready, inputs known--> syncing --done--> ready --edit--> applying --done--> ready
//     ^                                     ^                                 |
//     +------ switch lost (from any) -------+----------- refused -------------+
import type { Millis, Platform, Timer } from "quickjs-ts";
import { applyChange, closedBy, formerOf, Model, synchronise, verdictKey, type Applied, type Device, type Edit, type FlowVerdict, type Former, type ModelInput, type NameBinding, type Seed, type Switch } from "../wifi-isolation/index.ts";
import type { Log } from "./log.ts";

export interface ReconcilerParts {
  device: Switch;
  platform: Pick<Platform, "time" | "timers" | "processes" | "crypto">;
  log: Log;
  /** The whole input as it is now; undefined while something is not known yet (no ports, no word about the policy). */
  inputs(): ModelInput | undefined;
  /** Before the switch is compared for the first time: what it has tells something about the inputs. */
  recall?(): Promise<void>;
  /** Called when flows are in force after a synchronisation. */
  synchronised(applied: Applied, took: Millis): void;
}

const FIRST_RETRY: Millis = 100;
const MAX_RETRY: Millis = 5000;
/** More flow-mods than this in one go: worth giving memory back afterwards. */
const LARGE_CHANGE = 500;

/** Told when the edit is in force (true), or that the switch went away first (false): then the next synchronisation brings it. */
type Waiter = (inForce: boolean) => void;

export class Reconciler {
  state: "down" | "syncing" | "ready" = "down";
  /** Flows that should be in the switch now. */
  flows = 0;
  bundles = 0;
  refused = 0;
  lastError: string | undefined;
  readonly #parts: ReconcilerParts;
  readonly #seed: Seed;
  #connected = false;
  /** Raised whenever what is known of the switch becomes void; an answer of an older epoch does not count. */
  #epoch = 0;
  #busy = false;
  #recalled = false;
  #model: Model | undefined;
  #pending = new PendingEdit();
  #waiters: Waiter[] = [];
  #retry: Timer | undefined;
  #retryDelay = FIRST_RETRY;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    const random = new DataView(parts.platform.crypto.random(8).buffer);
    this.#seed = [random.getUint32(0), random.getUint32(4)];
  }

  /** The switch is there: compare everything. Also for a new topology. */
  synchronise(): void {
    this.#connected = true;
    this.#epoch++;
    this.#model = undefined;
    this.#run();
  }

  lost(): void {
    this.#connected = false;
    this.#epoch++;
    this.state = "down";
    this.#model = undefined;
    this.#settle(this.#waiters.splice(0), false);
  }

  /** Something else of the inputs is known by now. */
  poke(): void {
    this.#run();
  }

  /** The inputs changed by this. Resolves with true when it is in force; with false at once while there is no switch. */
  edit(edit: Edit): Promise<boolean> {
    if (!this.#connected) return Promise.resolve(false);
    this.#pending.add(edit);
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#run();
    });
  }

  /** As `edit`, for what was told before: undefined when all of it is in force. */
  settled(): Promise<boolean> | undefined {
    if (!this.#connected) return Promise.resolve(false);
    if (!this.#busy && this.#model && this.#pending.empty) return undefined;
    return new Promise((resolve) => void this.#waiters.push(resolve));
  }

  close(): void {
    this.lost();
    this.#retry?.cancel();
  }

  #run(): void {
    if (this.#busy || !this.#connected || this.#retry) return;
    if (this.#model && this.#pending.empty) return this.#settle(this.#waiters.splice(0), true);
    this.#busy = true;
    const waiters = this.#waiters.splice(0);
    const model = this.#model;
    const epoch = this.#epoch;
    (model ? this.#apply(model) : this.#synchronise()).then((done) => {
      this.#busy = false;
      if (done) this.#settle(waiters, true);
      else if (this.#connected) this.#waiters.unshift(...waiters);
      else this.#settle(waiters, false);
      if (done) this.#retryDelay = FIRST_RETRY;
      if (done || epoch !== this.#epoch) this.#run();
    }, (error: Error) => {
      this.#busy = false;
      this.#failed(error, waiters);
    });
  }

  async #apply(model: Model): Promise<boolean> {
    const edit = this.#pending.take();
    const former = formerOf(model, edit);
    const applied = await applyChange(this.#parts.device, model.change(edit));
    this.#count(applied);
    this.flows += applied.added - applied.deleted;
    this.#forgetClosed(former, model);
    return true;
  }

  /** The flows in force have cut these connections already; now their entries go, where the switch can. */
  #forgetClosed(former: Former, model: Model): void {
    const { device, log } = this.#parts;
    if (!device.forget?.([])) return;
    try {
      const { tuples, incomplete } = closedBy(former, model);
      if (tuples.length > 0) device.forget(tuples);
      if (tuples.length > 0 || incomplete) log.debug("connections flushed", { tuples: tuples.length, incomplete });
    } catch (error) {
      log.debug("connections not flushed", { reason: (error as Error).message }); // the queue to the switch is full
    }
  }

  /** False: the inputs are not complete. */
  async #synchronise(): Promise<boolean> {
    if (!this.#parts.inputs()) return false;
    this.state = "syncing";
    const start = this.#parts.platform.time.now();
    const epoch = this.#epoch;
    await this.#recall();
    const input = epoch === this.#epoch ? this.#parts.inputs() : undefined;
    if (!input) return false;
    this.#pending = new PendingEdit(); // the inputs have it all
    const model = new Model(input);
    const applied = await synchronise(this.#parts.device, model, this.#seed);
    if (epoch !== this.#epoch) return false;
    this.#count(applied);
    this.flows = applied.added + applied.modified + applied.same;
    this.#model = model;
    this.state = "ready";
    this.lastError = undefined;
    this.#parts.synchronised(applied, this.#parts.platform.time.now() - start);
    return true;
  }

  async #recall(): Promise<void> {
    if (this.#recalled) return;
    await this.#parts.recall?.();
    this.#recalled = true;
  }

  #count({ added, modified, deleted, meters }: Applied): void {
    const changed = added + modified + deleted;
    if (changed > 0) this.bundles++;
    if (changed + meters > 0) this.#parts.log.debug("flows changed", { added, modified, deleted, meters });
    if (changed > LARGE_CHANGE) this.#parts.platform.processes.trimMemory();
  }

  /** The switch may have anything now: compare again, later. */
  #failed(error: Error, waiters: Waiter[]): void {
    this.#model = undefined;
    if (!this.#connected) return this.#settle(waiters, false);
    this.#waiters.unshift(...waiters);
    this.refused++;
    this.lastError = error.message;
    this.state = "syncing";
    this.#parts.log.error("switch refused", { reason: error.message, retry: `${this.#retryDelay}ms` });
    this.#retry = this.#parts.platform.timers.after(this.#retryDelay, () => {
      this.#retry = undefined;
      this.#run();
    });
    this.#retryDelay = Math.min(MAX_RETRY, this.#retryDelay * 2);
  }

  #settle(waiters: Waiter[], inForce: boolean): void {
    for (const waiter of waiters) waiter(inForce);
  }
}

/** Edits that wait, merged: the newest word about each thing counts. */
class PendingEdit {
  #edit: Pick<Edit, "policy" | "overrides"> = {};
  readonly #set = new Map<number, Device>();
  readonly #removed = new Set<number>();
  readonly #names = new Map<string, NameBinding>();
  readonly #verdicts = new Map<string, FlowVerdict>();
  readonly #removedVerdicts = new Map<string, FlowVerdict>();
  empty = true;

  add(edit: Edit): void {
    this.empty = false;
    if (edit.policy) this.#edit.policy = edit.policy;
    if (edit.overrides) this.#edit.overrides = edit.overrides;
    for (const id of edit.removeDevices ?? []) {
      this.#set.delete(id);
      this.#removed.add(id);
    }
    for (const device of edit.setDevices ?? []) this.#set.set(device.id, device);
    for (const binding of edit.names ?? []) this.#names.set(binding.pattern, binding);
    for (const verdict of edit.removeVerdicts ?? []) {
      this.#verdicts.delete(verdictKey(verdict));
      this.#removedVerdicts.set(verdictKey(verdict), verdict);
    }
    for (const verdict of edit.setVerdicts ?? []) this.#verdicts.set(verdictKey(verdict), verdict);
  }

  /** A removed device that is set again is both: the model removes first. */
  take(): Edit {
    const edit: Edit = {
      ...this.#edit, setDevices: [...this.#set.values()], removeDevices: [...this.#removed], names: [...this.#names.values()],
      setVerdicts: [...this.#verdicts.values()], removeVerdicts: [...this.#removedVerdicts.values()],
    };
    this.#edit = {};
    for (const each of [this.#set, this.#removed, this.#names, this.#verdicts, this.#removedVerdicts]) each.clear();
    this.empty = true;
    return edit;
  }
}
