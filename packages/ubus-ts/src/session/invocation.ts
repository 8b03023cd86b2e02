// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";
import type { Message } from "../codec/index.ts";

/** Who answers invocations: the session. */
export interface Answerer {
  answerData(invocation: Invocation, payload: Uint8Array): void;
  answerStatus(invocation: Invocation, code: number): void;
}

/** One call of an object of ours, a notification or an event: to be answered now or later, exactly once, unless nobody waits. */
export class Invocation {
  readonly objectId: number;
  readonly method: string;
  /** Members of the arguments' table; undefined: the caller sent none. */
  readonly data: Uint8Array | undefined;
  /** Client id of the caller, of who notified; 0 for an event. */
  readonly caller: number;
  readonly seq: number;
  /** Names that the daemon found out from the caller's credentials; "" where it sent none. */
  readonly user: string;
  readonly group: string;
  /** Nobody waits for an answer: a notification without reply, or an event. */
  readonly noReply: boolean;
  /** Not answered yet. */
  open = true;

  constructor(message: Message, readonly deadline: Millis, readonly answerer: Answerer) {
    this.objectId = message.objectId ?? 0;
    this.method = message.method ?? "";
    this.data = message.data;
    this.caller = message.peer;
    this.seq = message.seq;
    this.user = message.user ?? "";
    this.group = message.group ?? "";
    this.noReply = message.noReply === true || message.peer === 0;
  }

  /** One part of the answer. Ignored once the answer is complete. */
  reply(payload: Uint8Array): void {
    if (this.open && !this.noReply) this.answerer.answerData(this, payload);
  }

  /** Completes the answer. Ignored the second time. */
  finish(code: number): void {
    if (!this.open) return;
    this.answerer.answerStatus(this, code);
  }
}
