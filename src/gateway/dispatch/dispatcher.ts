// SPDX-License-Identifier: Apache-2.0
// Held packets: each is looked at by turns of their owners, what it shows is put in force, then it goes back to the switch. A packet that is
// not given back is dropped: the switch keeps nothing of it.
import type { Millis, Platform, Timer } from "quickjs-ts";
import type { NxPacketIn2, NxResume } from "node-openvswitch/openflow";
import { DecodeError } from "../../packets/index.ts";
import type { Log } from "../log.ts";
import { HeldQueue, type HeldLimits, type HeldPacket } from "../held/index.ts";
import { holdFrame, type HeldFrame } from "./frame.ts";

/** What becomes of a held packet. `inForce`: what must be in the switch before; false: the switch went away. */
export type Handling =
  | { act: "release" | "drop"; inForce?: Promise<boolean> }
  /** Until `answer(key)`, or until its deadline: then `late` is asked. */
  | { act: "wait"; key: string };

export interface Handler {
  /** Throws DecodeError for a malformed frame, which is dropped. */
  handle(frame: HeldFrame, now: Millis): Handling;
  /** Nobody answered in time. */
  late(frame: HeldFrame, now: Millis): Handling;
}

export interface DispatcherParts {
  platform: Pick<Platform, "time" | "timers">;
  handler: Handler;
  log: Log;
  /** False: it could not be sent. */
  resume(message: NxResume): boolean;
  /** What was to be put in force for others is on its way and may be what this packet needs, too; undefined: nothing is. */
  settled(): Promise<boolean> | undefined;
}

/** `total` is the sum of the three others, at every moment. */
export interface HeldCounts { now: number; total: number; released: number; dropped: number }

/** Packets looked at before other work of the event loop gets its turn. */
const TURN = 32;

export class Dispatcher {
  #released = 0;
  /** Out of the queue, on their way to the switch or to their end. */
  #leaving = 0;
  readonly #parts: DispatcherParts;
  readonly #queue: HeldQueue<HeldFrame>;
  #turn: Timer | undefined;
  #deadline: Timer | undefined;
  #armed: Millis = Infinity;

  constructor(parts: DispatcherParts, limits: HeldLimits) {
    this.#parts = parts;
    this.#queue = new HeldQueue(limits);
  }

  get statistics(): HeldCounts {
    const { now: queued, total } = this.#queue.statistics;
    const now = queued + this.#leaving;
    return { now, total, released: this.#released, dropped: total - now - this.#released };
  }

  take(packetIn: NxPacketIn2): void {
    const frame = holdFrame(packetIn);
    if (!frame) return;
    const displaced = this.#queue.add(ownerOf(frame), "", frame, this.#now());
    if (displaced) this.#parts.log.debug("held packets are too many", { owner: displaced.owner });
    this.#turn ??= this.#parts.platform.timers.after(0, () => this.#look());
  }

  /** What packets under this key waited for is known: they are looked at again. */
  answer(key: string): void {
    for (const { packet } of this.#queue.answer(key)) this.#leave(packet, this.#parts.handler.handle(packet, this.#now()));
  }

  /** The switch went away: what it gave us has no way back. */
  clear(): void {
    this.#queue.clear();
  }

  close(): void {
    this.#turn?.cancel();
    this.#deadline?.cancel();
  }

  #look(): void {
    this.#turn = undefined;
    for (let count = 0; count < TURN; count++) {
      const held = this.#queue.next();
      if (!held) break;
      this.#handle(held);
    }
    if (this.#queue.fresh > 0) this.#turn = this.#parts.platform.timers.after(0, () => this.#look());
    this.#arm();
  }

  #handle(held: HeldPacket<HeldFrame>): void {
    let handling: Handling = { act: "drop" };
    try {
      handling = this.#parts.handler.handle(held.packet, this.#now());
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#parts.log.debug("held packet is malformed", { reason: error.message });
    }
    if (handling.act === "wait") {
      held.key = handling.key;
      this.#queue.wait(held);
    } else this.#settle(held.packet, handling, () => this.#queue.done(held));
  }

  #leave(frame: HeldFrame, handling: Handling): void {
    this.#leaving++;
    this.#settle(frame, handling, () => this.#leaving--);
  }

  /** `done` once it is given back or dropped: until then it counts as its owner's. */
  #settle(frame: HeldFrame, handling: Handling, done: () => void): void {
    if (handling.act === "wait") return done();
    const finish = (inForce: boolean): void => {
      if (handling.act === "release" && inForce && this.#parts.resume(frame.resume)) this.#released++;
      done();
    };
    const inForce = handling.inForce ?? (handling.act === "release" ? this.#parts.settled() : undefined);
    if (inForce) void inForce.then(finish);
    else finish(true);
  }

  #arm(): void {
    const due = this.#queue.nextDeadline();
    if (due === undefined || due >= this.#armed) return;
    this.#armed = due;
    this.#deadline?.cancel();
    this.#deadline = this.#parts.platform.timers.after(Math.max(0, due - this.#now()), () => {
      this.#armed = Infinity;
      const now = this.#now();
      for (const { packet } of this.#queue.expire(now)) this.#leave(packet, this.#parts.handler.late(packet, now));
      this.#arm();
    });
  }

  #now(): Millis { return this.#parts.platform.time.now(); }
}

/** A station's packets count for it, what comes from upstream for the device it goes to, strangers' for their port. */
function ownerOf({ source, destination, port }: HeldFrame): string {
  if (source !== 0) return `device ${source}`;
  return destination !== 0 ? `to device ${destination}` : `port ${port}`;
}
