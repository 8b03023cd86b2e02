// SPDX-License-Identifier: Apache-2.0
// What an operator decides at this gateway: each decision is kept, and answered when the switch has it.
import type { Millis, Platform } from "quickjs-ts";
import type { OverrideRecord } from "./control/protocol.ts";
import type { Known } from "./explain.ts";
import type { Log } from "./log.ts";
import type { Override } from "../wifi-isolation/network.ts";
import type { Overrides } from "./overrides.ts";
import { overrideOf } from "./report.ts";

export interface OperatorParts {
  platform: Pick<Platform, "time" | "timers">;
  overrides: Overrides;
  log: Log;
  known(): Known;
  /** Puts the overrides as they are now on their way into the switch. */
  put(): Promise<boolean>;
}

/** How long a command waits for the switch: one that refuses is tried again, and `status` tells. */
const PATIENCE: Millis = 5000;

export class Operator {
  readonly #parts: OperatorParts;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  /** Ends and devices as people name them. Throws ControlFailure "not-found" or "refused". */
  decide(given: Override): Promise<OverrideRecord> {
    return this.#decide(overrideOf(this.#parts.known(), given));
  }

  async undo(id?: number): Promise<OverrideRecord> {
    const record = this.#parts.overrides.undo(id);
    this.#parts.log.info("override undone", { id: record.id, override: record.text });
    await this.#inForce();
    return record;
  }

  async #decide(override: Override): Promise<OverrideRecord> {
    const record = this.#parts.overrides.add(override, new Date(this.#parts.platform.time.date()).toISOString());
    this.#parts.log.info("override", { id: record.id, override: record.text });
    await this.#inForce();
    return record;
  }

  #inForce(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#parts.platform.timers.after(PATIENCE, resolve);
      void this.#parts.put().then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
