// SPDX-License-Identifier: Apache-2.0
// Is another gateway using our identity? MQTT 3.1.1 (section 3.1.4) makes the broker close the older of two connections with one client identifier,
// without telling why: what it looks like is a peer that welcomes us and hangs up on us, again and again, while every try to connect succeeds at once.
import type { Millis } from "quickjs-ts";

/** A welcomed connection that the peer closed within this time counts. */
const SHORT: Millis = 5000;
/** Without more evidence it takes this many in a row, and this long: a link that flaps for a minute looks the same, and must be tried again soon. */
const SUSPICIOUS = 6;
const SPAN: Millis = 90_000;
/** With the evidence of welcomes that answer somebody else's hello. */
const FOREIGN = 2;

export class TakeOver {
  #count = 0;
  #foreign = 0;
  #since: Millis = 0;

  /** A welcome came for a hello that was not ours. */
  foreign(): void { this.#foreign++; }

  /** Tries and connections that ended otherwise: no sign of anybody else. */
  otherwise(): void { this.#count = this.#foreign = 0; }

  /** The peer closed a connection that had been welcomed `lived` ago. True: a repeated take-over. */
  closed(lived: Millis, now: Millis): boolean {
    if (lived > SHORT) {
      this.otherwise();
      return false;
    }
    if (this.#count++ === 0) this.#since = now;
    return (this.#count >= SUSPICIOUS && now - this.#since >= SPAN) || (this.#foreign >= FOREIGN && this.#count >= FOREIGN);
  }
}
