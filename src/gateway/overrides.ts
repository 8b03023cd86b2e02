// SPDX-License-Identifier: Apache-2.0
// Decisions of an operator at this gateway, newest last: of `allow`, `deny` and `isolate` the newest that covers a flow decides. They come before all
// rules, outlive a restart, and each can be undone.
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

  /**
   * Returns the existing record when the same decision already stands and nothing contrary came after it; else it becomes the newest, under a new id. Throws
   * ControlFailure "refused" above MAX_OVERRIDES.
   */
  add(override: Override, at: string): OverrideRecord {
    const index = this.#records.findIndex((record) => JSON.stringify(record.override) === JSON.stringify(override));
    if (index >= 0 && !this.#records.slice(index).some((record) => contrary(override, record.override))) return this.#records[index]!;
    if (index >= 0) this.#records.splice(index, 1);
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

/** Whether it matters which of the two is newer. */
function contrary(one: Override, other: Override): boolean {
  return one.kind !== "quarantine" && other.kind !== "quarantine" && (one.kind === "allow") !== (other.kind === "allow");
}

function describe(override: Override): string {
  return "device" in override ? `${override.kind} ${override.device}` : `${override.kind} ${override.a} ${override.b} ${override.service}`;
}

function isRecord(value: OverrideRecord): boolean {
  const override = value?.override;
  if (!Number.isInteger(value?.id) || typeof value.at !== "string") return false;
  if (override?.kind === "quarantine" || override?.kind === "isolate") return typeof override.device === "string";
  return (override?.kind === "allow" || override?.kind === "deny") && typeof override.a === "string" && typeof override.b === "string" && typeof override.service === "string";
}
