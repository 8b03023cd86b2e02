// SPDX-License-Identifier: Apache-2.0
// Transactions on OpenWrt: what an interrupted one left is undone before the gateway starts, failed starts are counted, and what is wrong is told.
// UCI is the only part so far; the bridge and the policy become parts when a change needs them together.
import type { Millis, Platform, Timer } from "quickjs-ts";
import { Applier, type Outcome, type Part, type Probe, type Transaction } from "../apply/index.ts";
import { UciFiles } from "../openwrt/uci/files.ts";
import type { GatewayConfig } from "./config/config.ts";
import type { Log } from "./log.ts";

/** The gateway starts after this long even if something cannot be undone yet; that goes on behind it. */
const PATIENCE: Millis = 15_000;
const LOOK: Millis = 5000;
const SETTLE: Millis = 3000;
const INTERVAL: Millis = 1000;
/** Tells procd which packages changed; netifd and others then read them (OpenWrt's base-files). */
const RELOAD = "/sbin/reload_config";

export class Changes {
  readonly #platform: Pick<Platform, "files" | "time" | "timers" | "processes">;
  readonly #log: Log;
  readonly #applier: Applier;
  #probe: Probe = { look: async () => ({}) };
  #timer: Timer | undefined;

  /** Counts this start. `uci`: the directory of the packages. */
  constructor(platform: Pick<Platform, "files" | "time" | "timers" | "processes">, config: Pick<GatewayConfig, "state" | "openwrt">, log: Log, uci = "/etc/config") {
    this.#platform = platform;
    this.#log = log;
    const deadline = (config.openwrt?.applyDeadline ?? 120) * 1000;
    this.#applier = new Applier({
      files: platform.files, directory: `${config.state}/apply`, log, clock: platform, limits: { deadline, settle: SETTLE, interval: INTERVAL },
      parts: { uci: new UciFiles(platform.files, uci, () => this.#reload()) as Part }, probe: { look: () => this.#probe.look() },
    });
  }

  get problems(): string[] { return this.#applier.problems; }

  /** Resolves when the device is in the old, the new or the confirmed state, or after PATIENCE. */
  recover(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#platform.timers.after(PATIENCE, () => {
        this.#log.error("not undone yet; trying on", { after: `${PATIENCE / 1000}s` });
        resolve();
      });
      void this.#applier.start().then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** From now on the start is judged, and changes are probed. */
  follow(healthy: () => boolean, probe: Probe): void {
    this.#probe = probe;
    this.#timer = this.#platform.timers.every(LOOK, () => this.#applier.healthy(healthy()));
  }

  apply(transaction: Transaction): Promise<Outcome> {
    return this.#applier.apply(transaction);
  }

  /** An orderly end. */
  close(): void {
    this.#timer?.cancel();
    this.#applier.stop();
  }

  #reload(): void {
    try {
      this.#platform.processes.spawn([RELOAD], { exit: (code) => { if (code !== 0) this.#log.warn("configuration written, but not reloaded", { code: code ?? undefined }); } }, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    } catch (error) {
      this.#log.warn("configuration written, but not reloaded", { reason: (error as Error).message });
    }
  }
}
