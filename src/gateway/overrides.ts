// SPDX-License-Identifier: Apache-2.0
// Decisions of an operator at this gateway (`allow`, `quarantine`), newest last. They come before all rules, outlive a restart, and each
// can be undone.
import type { Override } from "../wifi-isolation/network.ts";
import { ControlFailure, type OverrideRecord } from "./control/protocol.ts";
import type { Log } from "./log.ts";
import type { StateDirectory } from "./state.ts";

const FILE = "overrides.json";
/** Each may add flows for every device: bounded like all that costs memory. */
export const MAX_OVERRIDES = 256;

interface Stored { next: number; records: OverrideRecord[] }

export class Overrides {
  readonly #state: StateDirectory;
  #next = 1;
  #records: OverrideRecord[] = [];

  constructor(state: StateDirectory, log: Log) {
    this.#state = state;
    const text = state.load(FILE);
    if (text === undefined) return;
    try {
      const stored = JSON.parse(text) as Stored;
      this.#records = stored.records.filter(isRecord);
      this.#next = this.#records.reduce((next, record) => Math.max(next, record.id + 1), Number(stored.next) || 1);
    } catch (error) {
      log.error("overrides unreadable, starting without", { reason: (error as Error).message });
    }
  }

  get records(): readonly OverrideRecord[] { return this.#records; }
  get list(): Override[] { return this.#records.map((record) => record.override); }

  /** Returns the existing record when the same decision already stands. Throws ControlFailure "refused" above MAX_OVERRIDES. */
  add(override: Override, at: string): OverrideRecord {
    const same = this.#records.find((record) => JSON.stringify(record.override) === JSON.stringify(override));
    if (same) return same;
    if (this.#records.length >= MAX_OVERRIDES) throw new ControlFailure("refused", `${MAX_OVERRIDES} overrides are in force; undo one first`);
    const record = { id: this.#next++, at, override, text: describe(override) };
    this.#records.push(record);
    this.#save();
    return record;
  }

  /** Takes back one decision, or the newest. Throws ControlFailure "not-found". */
  undo(id?: number): OverrideRecord {
    const index = id === undefined ? this.#records.length - 1 : this.#records.findIndex((record) => record.id === id);
    const [record] = index < 0 ? [] : this.#records.splice(index, 1);
    if (!record) throw new ControlFailure("not-found", id === undefined ? "there is nothing to undo" : `no override has the id ${id}`);
    this.#save();
    return record;
  }

  /** At once: an operator who was answered may pull the plug. */
  #save(): void {
    this.#state.save(FILE, () => JSON.stringify({ next: this.#next, records: this.#records } satisfies Stored));
    this.#state.flush();
  }
}

function describe(override: Override): string {
  return override.kind === "quarantine" ? `quarantine ${override.device}` : `allow ${override.a} ${override.b} ${override.service}`;
}

function isRecord(value: OverrideRecord): boolean {
  const override = value?.override;
  if (!Number.isInteger(value?.id) || typeof value.at !== "string") return false;
  if (override?.kind === "quarantine") return typeof override.device === "string";
  return override?.kind === "allow" && typeof override.a === "string" && typeof override.b === "string" && typeof override.service === "string";
}
