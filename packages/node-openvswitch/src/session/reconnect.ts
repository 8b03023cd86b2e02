// SPDX-License-Identifier: Apache-2.0
/*
 * When to connect, to probe and to give up: a machine without sockets or clocks, after the idea of Open vSwitch's lib/reconnect.
 *
 *   stopped --enable--> waiting --run: "connect"--> connecting --connected--> active <--activity-- probing
 *                          ^                            |                        |  --run: "probe"-->  |
 *                          +----- failed / disconnected-+------------------------+---------------------+
 */
import type { Millis } from "quickjs-ts";

export interface ReconnectOptions {
  /** Wait before the second try, and its limit after doubling. Defaults 1,000 and 8,000. */
  minimum?: Millis;
  maximum?: Millis;
  /** Silence before a probe, and again until the connection counts as dead. Default 5,000; 0 switches probing off. */
  probe?: Millis;
  /** Tries without waiting after a loss: with several remotes, one for each other of them. Default 0. */
  freeTries?: number;
}

/**
 * stopped: wants nothing. waiting: for the end of the back-off, then connecting.
 * connecting: for `connected` or `failed`. active: for silence, then probing. probing: for any activity (active again) or for more silence (disconnect).
 */
export type ReconnectState = "stopped" | "waiting" | "connecting" | "active" | "probing";
/** What the owner has to do now: open a connection; send an echo; close the connection, which is dead, then call `disconnected`. */
export type ReconnectAction = "connect" | "probe" | "disconnect";

/** A timer later than this says that our own process stood still: silence is then no evidence against the peer. */
const stall: Millis = 1000;

export class Reconnect {
  #state: ReconnectState = "stopped";
  /** When the state was entered; for `active`, the last activity. */
  #since: Millis = 0;
  /** 0 before the first try. */
  #backoff: Millis = 0;
  /** Length of the present wait: the back-off, or 0 for a free try. */
  #wait: Millis = 0;
  #freeTries = 0;
  #connectedAt: Millis = 0;
  #lastActivity: Millis = 0;
  readonly #options: Required<ReconnectOptions>;

  constructor(options: ReconnectOptions = {}) {
    this.#options = { minimum: 1000, maximum: 8000, probe: 5000, freeTries: 0, ...options };
  }

  get state(): ReconnectState {
    return this.#state;
  }

  get connected(): boolean {
    return this.#state === "active" || this.#state === "probing";
  }

  /** Wants a connection, at once. */
  enable(now: Millis): void {
    if (this.#state !== "stopped") return;
    this.#backoff = this.#wait = 0;
    this.#freeTries = this.#options.freeTries;
    this.#enter("waiting", now);
  }

  disable(now: Millis): void {
    this.#enter("stopped", now);
  }

  connecting(now: Millis): void {
    this.#enter("connecting", now);
  }

  connectedNow(now: Millis): void {
    this.#connectedAt = this.#lastActivity = now;
    this.#enter("active", now);
  }

  /** The connection was lost, or could not be made. A connection that lived longer than the present back-off starts it over. */
  disconnected(now: Millis): void {
    if (this.#state === "stopped") return;
    const proven = this.connected && this.#lastActivity - this.#connectedAt >= this.#backoff;
    if (proven) this.#freeTries = this.#options.freeTries;
    if (this.#freeTries > 0) {
      this.#freeTries--;
      this.#wait = 0;
    } else {
      this.#backoff = this.#backoff === 0 || proven ? this.#options.minimum : Math.min(this.#options.maximum, this.#backoff * 2);
      this.#wait = this.#backoff;
    }
    this.#enter("waiting", now);
  }

  /** Something came from the peer. */
  activity(now: Millis): void {
    this.#lastActivity = now;
    if (this.connected) this.#enter("active", now);
  }

  /** The next time at which `run` has something to say; undefined: not before another call. */
  deadline(): Millis | undefined {
    if (this.#state === "waiting") return this.#since + this.#wait;
    return this.connected && this.#options.probe > 0 ? this.#since + this.#options.probe : undefined;
  }

  /** What is due at `now`. To be repeated until undefined. */
  run(now: Millis): ReconnectAction | undefined {
    const due = this.deadline();
    if (due === undefined || now < due) return undefined;
    if (this.#state === "waiting") return "connect";
    if (this.#state === "active") {
      this.#enter("probing", now);
      return "probe";
    }
    if (now - due <= stall) return "disconnect";
    this.#since = now - this.#options.probe + stall;
    return undefined;
  }

  #enter(state: ReconnectState, now: Millis): void {
    this.#state = state;
    this.#since = now;
  }
}
