// SPDX-License-Identifier: Apache-2.0
// Where a MAC is. A device is bound to one port; a second place has to earn its belief:
//
//   same key proved              moves at once                        (a roaming station)
//   another key, or none         refused; at its own port it is blocked, since there the radio now serves somebody else
//   no keys, old place gone      moves at once                        (disassociated, or its port left the bridge)
//   no keys, old place alive     after the hold-down, if it still stands and the old place was silent; at its own port blocked meanwhile
//   a frame before the radio     waits for the radio's word; an alarm when that has not come within `grace`
//   a frame, no radio tells      after the old place's counters stood still for `silence`: whoever composes this must report them
//   the same, with thin ports    after the station was asked at its old place and did not answer there; whoever composes this must ask
//
// At another port nothing needs to be blocked: the old place goes on, frames from the new one are not the device's.
import type { Millis } from "quickjs-ts";
import type { Draft } from "./draft.ts";
import { troubleOf, type Claim, type Entry, type Sighting } from "./entry.ts";
import type { DeviceLimits } from "./limits.ts";
import { ReasonCode } from "./outcome.ts";
import type { Plan } from "./plan.ts";

/** Questions in the time in which one must be answered; and the pause after an answer. */
const QUESTIONS = 5;
const ASK_AGAIN: Millis = 1000;

export class Places {
  readonly #limits: DeviceLimits;

  constructor(limits: DeviceLimits) {
    this.#limits = limits;
  }

  /** The radio says: this MAC associated at `port`, having proved `key`. */
  associated(entry: Entry, port: string, key: string | undefined, plan: Plan, draft: Draft): void {
    if (entry.key !== undefined && key !== entry.key) return this.#refuse(entry, port, key, draft);
    const proved = entry.key !== undefined;
    const gone = !entry.associated || !plan.isStationPort(entry.port);
    if (proved || (gone && !entry.trouble?.blocked) || this.#limits.holdDown === 0) return this.#settle(entry, port, key, true, draft);
    this.#contest(entry, { port, since: draft.now, byRadio: true, until: draft.now + this.#limits.holdDown, key }, draft);
    if (port === entry.port) this.#block(entry, "re-associated without a key of its own while still alive", draft);
  }

  /** Listed by the radio at `port`: confirms what is known, else like an association. */
  listed(entry: Entry, port: string, key: string | undefined, plan: Plan, draft: Draft): void {
    const known = entry.associated && entry.port === port && entry.key === key;
    const expected = entry.trouble?.foreign === port || entry.trouble?.claim?.port === port;
    if (!known && !expected) this.associated(entry, port, key, plan, draft);
  }

  disassociated(entry: Entry, port: string, draft: Draft): void {
    const { trouble } = entry;
    if (trouble?.claim?.port === port) trouble.claim = undefined;
    if (trouble?.foreign === port) trouble.foreign = undefined;
    else if (entry.port === port && entry.associated) entry.seen = draft.now;
    if (entry.port === port) entry.associated = false;
  }

  /**
   * A frame from `port`. `covered`: the radio tells about stations there, so it will tell of this one.
   * "here": from the device's own place.
   */
  frame(entry: Entry, port: string, covered: boolean, oldCovered: boolean, plan: Plan, draft: Draft): "here" | "drop" | "wait" {
    if (entry.port === port) return this.#own(entry, draft);
    const { mac } = entry;
    if (covered) {
      const known = entry.trouble?.claim?.port === port || entry.trouble?.foreign === port;
      if (known && entry.associated) draft.alarm({ type: "mac-at-two-places", mac, port: entry.port, other: port });
      else if (entry.associated) this.#sighted(entry, port, draft);
      return known ? "drop" : "wait";
    }
    if (entry.key !== undefined) {
      draft.alarm({ type: "identity-mismatch", mac, port, expected: entry.key });
      return "drop";
    }
    if (this.#left(entry, oldCovered, plan, draft.now) || this.#unanswered(entry, port, draft.now)) {
      this.#settle(entry, port, undefined, false, draft);
      return "here";
    }
    const claim = entry.trouble?.claim?.port === port ? entry.trouble.claim : { port, since: draft.now, byRadio: false, until: Infinity };
    if (!this.#ask(entry, claim, plan, draft)) this.#contest(entry, claim, draft);
    return "drop";
  }

  /** What the switch counted at the device's own place. The first count, or a smaller one, is taken for a sign of life. */
  counted(entry: Entry, packets: number, now: Millis): void {
    if (packets !== entry.packets) entry.seen = now;
    entry.packets = packets;
    entry.counted = now;
  }

  /** The switch let it in here last, while nobody who could tell says where it is. */
  recalled(entry: Entry, port: string, draft: Draft): void {
    if (entry.port === port) return;
    draft.event({ type: "device-moved", mac: entry.mac, from: entry.port, to: port });
    draft.changed(entry);
    entry.port = port;
  }

  /** Time passed: hold-downs end, claims come true. */
  tick(entry: Entry, plan: Plan, draft: Draft): void {
    const { trouble } = entry;
    if (!trouble) return;
    this.#review(entry, draft);
    if (trouble.claim && this.#unanswered(entry, trouble.claim.port, draft.now)) return this.#settle(entry, trouble.claim.port, undefined, false, draft);
    if (trouble.claim) this.#ask(entry, trouble.claim, plan, draft);
    const { claim, blocked, foreign } = trouble;
    if (claim?.byRadio && claim.until <= draft.now) {
      if (claim.port !== entry.port && entry.seen > claim.since) this.#contest(entry, { ...claim, since: draft.now, until: draft.now + this.#limits.holdDown }, draft);
      else this.#settle(entry, claim.port, claim.key, true, draft);
    } else if (blocked && foreign === undefined && blocked.until <= draft.now) this.#unblock(entry, draft);
    if (claim && !claim.byRadio && draft.now - claim.since > 4 * this.#limits.silence) trouble.claim = undefined;
    if (!trouble.claim && !trouble.blocked && trouble.foreign === undefined && !trouble.sightings) entry.trouble = undefined;
  }

  #own(entry: Entry, draft: Draft): "here" | "drop" {
    entry.seen = draft.now;
    const claim = entry.trouble?.claim;
    // It is here, too: asked anew when the other goes on, but not at once.
    if (claim?.asked) this.#contest(entry, { ...claim, since: draft.now, asked: 0, askAt: draft.now + ASK_AGAIN }, draft);
    return entry.trouble?.blocked || entry.barred ? "drop" : "here";
  }

  /** The source of station events is gone: nobody can explain them any more. */
  forgetSightings(entry: Entry): void {
    if (entry.trouble) entry.trouble.sightings = undefined;
  }

  /** Neither frames elsewhere nor more of them here make it younger, so that nobody can put the alarm off. */
  #sighted(entry: Entry, port: string, draft: Draft): void {
    const sightings = (troubleOf(entry).sightings ??= []);
    const before = sightings.find((each) => each.port === port);
    if (!before) return void sightings.push({ port, since: draft.now, last: draft.now, told: false });
    before.last = draft.now;
    this.#tellOf(before, entry, draft);
  }

  #tellOf(sighting: Sighting, entry: Entry, draft: Draft): void {
    if (draft.now - sighting.since < this.#limits.grace) return;
    Object.assign(sighting, { told: true, last: draft.now });
    draft.alarm({ type: "mac-at-two-places", mac: entry.mac, port: entry.port, other: sighting.port });
  }

  /** Told once it is due; forgotten when that was told and it was silent since. */
  #review(entry: Entry, draft: Draft): void {
    for (const each of entry.trouble?.sightings ?? []) if (!each.told) this.#tellOf(each, entry, draft);
    keepSightings(entry, ({ told, last }) => !told || draft.now - last < this.#limits.grace);
  }

  /** Asks the station at its place, where it will be heard, whether it is there. False: it cannot be asked. */
  #ask(entry: Entry, claim: Claim, plan: Plan, draft: Draft): boolean {
    const address = entry.addresses.find((each) => !each.includes(":"));
    if (!plan.asks || claim.byRadio || entry.trouble?.blocked || address === undefined || !plan.isStationPort(entry.port)) return false;
    troubleOf(entry).claim = claim;
    if (draft.now < (claim.askAt ?? 0)) return true;
    claim.asked = (claim.asked ?? 0) + 1;
    claim.askAt = draft.now + this.#limits.patience / QUESTIONS;
    draft.ask({ port: entry.port, mac: entry.mac, address });
    return true;
  }

  #unanswered({ trouble, associated }: Entry, port: string, now: Millis): boolean {
    const claim = trouble?.claim;
    const { patience, radioPatience } = this.#limits;
    return claim?.port === port && (claim.asked ?? 0) >= 2 && now - claim.since >= (associated ? radioPatience : patience);
  }

  #refuse(entry: Entry, port: string, key: string | undefined, draft: Draft): void {
    draft.alarm({ type: "identity-mismatch", mac: entry.mac, port, expected: entry.key!, ...(key === undefined ? {} : { offered: key }) });
    draft.deauthenticate(port, entry.mac, ReasonCode.NOT_VALID);
    troubleOf(entry).foreign = port;
    if (port !== entry.port) return;
    entry.associated = false;
    this.#block(entry, "another key was proved under this MAC", draft);
  }

  #contest(entry: Entry, claim: Claim, draft: Draft): void {
    troubleOf(entry).claim = claim;
    draft.alarm({ type: "mac-at-two-places", mac: entry.mac, port: entry.port, other: claim.port });
  }

  #block(entry: Entry, reason: string, draft: Draft): void {
    const trouble = troubleOf(entry);
    const already = trouble.blocked !== undefined;
    trouble.blocked = { reason, until: draft.now + this.#limits.holdDown };
    if (already) return;
    draft.event({ type: "device-blocked", mac: entry.mac, reason });
    draft.changed(entry);
  }

  #unblock(entry: Entry, draft: Draft): void {
    if (!entry.trouble?.blocked) return;
    entry.trouble.blocked = undefined;
    draft.event({ type: "device-unblocked", mac: entry.mac });
    draft.changed(entry);
  }

  #settle(entry: Entry, port: string, key: string | undefined, associated: boolean, draft: Draft): void {
    this.#unblock(entry, draft);
    if (entry.port !== port) {
      draft.event({ type: "device-moved", mac: entry.mac, from: entry.port, to: port });
      draft.changed(entry);
    }
    keepSightings(entry, (each) => each.port !== port);
    const { sightings } = entry.trouble ?? {};
    Object.assign(entry, { port, associated, seen: draft.now, key: key ?? entry.key, trouble: sightings && { sightings } });
  }

  /** Whether the old place may be given up for a frame from another, which proves nothing. */
  #left(entry: Entry, oldCovered: boolean, plan: Plan, now: Millis): boolean {
    if (!plan.isStationPort(entry.port)) return true;
    if (oldCovered) return !entry.associated;
    const { silence } = this.#limits;
    return entry.packets >= 0 && entry.counted - entry.seen >= silence && now - entry.counted < silence;
  }
}

function keepSightings({ trouble }: Entry, which: (sighting: Sighting) => boolean): void {
  const kept = trouble?.sightings?.filter(which) ?? [];
  if (trouble?.sightings) trouble.sightings = kept.length > 0 ? kept : undefined;
}
