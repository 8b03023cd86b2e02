// SPDX-License-Identifier: Apache-2.0
// The DNS names of the policy and what they stand for now: the table, fed by held answers; logged, and told to the switch.
import { parseService, type Policy } from "@securebox/contract";
import type { Platform, Timer } from "quickjs-ts";
import type { Edit, Ip, NameBinding, Override } from "../wifi-isolation/index.ts";
import type { Log } from "./log.ts";
import { DnsStreams, NameTable, type NameEvent, type NameOutcome } from "./names/index.ts";

export interface ResolvedParts {
  platform: Pick<Platform, "time" | "timers">;
  prefixes: readonly string[];
  log: Log;
  edit(edit: Edit): Promise<boolean>;
}

const TICK = 1000;

export class Resolved {
  readonly table: NameTable;
  readonly streams = new DnsStreams();
  readonly #parts: ResolvedParts;
  #ticks: Timer | undefined;

  constructor(parts: ResolvedParts) {
    this.#parts = parts;
    this.table = new NameTable(parts.prefixes);
  }

  setPrefixes(prefixes: readonly string[]): void {
    void this.apply([this.table.setPrefixes(prefixes)]);
  }

  start(): void {
    this.#ticks = this.#parts.platform.timers.every(TICK, () => {
      const now = this.#parts.platform.time.now();
      this.streams.expire(now);
      void this.apply([this.table.tick(now)]);
    });
  }

  close(): void {
    this.#ticks?.cancel();
  }

  /** The names that rules and overrides use from now on. */
  setPolicy(policy: Policy | undefined, overrides: readonly Override[]): void {
    void this.apply([this.table.setPatterns(patternsIn(policy, overrides))]);
  }

  /** Names of the policy that the address has now. A wildcard stands for some name below it. */
  namesOf(address: Ip): string[] {
    return this.table.bindings.filter(({ addresses }) => addresses.includes(address)).map(({ pattern }) => pattern);
  }

  /** Does what outcomes say; undefined when nothing must change in the switch. */
  apply(outcomes: readonly NameOutcome[]): Promise<boolean> | undefined {
    const names = new Map<string, NameBinding>();
    for (const outcome of outcomes) {
      outcome.events.forEach((event) => this.#tell(event));
      for (const binding of outcome.names) names.set(binding.pattern, binding);
    }
    return names.size === 0 ? undefined : this.#parts.edit({ names: [...names.values()] });
  }

  #tell(event: NameEvent): void {
    if (event.type === "name-refused") this.#parts.log.warn("alarm: name refused", { pattern: event.pattern, name: event.name, address: event.address });
    else this.#parts.log.warn("name has too many addresses", { pattern: event.pattern, dropped: event.dropped });
  }
}

/** The DNS patterns of all services. */
export function patternsIn(policy: Policy | undefined, overrides: readonly Override[]): Set<string> {
  const services = [
    ...(policy?.rules ?? []).flatMap(({ allow }) => Array.isArray(allow) ? allow : []),
    ...overrides.flatMap((override) => "service" in override ? [override.service] : []),
  ];
  return new Set(services.flatMap((service) => {
    const parsed = parseService(service);
    return parsed.ok && parsed.value.kind === "traffic" && parsed.value.name !== undefined ? [parsed.value.name] : [];
  }));
}
