// SPDX-License-Identifier: Apache-2.0
/*
 * Changes of an OpenWrt device as transactions. At a start what an interrupted one left is undone, before the gateway is made; failed starts are counted. Then the
 * gateway's settings (src/gateway/settings: Wi-Fi, bridge and ports, site) are requested: once it is healthy, and again when the configuration is read anew.
 */
import { hexadecimal } from "@securebox/contract";
import type { NxPacketIn2 } from "node-openvswitch/openflow";
import type { Millis, Platform, Timer } from "quickjs-ts";
import { Applier, type Limits, type Outcome, type Part, type Signs, type State, type Transaction } from "../apply/index.ts";
import { UciFiles } from "../openwrt/uci/files.ts";
import type { UciPackage } from "../openwrt/uci/package.ts";
import { UciSyntaxError } from "../openwrt/uci/text.ts";
import type { GatewayConfig } from "./config/config.ts";
import type { ChangesResult } from "./control/protocol.ts";
import type { Log } from "./log.ts";
import { desiredOvsdb, OvsdbOnDemand } from "./settings/ovsdb.ts";
import { asValue, FlowsPart, siteOf, type Site } from "./settings/site.ts";
import { wifiSettings } from "./settings/wifi.ts";

/** The gateway starts after this long even if something cannot be undone yet; that goes on behind it. */
const PATIENCE: Millis = 15_000;
const LOOK: Millis = 5000;
const SETTLE: Millis = 3000;
const INTERVAL: Millis = 1000;
/** What is to be seen working before the first request (a backend that is being connected to) has this long. */
const READINESS: Millis = 30_000;
/** Tells procd which packages changed; netifd and others then read them (OpenWrt's base-files). */
const RELOAD = "/sbin/reload_config";

export type ChangesPlatform = Pick<Platform, "files" | "time" | "timers" | "processes" | "net" | "dns" | "crypto">;
type ChangesConfig = Pick<GatewayConfig, "state" | "openwrt" | "ovsdb" | "bridge" | "datapath"> & Site;

/** What a running gateway is to its changes. */
export interface Changing {
  /** Flows are in force: what else is wrong is no reason to take back a configuration. */
  healthy(): boolean;
  /** The switch is there. */
  connected(): boolean;
  look(): Promise<Signs>;
  /** The held packet is an answer to a probe. */
  takes(packet: NxPacketIn2): boolean;
  setSite(site: Site): Promise<boolean>;
  /** Nothing changes the bridge any more. */
  released(): void;
}

export class Changes {
  readonly #platform: ChangesPlatform;
  readonly #log: Log;
  readonly #applier: Applier;
  readonly #root: string;
  readonly #uci: UciFiles;
  readonly #flows = new FlowsPart();
  readonly #ovsdb: OvsdbOnDemand;
  readonly #limits: Limits;
  #config: ChangesConfig;
  #gateway: Changing | undefined;
  #timer: Timer | undefined;
  #began: Millis | undefined;
  /** The configuration changed since the request under way was made. */
  #again = false;
  #requesting = false;
  #closed = false;
  #requested = false;
  /** Somebody wants this configuration: also in a safe boot. */
  #asked = false;
  #problems: readonly string[] = [];

  /** Counts this start. `root`: of the file system, "" on the device. */
  constructor(platform: ChangesPlatform, config: ChangesConfig, log: Log, root = "") {
    this.#platform = platform;
    this.#log = log;
    this.#root = root;
    this.#config = config;
    this.#uci = new UciFiles(platform.files, `${root}/etc/config`, () => this.#reload());
    this.#ovsdb = new OvsdbOnDemand(platform, config.ovsdb);
    this.#limits = { deadline: deadlineOf(config), settle: SETTLE, interval: INTERVAL };
    this.#applier = new Applier({
      files: platform.files, directory: `${config.state}/apply`, log, clock: platform, limits: this.#limits,
      parts: { flows: this.#flows, ovsdb: this.#ovsdb.part, uci: this.#uci as Part }, probe: { look: async () => await this.#gateway?.look() ?? {} },
    });
  }

  get problems(): string[] { return [...this.#applier.problems, ...this.#problems]; }
  /** While it is changed by a transaction nobody else repairs the bridge. */
  get holdsBridge(): boolean { return this.#applier.status.id !== undefined; }

  report(): ChangesResult {
    const { phase, id, safe, history } = this.#applier.status;
    return { supported: true, phase, ...(id === undefined ? {} : { id }), ...(safe ? { safe } : {}), history: [...history], problems: this.problems };
  }

  /** Resolves when the device is in the old, the new or the confirmed state, or after PATIENCE. */
  recover(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#platform.timers.after(PATIENCE, () => {
        this.#log.error("not undone yet; trying on", { after: `${PATIENCE / 1000}s` });
        resolve();
      });
      void this.#applier.start().then(() => {
        this.#ovsdb.close();
        timer.cancel();
        resolve();
      });
    });
  }

  /** After `recover`: the configuration that a gateway begins with. A site that never was confirmed waits for its transaction. */
  effective<T extends Site>(config: T): T {
    return { ...config, ...this.#flows.site };
  }

  /** From now on the start is judged, and changes are probed and requested. `site`: what the gateway has. */
  follow(gateway: Changing, site: Site): void {
    this.#gateway = gateway;
    this.#flows.site = siteOf(site);
    this.#flows.enforce = (wanted) => gateway.setSite(wanted);
    this.#began = this.#platform.time.now();
    this.#timer = this.#platform.timers.every(LOOK, () => {
      void this.#applier.healthy(gateway.healthy())?.then(() => this.#platform.processes.trimMemory());
      if (!this.#requested && (this.#asked || !this.#applier.status.safe)) void this.#requestFirst(gateway);
    });
  }

  /** The configuration was read anew; also when it is the same, as others change what it asks for. */
  want(config: ChangesConfig): void {
    this.#config = config;
    this.#asked = true;
    this.#limits.deadline = deadlineOf(config);
    void this.#request();
  }

  takes(packet: NxPacketIn2): boolean {
    return this.#gateway?.takes(packet) ?? false;
  }

  apply(transaction: Transaction): Promise<Outcome> {
    return this.#applier.apply({ at: new Date(this.#platform.time.date()).toISOString(), ...transaction });
  }

  /** An orderly end. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#applier.stop();
    this.#ovsdb.close();
  }

  /** What works must be seen to work first, or nothing would be required of the change. */
  async #requestFirst(gateway: Changing): Promise<void> {
    if (!gateway.connected()) return;
    const waited = this.#platform.time.now() - this.#began!;
    if (waited < READINESS && (!gateway.healthy() || Object.values(await gateway.look()).includes(false)) || this.#requested) return;
    void this.#request();
  }

  async #request(): Promise<void> {
    this.#requested = true;
    this.#again = true;
    if (this.#requesting) return;
    this.#requesting = true;
    while (this.#again) {
      this.#again = false;
      await this.#requestOnce();
    }
    this.#requesting = false;
    this.#ovsdb.close();
    this.#gateway?.released();
    this.#platform.processes.trimMemory();
  }

  async #requestOnce(): Promise<void> {
    try {
      const { wanted, problems } = await this.#settings();
      this.#told(problems);
      if (this.#applier.busy) {
        this.#requested = false; // what a start found is still being undone, or is being confirmed
        return;
      }
      const outcome = await this.apply({ id: `settings ${this.#digest(wanted)}`, wanted });
      if (outcome.result === "refused") this.#told([...problems, `settings not applied: ${outcome.reason}`]);
    } catch (error) {
      if (this.#closed) return;
      this.#told([`settings not applied: ${(error as Error).message}`]);
      this.#requested = false; // tried again: the switch's database is away, or a file cannot be read now
    }
  }

  /** In the order of applying: an unknown port is closed, so flows come before ports, and ports before what radios do. */
  async #settings(): Promise<{ wanted: State; problems: string[] }> {
    const config = this.#config;
    const ovsdb = await desiredOvsdb(this.#ovsdb.part, config, this.#flows.site);
    const { items, problems } = await wifiSettings(this.#platform, this.#root, this.#wireless(), config.openwrt ?? { wifi: [], keys: [] });
    return { wanted: { flows: { site: asValue(config) }, ovsdb, uci: items }, problems };
  }

  /** Its words may be keys: only the line is told. */
  #wireless(): UciPackage {
    try {
      return this.#uci.load("wireless");
    } catch (error) {
      throw error instanceof UciSyntaxError ? new Error(`/etc/config/wireless:${error.line}: no UCI`) : error;
    }
  }

  #told(problems: readonly string[]): void {
    for (const reason of problems) if (!this.#problems.includes(reason)) this.#log.warn("settings", { reason });
    this.#problems = problems;
  }

  #digest(wanted: State): string {
    const salt = (this.#config.openwrt?.keys.length ?? 0) > 0 ? this.#salt() : "";
    return hexadecimal(this.#platform.crypto.sha256(new TextEncoder().encode(salt + JSON.stringify(wanted)))).slice(0, 12);
  }

  /** Of this device, in no answer: or keys could be guessed by the name of the change that brought them. */
  #salt(): string {
    const [{ files, crypto }, path] = [this.#platform, `${this.#config.state}/apply/salt`];
    if (!files.status(path)) files.replace(path, hexadecimal(crypto.random(16)), { mode: 0o600 });
    return files.readText(path);
  }

  #reload(): void {
    try {
      this.#platform.processes.spawn([`${this.#root}${RELOAD}`], { exit: (code) => { if (code !== 0) this.#log.warn("configuration written, but not reloaded", { code: code ?? undefined }); } }, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    } catch (error) {
      this.#log.warn("configuration written, but not reloaded", { reason: (error as Error).message });
    }
  }
}

function deadlineOf({ openwrt }: ChangesConfig): Millis {
  return (openwrt?.applyDeadline ?? 120) * 1000;
}
