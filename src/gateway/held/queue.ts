// SPDX-License-Identifier: Apache-2.0
// Packets that wait for an answer: bounded by owner and in all, served by turns. Two stages: `next` hands each packet out once to be
// looked at, one owner after the other, so a flood of one never delays another; a packet then either is done with, or waits under its key.
import type { Millis } from "quickjs-ts";
import { DEFAULT_HELD_LIMITS, type HeldLimits, type HeldPacket, type HeldStatistics } from "./packet.ts";

export class HeldQueue<T> {
  readonly #limits: HeldLimits;
  /** Not looked at yet, by owner, each oldest first. The Map's order is the order of turns. */
  readonly #fresh = new Map<string, HeldPacket<T>[]>();
  /** Looked at and waiting for an answer, by key. */
  readonly #waiting = new Map<string, HeldPacket<T>[]>();
  readonly #perOwner = new Map<string, number>();
  readonly #statistics: HeldStatistics = { now: 0, total: 0, answered: 0, expired: 0, dropped: 0 };

  constructor(limits: HeldLimits = DEFAULT_HELD_LIMITS) {
    this.#limits = limits;
  }

  get statistics(): Readonly<HeldStatistics> { return this.#statistics; }
  /** Packets not handed out by `next` yet. */
  get fresh(): number {
    let count = 0;
    for (const queue of this.#fresh.values()) count += queue.length;
    return count;
  }

  /**
   * Takes a packet in. Undefined: it waits. Otherwise the packet to drop for want of room: this one when its owner has its share, else the
   * newest one of the owner with the most.
   */
  add(owner: string, key: string, packet: T, now: Millis): HeldPacket<T> | undefined {
    const held: HeldPacket<T> = { owner, key, packet, arrived: now, deadline: now + this.#limits.deadline };
    this.#statistics.total++;
    let dropped: HeldPacket<T> | undefined;
    if (this.#count(owner) >= this.#limits.perOwner) dropped = held;
    else if (this.#statistics.now >= this.#limits.total) dropped = this.#displace(owner) ?? held;
    if (dropped) this.#statistics.dropped++;
    if (dropped === held) return held;
    this.#push(this.#fresh, owner, held);
    this.#perOwner.set(owner, this.#count(owner) + 1);
    this.#statistics.now++;
    return dropped;
  }

  /** The next packet to look at, by turns of the owners. It is no longer in the queue: `wait` or `done` must follow. */
  next(): HeldPacket<T> | undefined {
    for (const [owner, queue] of this.#fresh) {
      const held = queue.shift()!;
      this.#fresh.delete(owner);
      if (queue.length > 0) this.#fresh.set(owner, queue);
      return held;
    }
    return undefined;
  }

  /** Puts a packet from `next` under its key (or another) until that is answered or its deadline passes. True: it is the first with that key, so ask. */
  wait(held: HeldPacket<T>, key = held.key): boolean {
    held.key = key;
    const first = !this.#waiting.has(key);
    this.#push(this.#waiting, key, held);
    return first;
  }

  /** A packet from `next` was released or dropped. */
  done(held: HeldPacket<T>): void {
    this.#statistics.answered++;
    this.#leave(held);
  }

  /** All packets that wait under `key`; they are out of the queue. */
  answer(key: string): HeldPacket<T>[] {
    const packets = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const held of packets) this.done(held);
    return packets;
  }

  isWaiting(key: string): boolean { return this.#waiting.has(key); }

  /** The packets whose deadline has come, looked at or not, oldest first: their fallback decides. They are out of the queue. */
  expire(now: Millis): HeldPacket<T>[] {
    const late: HeldPacket<T>[] = [];
    for (const stage of [this.#fresh, this.#waiting]) for (const [name, queue] of stage) this.#expireFrom(stage, name, queue, now, late);
    this.#statistics.expired += late.length;
    return late.sort((a, b) => a.arrived - b.arrived);
  }

  /** When to call `expire` next; undefined when nothing waits. */
  nextDeadline(): Millis | undefined {
    let first = Infinity;
    // What is fresh is in order of arrival within its queue; what waits may have come by different turns.
    for (const queue of this.#fresh.values()) first = Math.min(first, queue[0]!.deadline);
    for (const queue of this.#waiting.values()) for (const held of queue) first = Math.min(first, held.deadline);
    return first === Infinity ? undefined : first;
  }

  /** Everything, for a switch that went away: continuations of an old connection are worth nothing. */
  clear(): HeldPacket<T>[] {
    const all = [...this.#fresh.values(), ...this.#waiting.values()].flat();
    this.#fresh.clear();
    this.#waiting.clear();
    for (const held of all) this.#leave(held);
    this.#statistics.dropped += all.length;
    return all;
  }

  #expireFrom(stage: Map<string, HeldPacket<T>[]>, name: string, queue: HeldPacket<T>[], now: Millis, late: HeldPacket<T>[]): void {
    const keep = queue.filter((held) => held.deadline > now);
    if (keep.length === queue.length) return;
    for (const held of queue) {
      if (held.deadline > now) continue;
      late.push(held);
      this.#leave(held);
    }
    if (keep.length > 0) stage.set(name, keep);
    else stage.delete(name);
  }

  /** Makes room by the newest packet of the owner that has the most, if that one has more than `owner` would have. */
  #displace(owner: string): HeldPacket<T> | undefined {
    let largest: string | undefined;
    let most = this.#count(owner) + 1;
    for (const [name, count] of this.#perOwner) if (count > most) [largest, most] = [name, count];
    if (largest === undefined) return undefined;
    const held = this.#takeNewest(largest);
    if (held) this.#leave(held);
    return held;
  }

  #takeNewest(owner: string): HeldPacket<T> | undefined {
    const fresh = this.#fresh.get(owner);
    if (fresh) {
      if (fresh.length === 1) this.#fresh.delete(owner);
      return fresh.pop();
    }
    let found: HeldPacket<T> | undefined;
    for (const queue of this.#waiting.values()) for (const held of queue) if (held.owner === owner && (!found || held.arrived >= found.arrived)) found = held;
    if (!found) return undefined;
    const rest = this.#waiting.get(found.key)!.filter((held) => held !== found);
    if (rest.length > 0) this.#waiting.set(found.key, rest);
    else this.#waiting.delete(found.key);
    return found;
  }

  #push(stage: Map<string, HeldPacket<T>[]>, name: string, held: HeldPacket<T>): void {
    const queue = stage.get(name);
    if (queue) queue.push(held);
    else stage.set(name, [held]);
  }

  #count(owner: string): number {
    return this.#perOwner.get(owner) ?? 0;
  }

  #leave(held: HeldPacket<T>): void {
    this.#statistics.now--;
    const left = this.#count(held.owner) - 1;
    if (left === 0) this.#perOwner.delete(held.owner);
    else this.#perOwner.set(held.owner, left);
  }
}
