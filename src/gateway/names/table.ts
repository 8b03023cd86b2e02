// SPDX-License-Identifier: Apache-2.0
// The addresses that the policy's DNS names stand for now: learnt from answers of the network's resolvers, which the switch holds until the
// flows for them are in force. A machine without I/O. That an answer comes from a resolver, to the device that asked, is the switch's to
// know (connection tracking); what it may say is decided here.
import type { Millis } from "quickjs-ts";
import type { Ip, NameBinding, Prefix } from "../../wifi-isolation/network.ts";
import type { Dns } from "../../packets/index.ts";
import { resolve } from "./chain.ts";
import { DEFAULT_NAME_LIMITS, type NameLimits } from "./limits.ts";
import type { NameEvent, NameOutcome } from "./outcome.ts";
import { Patterns } from "./patterns.ts";
import { Remote } from "./remote.ts";

interface Resolved {
  expires: Millis;
  /** The end that use can put off, see NameLimits.inUse. */
  last: Millis;
}

export class NameTable {
  readonly #limits: NameLimits;
  #patterns = new Patterns([]);
  #remote: Remote;
  readonly #addresses = new Map<string, Map<Ip, Resolved>>();
  #size = 0;

  constructor(clientPrefixes: readonly Prefix[], limits: Partial<NameLimits> = {}) {
    this.#limits = { ...DEFAULT_NAME_LIMITS, ...limits };
    this.#remote = new Remote(clientPrefixes);
  }

  /** Addresses in all; one that several patterns share counts for each. */
  get size(): number { return this.#size; }

  get bindings(): NameBinding[] {
    return [...this.#addresses.keys()].map((pattern) => this.#binding(pattern));
  }

  /** The policy's patterns. Those that went lose their addresses. */
  setPatterns(patterns: Iterable<string>): NameOutcome {
    this.#patterns = new Patterns(patterns);
    return this.#dropWhere((_, pattern) => !this.#patterns.has(pattern));
  }

  setPrefixes(clientPrefixes: readonly Prefix[]): NameOutcome {
    this.#remote = new Remote(clientPrefixes);
    return this.#dropWhere((address) => !this.#remote.has(address));
  }

  /** A resolver's answer. Release it when the outcome is in force. */
  answer(message: Dns, now: Millis): NameOutcome {
    const changed = new Set<string>();
    const events: NameEvent[] = [];
    for (const { address, names, ttl } of resolve(message)) {
      for (const pattern of new Set(names.flatMap((name) => this.#patterns.matching(name)))) {
        if (!this.#remote.has(address)) events.push({ type: "name-refused", pattern, name: names[0]!, address });
        else if (this.#learn(pattern, address, ttl, now, changed, events)) changed.add(pattern);
      }
    }
    return { names: [...changed].map((pattern) => this.#binding(pattern)), events };
  }

  /** Traffic with the address goes on. Ask again within the grace. */
  used(address: Ip, now: Millis): void {
    for (const addresses of this.#addresses.values()) {
      const resolved = addresses.get(address);
      if (resolved) resolved.expires = Math.max(resolved.expires, Math.min(now + this.#limits.grace, resolved.last));
    }
  }

  /** Call every second or so. */
  tick(now: Millis): NameOutcome {
    return this.#dropWhere((_address, _pattern, { expires }) => expires <= now);
  }

  /** True: the pattern has a new address (an old one only counts longer). */
  #learn(pattern: string, address: Ip, ttl: number, now: Millis, changed: Set<string>, events: NameEvent[]): boolean {
    const { floor, ceiling, grace, inUse } = this.#limits;
    const expires = now + Math.min(Math.max(ttl * 1000, floor), ceiling) + grace;
    const addresses = this.#addresses.get(pattern) ?? new Map<Ip, Resolved>();
    const before = addresses.get(address);
    if (before) {
      Object.assign(before, { expires: Math.max(before.expires, expires), last: Math.max(before.last, expires + inUse) });
      return false;
    }
    if (addresses.size >= this.#limits.perPattern) this.#makeRoom([[pattern, addresses]], changed, events);
    else if (this.#size >= this.#limits.total) this.#makeRoom(this.#addresses, changed, events);
    addresses.set(address, { expires, last: expires + inUse });
    this.#addresses.set(pattern, addresses);
    this.#size++;
    return true;
  }

  /** Gives up the address that would expire first. */
  #makeRoom(among: Iterable<[string, Map<Ip, Resolved>]>, changed: Set<string>, events: NameEvent[]): void {
    let first: { pattern: string; address: Ip; expires: Millis } | undefined;
    for (const [pattern, addresses] of among) {
      for (const [address, { expires }] of addresses) if (!first || expires < first.expires) first = { pattern, address, expires };
    }
    if (!first) return;
    this.#remove(first.pattern, first.address);
    changed.add(first.pattern);
    events.push({ type: "name-full", pattern: first.pattern, dropped: first.address });
  }

  #dropWhere(matches: (address: Ip, pattern: string, resolved: Resolved) => boolean): NameOutcome {
    const changed = new Set<string>();
    for (const [pattern, addresses] of this.#addresses) {
      for (const [address, resolved] of addresses) {
        if (!matches(address, pattern, resolved)) continue;
        this.#remove(pattern, address);
        changed.add(pattern);
      }
    }
    return { names: [...changed].map((pattern) => this.#binding(pattern)), events: [] };
  }

  #remove(pattern: string, address: Ip): void {
    const addresses = this.#addresses.get(pattern)!;
    addresses.delete(address);
    this.#size--;
    if (addresses.size === 0) this.#addresses.delete(pattern);
  }

  #binding(pattern: string): NameBinding {
    return { pattern, addresses: [...(this.#addresses.get(pattern)?.keys() ?? [])] };
  }
}
