// SPDX-License-Identifier: Apache-2.0
// Does the broker refuse our certificate, for good? One failed handshake says little; a row of them, over minutes, without any other outcome, does.
import type { Millis } from "quickjs-ts";

/** TLS alerts of the peer and CONNACK codes 2, 4 and 5 (MQTT 3.1.1 section 3.2.2.3), as the connection words them. */
const REJECTED = /ETLS|certificate|not authori[sz]ed|bad user ?name|identifier rejected/i;
const TRIES = 5;
const SPAN: Millis = 120_000;
const LIKELY_TRIES = 2;

export class Rejections {
  #tries = 0;
  #since: Millis = 0;

  accepted(): void { this.#tries = 0; }

  lost(reason: string, now: Millis): void {
    if (!REJECTED.test(reason)) return this.accepted();
    if (this.#tries++ === 0) this.#since = now;
  }

  /** `likely`: there is another reason to believe it. */
  persistent(now: Millis, likely: boolean): boolean {
    return likely ? this.#tries >= LIKELY_TRIES : this.#tries >= TRIES && now - this.#since >= SPAN;
  }
}
