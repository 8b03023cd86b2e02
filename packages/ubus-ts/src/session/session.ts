// SPDX-License-Identifier: Apache-2.0
/*
 * One connection to ubusd, without socket or clock: requests, answers and bytes in, bytes and events out; `now` is an argument.
 *
 *   greeting --HELLO--> open --close--> closed
 *
 * greeting: waits for the daemon's HELLO, which tells our client id; past its deadline `expire` throws. Nothing may be sent.
 * open:     requests and answers, in any number and order. closed: everything ended with DisconnectedError; bytes are ignored.
 */
import type { Millis } from "quickjs-ts";
import { type Attributes, CodecError, DecodeError, decodeMessage, decodeMonitored, encodeMessage, type Message, MessageFramer, MessageType, type Monitored } from "../codec/index.ts";
import { decodeHeader } from "../codec/message.ts";
import { DeadlineError, DisconnectedError, ProviderGoneError, QueueFullError, StatusCode, StatusError, statusName } from "./errors.ts";
import { type Answerer, Invocation } from "./invocation.ts";
import { Sequence } from "./sequence.ts";

export interface SessionOutput {
  /** Bytes for the daemon. May throw QueueFullError, which then comes out of the request. */
  send(message: Uint8Array, operation: string): void;
  /** HELLO came: the session is open. */
  greeted(clientId: number): void;
  /** A call of one of our objects, a notification, an event. */
  invoked(invocation: Invocation): void;
  /** One of our objects got its first subscriber, or lost its last. */
  subscribed(objectId: number, active: boolean): void;
  /** `target`, which our object `objectId` subscribed to, is gone. */
  unsubscribed(objectId: number, target: number): void;
  monitored(message: Monitored): void;
}

export interface SessionOptions {
  /** Requests without a complete answer at one time. Default 256. */
  maxPending?: number;
  /** Invocations that wait for our answer at one time; further ones get the status "no-memory". Default 256. */
  maxInvocations?: number;
  /** An invocation that we have not answered by then gets the status "timeout". Default 60,000. */
  answerTimeout?: Millis;
  /** Bytes of DATA that one request takes. Default 4 MiB. */
  maxAnswer?: number;
}

export interface Request {
  /** For errors: what the caller asked for. */
  operation: string;
  timeout: Millis;
  /** Each DATA of the answer. `peer`: the object that speaks, which for a notification is a subscriber. */
  data?(message: Message): void;
  /** Exactly once. StatusError, DeadlineError, DisconnectedError, ProviderGoneError, QueueFullError, CodecError; else the answer's last STATUS. */
  done(error: Error | undefined, status: Message | undefined): void;
  /** A notification's subscribers, then each one's answer. Its presence says that many answer. */
  subscribers?(ids: readonly number[]): void;
  answered?(subscriber: number, code: number): void;
}

interface Pending extends Request {
  peer: number;
  deadline: Millis;
  /** Subscribers that have not answered; undefined before they are known. */
  awaited?: number[];
  size: number;
}

type Outgoing = { type: number; peer: number } & Attributes;

export class Session implements Answerer {
  /** Our id on the bus, once greeted. */
  clientId = 0;
  #state: "greeting" | "open" | "closed" = "greeting";
  #now: Millis;
  /** Not later than the earliest deadline. */
  #due: Millis;
  readonly #greetBy: Millis;
  readonly #framer = new MessageFramer();
  readonly #pending = new Map<number, Pending>();
  readonly #sequence = new Sequence();
  readonly #invocations = new Set<Invocation>();
  readonly #limits: Required<SessionOptions>;

  /** `timeout`: of the greeting. */
  constructor(readonly output: SessionOutput, now: Millis, readonly timeout: Millis, options: SessionOptions = {}) {
    this.#limits = { maxPending: 256, maxInvocations: 256, answerTimeout: 60_000, maxAnswer: 4 << 20, ...options };
    this.#now = now;
    this.#due = this.#greetBy = now + timeout;
  }

  get open(): boolean {
    return this.#state === "open";
  }

  /** Requests without a complete answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Sends a request. Throws QueueFullError, CodecError or DisconnectedError, having sent nothing. */
  request(message: Outgoing, request: Request, now: Millis): void {
    if (this.#state !== "open") throw new DisconnectedError(request.operation, false, "not connected");
    if (this.#pending.size >= this.#limits.maxPending) throw new QueueFullError(request.operation, this.#limits.maxPending);
    const seq = this.#sequence.next(this.#pending);
    this.output.send(encode(message, seq), request.operation);
    const deadline = now + request.timeout;
    this.#pending.set(seq, { ...request, peer: message.peer, deadline, size: 0 });
    this.#due = Math.min(this.#due, deadline);
  }

  /** Sends what has no answer: a notification without reply. Throws as `request`. */
  tell(message: Outgoing, operation: string): void {
    if (this.#state !== "open") throw new DisconnectedError(operation, false, "not connected");
    this.output.send(encode(message, this.#sequence.next(this.#pending)), operation);
  }

  /** Takes bytes of the daemon. Throws DecodeError or OversizedError: the connection is of no use any more. */
  receive(chunk: Uint8Array, now: Millis): void {
    this.#now = now;
    this.#framer.push(chunk, (bytes) => {
      if (this.#state !== "closed") this.#message(bytes);
    });
  }

  /** When `expire` has something to do, or a little earlier; undefined: not before another call. */
  deadline(): Millis | undefined {
    return this.#due === Infinity ? undefined : this.#due;
  }

  /** Ends what is due. Throws DeadlineError when the daemon did not greet. */
  expire(now: Millis): void {
    this.#now = now;
    if (this.#state === "greeting" && now >= this.#greetBy) throw new DeadlineError("hello", this.timeout);
    for (const [seq, pending] of this.#pending) {
      if (pending.deadline > now) continue;
      this.#sequence.giveUp(seq, pending.peer);
      this.#end(seq, new DeadlineError(pending.operation, pending.timeout));
    }
    for (const invocation of [...this.#invocations]) if (invocation.deadline <= now) invocation.finish(StatusCode.timeout);
    this.#due = this.#earliest();
  }

  /** Whether a request to the object has no complete answer yet. */
  asks(objectId: number): boolean {
    return [...this.#pending.values()].some(({ peer }) => peer === objectId);
  }

  /** Ends the requests to an object that is gone. */
  objectGone(objectId: number): void {
    for (const [seq, pending] of this.#pending) if (pending.peer === objectId && pending.peer !== 0) this.#end(seq, new ProviderGoneError(pending.operation));
  }

  /** Ends everything: the connection is gone. */
  close(reason: string): void {
    this.#state = "closed";
    for (const invocation of this.#invocations) invocation.open = false;
    this.#invocations.clear();
    for (const [seq, { operation }] of [...this.#pending]) this.#end(seq, new DisconnectedError(operation, true, reason));
  }

  answerData({ objectId, caller, seq }: Invocation, data: Uint8Array): void {
    this.output.send(encode({ type: MessageType.data, peer: caller, objectId, data }, seq), "reply");
  }

  /** An answer that cannot be queued is dropped: the caller has a deadline. */
  answerStatus(invocation: Invocation, code: number): void {
    const { objectId, caller, seq } = invocation;
    invocation.open = false;
    this.#invocations.delete(invocation);
    if (invocation.noReply || this.#state !== "open") return;
    try {
      this.output.send(encode({ type: MessageType.status, peer: caller, status: code, objectId }, seq), "reply");
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
    }
  }

  #message(bytes: Uint8Array): void {
    const { type, seq, peer } = decodeHeader(bytes);
    if (this.#state === "greeting") return this.#greet(type, peer);
    let message: Message;
    try {
      if (type === MessageType.monitor) return this.output.monitored(decodeMonitored(bytes));
      message = decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#malformed(type, seq, peer, error);
    }
    this.#dispatch(message);
  }

  #dispatch(message: Message): void {
    const { type, objectId } = message;
    if (type === MessageType.status) this.#status(message);
    else if (type === MessageType.data) this.#data(message);
    else if (type === MessageType.invoke) this.#invoked(message);
    else if (objectId === undefined) return; // of a type that we do not know, or of no use
    else if (type === MessageType.notify && message.active !== undefined) this.output.subscribed(objectId, message.active);
    else if (type === MessageType.unsubscribe && message.target !== undefined) this.output.unsubscribed(objectId, message.target);
  }

  #greet(type: number, peer: number): void {
    if (type !== MessageType.hello) throw new DecodeError(`message: type ${type}, expected a greeting (0)`, 1);
    this.#state = "open";
    this.#due = this.#earliest();
    this.clientId = peer;
    this.output.greeted(peer);
  }

  /** The daemon passes on what providers and callers sent, as it is: one bad message is its sender's matter, and does not end the connection. */
  #malformed(type: number, seq: number, peer: number, error: DecodeError): void {
    const pending = this.#pending.get(seq);
    if ((type !== MessageType.status && type !== MessageType.data) || pending?.peer !== peer) return;
    if (type === MessageType.data) this.#sequence.giveUp(seq, peer);
    this.#end(seq, error);
  }

  #data(message: Message): void {
    const pending = this.#pending.get(message.seq);
    if (!pending || !speaks(pending, message.peer)) return;
    pending.size += message.data?.length ?? 0;
    if (pending.size <= this.#limits.maxAnswer) return pending.data?.(message);
    this.#sequence.giveUp(message.seq, pending.peer);
    this.#end(message.seq, new QueueFullError(pending.operation, this.#limits.maxAnswer));
  }

  #status(message: Message): void {
    const { seq, peer, status = StatusCode["unknown-error"] } = message;
    const pending = this.#pending.get(seq);
    if (!pending) return this.#sequence.answered(seq, peer);
    if (pending.awaited) return this.#subscriberAnswered(pending, message);
    if (pending.peer !== peer) return;
    const by = message.objectId === undefined || pending.subscribers ? "daemon" : "provider";
    if (status !== 0) return this.#end(seq, new StatusError(statusName(status), pending.operation, by, status), message);
    if (!pending.subscribers) return this.#end(seq, undefined, message);
    pending.awaited = [...(message.subscribers ?? [])];
    pending.subscribers(pending.awaited);
    if (pending.awaited.length === 0) this.#end(seq, undefined, message);
  }

  #subscriberAnswered(pending: Pending, message: Message): void {
    const at = pending.awaited!.indexOf(message.peer);
    if (at < 0) return;
    pending.awaited!.splice(at, 1);
    pending.answered?.(message.peer, message.status ?? StatusCode["unknown-error"]);
    if (pending.awaited!.length === 0) this.#end(message.seq, undefined, message);
  }

  #invoked(message: Message): void {
    const invocation = new Invocation(message, this.#now + this.#limits.answerTimeout, this);
    if (message.objectId === undefined || message.method === undefined) return; // the daemon sends both
    if (this.#invocations.size >= this.#limits.maxInvocations) return invocation.finish(StatusCode["no-memory"]);
    this.#invocations.add(invocation);
    this.#due = Math.min(this.#due, invocation.deadline);
    this.output.invoked(invocation);
  }

  #end(seq: number, error: Error | undefined, status?: Message): void {
    const pending = this.#pending.get(seq);
    this.#pending.delete(seq);
    pending?.done(error, status);
  }

  #earliest(): Millis {
    let due = this.#state === "greeting" ? this.#greetBy : Infinity;
    for (const { deadline } of this.#pending.values()) due = Math.min(due, deadline);
    for (const { deadline } of this.#invocations) due = Math.min(due, deadline);
    return due;
  }
}

/** Whether DATA from `peer` belongs to the answer. */
function speaks(pending: Pending, peer: number): boolean {
  return pending.peer === peer || (pending.awaited?.includes(peer) ?? false);
}

function encode({ type, peer, ...attributes }: Outgoing, seq: number): Uint8Array {
  return encodeMessage({ type, seq, peer, ...attributes });
}

/** Whether a request failed by what was asked or answered, so that the connection is as good as before. */
export function isOrderly(error: unknown): boolean {
  return error instanceof StatusError || error instanceof CodecError || error instanceof QueueFullError || error instanceof ProviderGoneError;
}
