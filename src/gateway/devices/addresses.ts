// SPDX-License-Identifier: Apache-2.0
// Which device may use which address. Invariants: an address belongs to at most one device; what a station itself sends never takes an
// address from another that is alive; the infrastructure's addresses belong to none.
import type { Millis } from "quickjs-ts";
import type { Ip } from "../../wifi-isolation/network.ts";
import { isIpv6 } from "../../packets/index.ts";
import type { Draft } from "./draft.ts";
import { isLeased, LEARNT, type Entry } from "./entry.ts";
import type { DeviceLimits } from "./limits.ts";
import type { BindingSource, DeviceEvent } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import { TokenBuckets } from "./tokens.ts";

type UnboundReason = Extract<DeviceEvent, { type: "address-unbound" }>["reason"];

export class Addresses {
  /** Searched for a holder: an index would cost more memory than all else, and only frames that the switch holds need one. */
  readonly #entries: ReadonlyMap<unknown, Entry>;
  readonly #claims: TokenBuckets<number>;
  readonly #requests: TokenBuckets<number>;
  readonly #limits: DeviceLimits;

  constructor(limits: DeviceLimits, entries: ReadonlyMap<unknown, Entry>) {
    this.#entries = entries;
    this.#limits = limits;
    this.#claims = new TokenBuckets(limits.claimBurst, limits.claimInterval);
    this.#requests = new TokenBuckets(limits.requestBurst, limits.requestInterval);
  }

  holder(address: Ip): Entry | undefined {
    for (const entry of this.#entries.values()) if (entry.addresses.includes(address)) return entry;
    return undefined;
  }

  /** A station used an address as its own. True: it is bound to it (now). */
  claim(entry: Entry, address: Ip, plan: Plan, draft: Draft): boolean {
    const own = entry.addresses.indexOf(address);
    if (own >= 0) {
      put(entry, address, entry.ends[own]!);
      return true;
    }
    const { mac, port } = entry;
    if (!this.#allowed(entry, address, plan, draft)) return false;
    const holder = this.holder(address);
    if (holder && !this.#abandoned(holder, address, draft.now)) {
      draft.alarm({ type: "address-conflict", mac, port, address, holder: holder.mac });
      return false;
    }
    if (!this.#claims.take(entry.id, draft.now) || !this.#makeRoom(entry, address, draft)) {
      draft.alarm({ type: "too-many-addresses", mac, port, address });
      return false;
    }
    if (holder) this.unbind(holder, address, "absent", draft);
    this.#bind(entry, address, LEARNT, draft);
    return true;
  }

  /** The network's DHCP server gave the address: it beats what another merely claimed, not another's lease. */
  lease(entry: Entry, address: Ip, seconds: number, plan: Plan, draft: Draft): boolean {
    if (!this.#allowed(entry, address, plan, draft)) return false;
    const end = seconds === 0xffffffff ? Infinity : draft.now + seconds * 1000;
    if (entry.addresses.includes(address)) {
      put(entry, address, end);
      return true;
    }
    const { mac, port } = entry;
    const holder = this.holder(address);
    if (holder) draft.alarm({ type: "address-conflict", mac, port, address, holder: holder.mac });
    if (holder && isLeased(holder, address)) return false;
    if (!this.#makeRoom(entry, address, draft)) {
      draft.alarm({ type: "too-many-addresses", mac, port, address });
      return false;
    }
    if (holder) this.unbind(holder, address, "leased-to-another", draft);
    this.#bind(entry, address, end, draft);
    return true;
  }

  /**
   * Whether the device may ask a DHCP server for an IPv4 address. A server sets one aside for each client identifier that asks, and one device can invent any
   * number: it has as many leases as we would let it use, and those that it asks for before the first has come are counted.
   */
  mayRequest(entry: Entry, address: Ip, now: Millis): boolean {
    if (entry.addresses.includes(address)) return true;
    const leased = entry.addresses.filter((own) => !isIpv6(own) && isLeased(entry, own)).length;
    return leased < this.#limits.ipv4PerDevice && this.#requests.take(entry.id, now);
  }

  unbind(entry: Entry, address: Ip, reason: UnboundReason, draft: Draft): void {
    take(entry, address);
    draft.changed(entry);
    draft.event({ type: "address-unbound", mac: entry.mac, address, reason });
  }

  expire(entry: Entry, draft: Draft): void {
    const { addresses, ends } = entry;
    for (let i = 0; i < ends.length; i++) if (ends[i]! !== LEARNT && ends[i]! <= draft.now) this.unbind(entry, addresses[i]!, "expired", draft);
  }

  /** The network's plan changed. */
  review(entry: Entry, plan: Plan, draft: Draft): void {
    for (const address of entry.addresses) if (plan.classify(address) !== "client") this.unbind(entry, address, "outside", draft);
  }

  /** Before a device of a saved state joins: it keeps what the plan allows and nobody else has. */
  restore(entry: Entry, plan: Plan): void {
    const { addresses, ends } = entry;
    [entry.addresses, entry.ends] = [[], []];
    for (const [i, address] of addresses.entries()) if (plan.classify(address) === "client" && !this.holder(address)) put(entry, address, ends[i]!);
  }

  /** The switch had it in force for this device: newer than what a file says, but no lease's end is known. */
  recalled(entry: Entry, address: Ip, plan: Plan, draft: Draft): void {
    if (entry.addresses.includes(address) || plan.classify(address) !== "client") return;
    const holder = this.holder(address);
    if ((holder && isLeased(holder, address)) || !this.#makeRoom(entry, address, draft)) return;
    if (holder) this.unbind(holder, address, "absent", draft);
    this.#bind(entry, address, LEARNT, draft);
  }

  sweep(now: Millis): void {
    this.#claims.sweep(now);
    this.#requests.sweep(now);
  }

  #allowed({ mac, port }: Entry, address: Ip, plan: Plan, draft: Draft): boolean {
    const kind = plan.classify(address);
    if (kind === "infrastructure") draft.alarm({ type: "gateway-impersonated", mac, port, what: address });
    if (kind === "outside") draft.alarm({ type: "address-refused", mac, port, address });
    return kind === "client";
  }

  /** Whether the holder may lose it: not leased, and not seen for the hold time. */
  #abandoned(holder: Entry, address: Ip, now: Millis): boolean {
    return !isLeased(holder, address) && !holder.associated && now - holder.seen >= this.#limits.addressHold;
  }

  /** A device with all its places taken gives up the learnt address that it claimed longest ago; leases stay. */
  #makeRoom(entry: Entry, address: Ip, draft: Draft): boolean {
    const sixth = isIpv6(address);
    const family = entry.addresses.filter((other) => isIpv6(other) === sixth);
    if (family.length < (sixth ? this.#limits.ipv6PerDevice : this.#limits.ipv4PerDevice)) return true;
    const oldest = family.find((other) => !isLeased(entry, other));
    if (oldest === undefined) return false;
    this.unbind(entry, oldest, "replaced", draft);
    return true;
  }

  #bind(entry: Entry, address: Ip, end: Millis, draft: Draft): void {
    put(entry, address, end);
    draft.changed(entry);
    draft.event({ type: "address-bound", mac: entry.mac, address, by: bindingSource(end) });
  }
}

function take(entry: Entry, address: Ip): void {
  const at = entry.addresses.indexOf(address);
  if (at < 0) return;
  entry.addresses = entry.addresses.toSpliced(at, 1);
  entry.ends = entry.ends.toSpliced(at, 1);
}

/** Adds it, or makes it the last claimed. */
function put(entry: Entry, address: Ip, end: Millis): void {
  take(entry, address);
  entry.addresses = [...entry.addresses, address];
  entry.ends = [...entry.ends, end];
}

function bindingSource(end: Millis): BindingSource {
  return end === LEARNT ? "learnt" : "lease";
}

/** For `devices --json` and logs: an address with the remaining time of its lease. */
export interface AddressInfo {
  address: Ip;
  by: BindingSource;
  /** Seconds left; absent: no end. */
  seconds?: number;
}

export function addressInfos({ addresses, ends }: Entry, now: Millis): AddressInfo[] {
  return addresses.map((address, i) => {
    const end = ends[i]!;
    return { address, by: bindingSource(end), ...(end === LEARNT || end === Infinity ? {} : { seconds: Math.max(0, Math.round((end - now) / 1000)) }) };
  });
}
