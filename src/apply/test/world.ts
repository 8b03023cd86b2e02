// SPDX-License-Identifier: Apache-2.0
/*
 * An access point in memory that can die at every step: a flash whose renames are not durable at once, a UCI of several packages, a database and a
 * switch. `steps` counts what is done to it; `dieAt` names the step, and `Death` what is left of it.
 */
import { PlatformError, type Files, type Millis } from "quickjs-ts";
import { Applier, type ApplierParts } from "../applier.ts";
import type { ApplyLog, Items, Part, Signs, State, Value } from "../types.ts";

/** `kill`: the process alone. The others: power; of what was not synced nothing, everything, or every other thing reaches the flash. */
export const DEATHS = ["kill", "nothing", "everything", "even", "odd"] as const;
export type Death = (typeof DEATHS)[number];

/** Values that are seen now, and what a power cut would leave of them. */
class Layered<T> {
  readonly now = new Map<string, T>();
  readonly durable = new Map<string, T>();

  set(key: string, value: T | undefined): void {
    if (value === undefined) this.now.delete(key);
    else this.now.set(key, value);
  }
  sync(): void {
    copy(this.now, this.durable);
  }
  copyTo(other: Layered<T>): void {
    copy(this.now, other.now);
    copy(this.durable, other.durable);
  }
  /** Each key that was not synced is decided on its own. */
  powerCut(death: Death): void {
    const unsynced = [...new Set([...this.now.keys(), ...this.durable.keys()])].filter((key) => this.now.get(key) !== this.durable.get(key)).sort();
    unsynced.forEach((key, index) => {
      if (death === "everything" || (death === "even" && index % 2 === 0) || (death === "odd" && index % 2 === 1)) return;
      this.set(key, this.durable.get(key));
    });
    this.sync();
  }
}

function copy<T>(from: Map<string, T>, to: Map<string, T>): void {
  to.clear();
  for (const [key, value] of from) to.set(key, value);
}

export const quiet: ApplyLog = { debug() {}, info() {}, warn() {}, error() {} };

export class World {
  readonly disk = new Layered<string>();
  readonly uci = new Layered<string>();
  readonly ovsdb = new Layered<string>();
  readonly flows = new Map<string, string>();
  signs: Signs = { backend: true, management: true, dhcp: true };
  /** Tells whether the signs are as above with these contents of the world; else `backend` is lost. */
  works = (): boolean => true;
  /** Throws where a part or the disk is to refuse. `landed`: it is done all the same. */
  refuses = (_step: string): { landed: boolean } | undefined => undefined;
  steps: string[] = [];
  dieAt = Infinity;
  dead = false;
  now: Millis = 0;
  writes = 0;
  #timers: { at: Millis; run: () => void }[] = [];

  /** Before (even) and after (odd) each thing that is done. */
  #step(name: string): void {
    if (!this.dead && this.steps.push(name) - 1 === this.dieAt) this.dead = true;
    if (this.dead) throw new Error("dead");
  }

  #do(name: string, effect: () => void): void {
    this.#step(`before ${name}`);
    const refusal = this.refuses(name);
    if (!refusal || refusal.landed) effect();
    this.#step(`after ${name}`);
    if (refusal) throw new PlatformError("write", "EIO", name);
  }

  /** As packages/quickjs-ts does it: a temporary file, synced, renamed, the directory synced. */
  readonly files = {
    status: (path: string) => this.disk.now.has(path) ? { kind: "file", size: 0, modified: 0, inode: 1 } : undefined,
    readText: (path: string) => this.disk.now.get(path)!,
    makeDirectory: () => {},
    replace: (path: string, text: string) => {
      this.writes++;
      const temporary = path.replace(/[^/]+$/, ".$&.1.tmp");
      this.#do(`half of ${temporary}`, () => this.disk.set(temporary, text.slice(0, text.length / 2)));
      this.#do(`sync of ${temporary}`, () => {
        this.disk.set(temporary, text);
        this.disk.durable.set(temporary, text);
      });
      this.#do(`rename to ${path}`, () => {
        this.disk.set(path, text);
        this.disk.set(temporary, undefined);
      });
      this.#do(`sync of the directory of ${path}`, () => this.disk.sync());
    },
  } as unknown as Files;

  #part(name: string, read: (key: string) => string | undefined, put: (items: Items) => void, sync: () => void, volatile = false): Part {
    return {
      volatile,
      read: (keys) => this.#alive(() => Object.fromEntries(keys.map((key) => [key, parse(read(key))]))),
      put: (items) => this.#alive(() => put(items)),
      sync: () => this.#alive(() => this.#do(`sync of ${name}`, sync)),
    };
  }

  /** What a dead process asks is never answered. */
  async #alive<T>(run: () => T): Promise<T> {
    try {
      if (!this.dead) return run();
    } catch (error) {
      if (!this.dead) throw error;
    }
    return new Promise<never>(() => {});
  }

  /** A package of UCI is one file, replaced atomically (libuci syncs the file, not its directory); a key is PACKAGE.REST. */
  #putUci(items: Items): void {
    for (const name of new Set(Object.keys(items).map((key) => key.split(".", 1)[0]!))) {
      const values = parse(this.uci.now.get(name)) as Record<string, Value> | null;
      const changed = Object.fromEntries(Object.entries(items).filter(([key]) => key.startsWith(`${name}.`)));
      this.#do(`uci ${name}`, () => this.uci.set(name, JSON.stringify({ ...values, ...changed })));
    }
  }

  readonly parts = {
    flows: this.#part("flows", (key) => this.flows.get(key), (items) => this.#do("flows", () => { for (const [key, value] of Object.entries(items)) this.flows.set(key, JSON.stringify(value)); }), () => {}, true),
    ovsdb: this.#part("ovsdb", (key) => this.ovsdb.now.get(key), (items) => this.#do("ovsdb", () => { for (const [key, value] of Object.entries(items)) this.ovsdb.set(key, JSON.stringify(value)); }), () => this.ovsdb.sync()),
    uci: this.#part("uci", (key) => text((parse(this.uci.now.get(key.split(".", 1)[0]!)) as Record<string, Value> | null)?.[key]), (items) => this.#putUci(items), () => this.uci.sync()),
  };

  readonly clock = {
    time: { now: () => this.now },
    timers: {
      after: (delay: Millis, run: () => void) => {
        const entry = { at: this.now + delay, run };
        this.#timers.push(entry);
        return { cancel: () => { this.#timers = this.#timers.filter((other) => other !== entry); } };
      },
    },
  };

  /** Another access point in the same state. Not while a process runs. */
  copy(): World {
    const other = new World();
    for (const name of ["disk", "uci", "ovsdb"] as const) this[name].copyTo(other[name]);
    copy(this.flows, other.flows);
    return other;
  }

  /** A process of the gateway. */
  open(given: Partial<ApplierParts> = {}): Applier {
    const look = async (): Promise<Signs> => this.works() ? this.signs : { ...this.signs, backend: false };
    return new Applier({ parts: this.parts, probe: { look }, clock: this.clock, files: this.files, directory: "/s", log: quiet, ...given });
  }

  /** Time passes until it is settled (its value) or the process is dead (undefined). */
  async until<T>(promise: Promise<T>): Promise<T | undefined> {
    let settled = false;
    let value: T | undefined;
    promise.then((result) => { settled = true; value = result; }, () => { settled = true; });
    for (let turn = 0; turn < 10_000; turn++) {
      for (let count = 0; count < 40 && !settled && !this.dead; count++) await Promise.resolve();
      if (this.dead) return this.#buried();
      if (settled) return value;
      this.#pass();
    }
    throw new Error("neither settled nor dead");
  }

  /** A dead process comes to rest: it waits for answers and timers that never come. */
  async #buried(): Promise<undefined> {
    for (let count = 0; count < 30; count++) await Promise.resolve();
    return undefined;
  }

  #pass(): void {
    const next = this.#timers.reduce<{ at: Millis; run: () => void } | undefined>((first, each) => !first || each.at < first.at ? each : first, undefined);
    if (!next) return;
    this.#timers = this.#timers.filter((other) => other !== next);
    this.now = Math.max(this.now, next.at);
    next.run();
  }

  /** The next process finds this. */
  rebirth(death: Death, dieAt = Infinity): void {
    if (death !== "kill") {
      for (const each of [this.disk, this.uci, this.ovsdb]) each.powerCut(death);
      this.flows.clear();
    }
    this.#timers = [];
    this.dead = false;
    this.steps = [];
    this.dieAt = dieAt;
  }

  /** The values of the keys of `like`. */
  state(like: State): State {
    const value = (part: string, key: string): Value => part === "flows" ? parse(this.flows.get(key)) : part === "ovsdb" ? parse(this.ovsdb.now.get(key))
      : (parse(this.uci.now.get(key.split(".", 1)[0]!)) as Record<string, Value> | null)?.[key] ?? null;
    return Object.fromEntries(Object.entries(like).map(([part, items]) => [part, Object.fromEntries(Object.keys(items).map((key) => [key, value(part, key)]))]));
  }
}

const parse = (text: string | undefined): Value => text === undefined ? null : JSON.parse(text) as Value;
const text = (value: Value | undefined): string | undefined => value === undefined ? undefined : JSON.stringify(value);
