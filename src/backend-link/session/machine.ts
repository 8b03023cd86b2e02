// SPDX-License-Identifier: Apache-2.0
/*
 * The life of the link, without sockets, clock or randomness: it is told what happened and when, and answers with what is to be done.
 *
 *   idle --start--> connecting --connected--> subscribing --subscribed--> greeting --welcomed--> ready
 *                    ^    |                        |                          |                    |
 *                    |    +---- closed, a deadline passed, probe unanswered --+--------------------+
 *                    |                             v
 *                    +--------- time ---------- waiting               stop: from anywhere to idle
 *
 * After `destroy` and `end` the connection is forgotten: what it still says is not to be told to the machine.
 */
import type { Millis } from "quickjs-ts";
import { tryTimeout, waitAfterTakeOver, waitBefore } from "./back-off.ts";
import { Silence } from "./silence.ts";
import { TakeOver } from "./take-over.ts";

/**
 * idle: wants nothing.
 * connecting: for CONNACK; on success subscribing.
 * subscribing: for SUBACK, then greeting. A broker that grants nothing within the deadline is left.
 * greeting: for the welcome to our hello, then ready. After the deadline hello is said once more, then the connection is left.
 * ready: both sides equal, as far as known. Ends when the peer closes, or is found silent.
 * waiting: for the end of the back-off, then connecting.
 */
export type LinkState = "idle" | "connecting" | "subscribing" | "greeting" | "ready" | "waiting";

export type LinkInput =
  | { type: "start" | "stop" | "connected" | "subscribed" | "welcomed" | "time" }
  /** A packet of any kind came. */
  | { type: "received" }
  /** Connect anew, now: another certificate is to be used. */
  | { type: "renew" }
  /** The network may have changed: look whether the peer is still there, or try now. */
  | { type: "probe" }
  /** A welcome came for a hello that was not ours. */
  | { type: "foreign" }
  /** A QoS 1 publish left; its PUBACK came. */
  | { type: "published" | "acknowledged"; packet: number }
  | { type: "refused"; reason: string }
  | { type: "closed"; reason: string };

export type LinkEffect =
  | { do: "connect"; timeout: Millis }
  | { do: "subscribe" | "hello" | "ready" | "ping" | "end" }
  | { do: "destroy" }
  /** The connection, or the try, is over. `welcomed`: it had been ready. */
  | { do: "lost"; reason: string; welcomed: boolean; retryIn: Millis }
  | { do: "taken-over" };

/** Of SUBACK and of the welcome. */
export const ANSWER_DEADLINE: Millis = 10_000;
/** A second more than the connection's own deadline, which it should keep. */
const GRACE: Millis = 1000;

export class LinkMachine {
  #state: LinkState = "idle";
  #since: Millis = 0;
  #deadline: Millis = Infinity;
  /** Losses and failed tries since the last lasting success. */
  #failures = 0;
  /** When the last welcomed connection ended (or `start`): the age of the cut counts from here. */
  #cutAt: Millis = 0;
  /** How long the last successful try took. */
  #lastTry: Millis | undefined;
  #hellos = 0;
  readonly #silence = new Silence();
  readonly #takeOver = new TakeOver();

  get state(): LinkState { return this.#state; }
  get since(): Millis { return this.#since; }
  get #up(): boolean { return this.#state === "subscribing" || this.#state === "greeting" || this.#state === "ready"; }

  /** When `time` is next due; undefined: not before another input. */
  deadline(): Millis | undefined {
    const due = Math.min(this.#deadline, this.#up ? this.#silence.deadline() : Infinity);
    return due === Infinity ? undefined : due;
  }

  /** `random`: from 0 up to 1, used for waits only. */
  input(input: LinkInput, now: Millis, random: number): LinkEffect[] {
    if (this.#up && input.type === "received") this.#silence.heard(now);
    switch (input.type) {
      case "start": return this.#state === "idle" ? this.#start(now) : [];
      case "stop": return this.#stop(now);
      case "connected": return this.#state === "connecting" ? this.#connected(now) : [];
      case "subscribed": return this.#state === "subscribing" ? this.#greet(now) : [];
      case "welcomed": return this.#state === "greeting" ? this.#welcomed(now) : [];
      case "foreign": this.#takeOver.foreign(); return [];
      case "published": if (this.#up) this.#silence.published(input.packet, now); return [];
      case "acknowledged": if (this.#up) this.#silence.acknowledged(input.packet, now); return [];
      case "refused": return this.#up ? this.#leave(input.reason, now, random) : [];
      case "closed": return this.#state === "idle" || this.#state === "waiting" ? [] : this.#closed(input.reason, now, random);
      case "renew": return this.#up ? [{ do: "end" }, ...this.#connect(now)] : this.#state === "waiting" ? this.#connect(now) : [];
      case "probe": return this.#probe(now);
      case "time": return this.#time(now, random);
      case "received": return [];
    }
  }

  #start(now: Millis): LinkEffect[] {
    this.#failures = 0;
    this.#cutAt = now;
    return this.#connect(now);
  }

  #stop(now: Millis): LinkEffect[] {
    const effects: LinkEffect[] = this.#up ? [{ do: "end" }] : this.#state === "connecting" ? [{ do: "destroy" }] : [];
    this.#enter("idle", now, Infinity);
    return effects;
  }

  #connect(now: Millis): LinkEffect[] {
    const timeout = tryTimeout(now - this.#cutAt, this.#lastTry);
    this.#enter("connecting", now, now + timeout + GRACE);
    return [{ do: "connect", timeout }];
  }

  #connected(now: Millis): LinkEffect[] {
    this.#lastTry = now - this.#since;
    this.#silence.reset(now, this.#lastTry);
    this.#enter("subscribing", now, now + ANSWER_DEADLINE);
    return [{ do: "subscribe" }];
  }

  #greet(now: Millis): LinkEffect[] {
    if (this.#state !== "greeting") this.#hellos = 0;
    this.#hellos++;
    this.#enter("greeting", now, now + ANSWER_DEADLINE);
    return [{ do: "hello" }];
  }

  #welcomed(now: Millis): LinkEffect[] {
    this.#enter("ready", now, Infinity);
    return [{ do: "ready" }];
  }

  #probe(now: Millis): LinkEffect[] {
    if (this.#state === "waiting") return this.#connect(now);
    return this.#up && this.#silence.probe(now) ? [{ do: "ping" }] : [];
  }

  #time(now: Millis, random: number): LinkEffect[] {
    if (this.#up) {
      const verdict = this.#silence.run(now);
      if (verdict === "ping") return [{ do: "ping" }];
      if (verdict !== undefined) return this.#leave(verdict.dead, now, random);
    }
    if (now < this.#deadline) return [];
    switch (this.#state) {
      case "waiting": return this.#connect(now);
      case "connecting": return this.#leave("no connection within the deadline", now, random);
      case "subscribing": return this.#leave(`the broker did not answer SUBSCRIBE within ${ANSWER_DEADLINE / 1000} s`, now, random);
      case "greeting":
        return this.#hellos < 2 ? this.#greet(now) : this.#leave(`the backend did not answer hello twice within ${ANSWER_DEADLINE / 1000} s`, now, random);
      default: return [];
    }
  }

  /** Our decision to give the connection up. */
  #leave(reason: string, now: Millis, random: number): LinkEffect[] {
    this.#takeOver.otherwise();
    return [{ do: "destroy" }, ...this.#lost(reason, now, random, false)];
  }

  #closed(reason: string, now: Millis, random: number): LinkEffect[] {
    const ready = this.#state === "ready";
    if (!ready) this.#takeOver.otherwise();
    return this.#lost(reason, now, random, ready && this.#takeOver.closed(now - this.#since, now));
  }

  #lost(reason: string, now: Millis, random: number, takenOver: boolean): LinkEffect[] {
    const welcomed = this.#state === "ready";
    // Only a connection that lasted starts the back-off over: one that comes and goes each second keeps its place.
    if (welcomed && now - this.#since >= ANSWER_DEADLINE) this.#failures = 0;
    if (welcomed) this.#cutAt = now;
    this.#failures++;
    const retryIn = takenOver ? waitAfterTakeOver(random) : waitBefore(this.#failures, now - this.#cutAt, random);
    this.#enter("waiting", now, now + retryIn);
    return [{ do: "lost", reason, welcomed, retryIn }, ...(takenOver ? [{ do: "taken-over" } as const] : [])];
  }

  #enter(state: LinkState, now: Millis, deadline: Millis): void {
    this.#state = state;
    this.#since = now;
    this.#deadline = deadline;
  }
}
