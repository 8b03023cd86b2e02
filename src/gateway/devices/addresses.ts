// SPDX-License-Identifier: Apache-2.0
// Which device may use which address. Invariants: an address belongs to at most one device; what a station itself sends never takes an
// address from another that is alive; the infrastructure's addresses belong to none.
import type { Millis } from "quickjs-ts";
import type { Ip } from "../../wifi-isolation/network.ts";
import { isIpv6 } from "../../packets/index.ts";
import type { Draft } from "./draft.ts";
import type { Binding, Entry } from "./entry.ts";
import type { DeviceLimits } from "./limits.ts";
import type { BindingSource, DeviceEvent } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import { TokenBuckets } from "./tokens.ts";

type UnboundReason = Extract<DeviceEvent, { type: "address-unbound" }>["reason"];

export class Addresses {
  readonly #holders = new Map<Ip, Entry>();
  readonly #claims: TokenBuckets<number>;
  readonly #limits: DeviceLimits;

  constructor(limits: DeviceLimits) {
    this.#limits = limits;
    this.#claims = new TokenBuckets(limits.claimBurst, limits.claimInterval);
  }

  holder(address: Ip): Entry | undefined { return this.#holders.get(address); }

  /** A station used an address as its own. True: it is bound to it (now). */
  claim(entry: Entry, address: Ip, plan: Plan, draft: Draft): boolean {
    const own = entry.bindings.find((binding) => binding.address === address);
    if (own) own.used = draft.now;
    if (own) return true;
    const { mac, port } = entry;
    if (!this.#allowed(entry, address, plan, draft)) return false;
    const holder = this.#holders.get(address);
    if (holder && !this.#abandoned(holder, address, draft.now)) {
      draft.alarm({ type: "address-conflict", mac, port, address, holder: holder.mac });
      return false;
    }
    if (!this.#claims.take(entry.id, draft.now) || !this.#makeRoom(entry, address, draft)) {
      draft.alarm({ type: "too-many-addresses", mac, port, address });
      return false;
    }
    if (holder) this.unbind(holder, address, "absent", draft);
    this.#bind(entry, address, "learnt", Infinity, draft);
    return true;
  }

  /** The network's DHCP server gave the address: it beats what another merely claimed, not another's lease. */
  lease(entry: Entry, address: Ip, seconds: number, plan: Plan, draft: Draft): boolean {
    if (!this.#allowed(entry, address, plan, draft)) return false;
    const expires = seconds === 0xffffffff ? Infinity : draft.now + seconds * 1000;
    const own = entry.bindings.find((binding) => binding.address === address);
    if (own) Object.assign(own, { by: "lease", expires, used: draft.now });
    if (own) return true;
    const { mac, port } = entry;
    const holder = this.#holders.get(address);
    if (holder) draft.alarm({ type: "address-conflict", mac, port, address, holder: holder.mac });
    if (holder && bindingOf(holder, address).by === "lease") return false;
    if (!this.#makeRoom(entry, address, draft)) {
      draft.alarm({ type: "too-many-addresses", mac, port, address });
      return false;
    }
    if (holder) this.unbind(holder, address, "leased-to-another", draft);
    this.#bind(entry, address, "lease", expires, draft);
    return true;
  }

  unbind(entry: Entry, address: Ip, reason: UnboundReason, draft: Draft): void {
    entry.bindings = entry.bindings.filter((binding) => binding.address !== address);
    this.#holders.delete(address);
    draft.changed(entry);
    draft.event({ type: "address-unbound", mac: entry.mac, address, reason });
  }

  /** The device goes, and with it its addresses. */
  forget(entry: Entry): void {
    for (const { address } of entry.bindings) this.#holders.delete(address);
  }

  /** Of a saved state. False: another has it. */
  restore(entry: Entry, binding: Binding): boolean {
    if (this.#holders.has(binding.address)) return false;
    entry.bindings.push(binding);
    this.#holders.set(binding.address, entry);
    return true;
  }

  expire(entry: Entry, draft: Draft): void {
    for (const { address, expires } of entry.bindings) if (expires <= draft.now) this.unbind(entry, address, "expired", draft);
  }

  /** The network's plan changed. */
  review(entry: Entry, plan: Plan, draft: Draft): void {
    for (const { address } of entry.bindings) if (plan.classify(address) !== "client") this.unbind(entry, address, "outside", draft);
  }

  sweep(now: Millis): void { this.#claims.sweep(now); }

  #allowed({ mac, port }: Entry, address: Ip, plan: Plan, draft: Draft): boolean {
    const kind = plan.classify(address);
    if (kind === "infrastructure") draft.alarm({ type: "gateway-impersonated", mac, port, what: address });
    if (kind === "outside") draft.alarm({ type: "address-refused", mac, port, address });
    return kind === "client";
  }

  /** Whether the holder may lose it: not leased, and not seen for the hold time. */
  #abandoned(holder: Entry, address: Ip, now: Millis): boolean {
    return bindingOf(holder, address).by === "learnt" && !holder.associated && now - holder.seen >= this.#limits.addressHold;
  }

  /** A device with all its places taken gives up the learnt address that it claimed longest ago; leases stay. */
  #makeRoom(entry: Entry, address: Ip, draft: Draft): boolean {
    const sixth = isIpv6(address);
    const family = entry.bindings.filter((binding) => isIpv6(binding.address) === sixth);
    if (family.length < (sixth ? this.#limits.ipv6PerDevice : this.#limits.ipv4PerDevice)) return true;
    const oldest = family.filter(({ by }) => by === "learnt").reduce<Binding | undefined>((first, binding) => (!first || binding.used < first.used ? binding : first), undefined);
    if (!oldest) return false;
    this.unbind(entry, oldest.address, "replaced", draft);
    return true;
  }

  #bind(entry: Entry, address: Ip, by: BindingSource, expires: Millis, draft: Draft): void {
    entry.bindings.push({ address, by, expires, used: draft.now });
    this.#holders.set(address, entry);
    draft.changed(entry);
    draft.event({ type: "address-bound", mac: entry.mac, address, by });
  }
}

function bindingOf(holder: Entry, address: Ip): Binding {
  return holder.bindings.find((binding) => binding.address === address)!;
}

/** For `devices --json` and logs: a binding with its remaining time. */
export interface AddressInfo {
  address: Ip;
  by: BindingSource;
  /** Seconds left; absent: no end. */
  seconds?: number;
}

export function addressInfo({ address, by, expires }: Binding, now: Millis): AddressInfo {
  return expires === Infinity ? { address, by } : { address, by, seconds: Math.max(0, Math.round((expires - now) / 1000)) };
}

