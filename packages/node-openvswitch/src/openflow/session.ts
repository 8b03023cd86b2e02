// SPDX-License-Identifier: Apache-2.0
/*
 * One OpenFlow conversation from the controller's side, without socket or clock: messages and bytes in, bytes and events out.
 *
 *   hello --peer's hello, a common version--> features --features reply--> ready --close--> closed
 *
 * hello: our own is sent by `start`. features: its request is sent. ready: everything else. In each state silence is the reconnect machine's business,
 * calls have deadlines of their own, and whatever breaks the protocol raises HandshakeError or DecodeError out of `receive`: the connection is then of no use.
 */
import type { Millis } from "quickjs-ts";
import { DeadlineError, DisconnectedError, QueueFullError } from "../session/errors.ts";
import { decode, encode } from "./codec.ts";
import { DecodeError } from "./errors.ts";
import { MessageFramer } from "./framer.ts";
import type { ErrorMessage, FeaturesReply, Message, MultipartReply } from "./messages.ts";
import { Outstanding, type Owner } from "./outstanding.ts";
import { HandshakeError, OpenflowError, type Outgoing } from "./session-errors.ts";
import type { Version } from "./types.ts";

export interface SessionOutput {
  /** False: the queue is above its mark. Throws QueueFullError. */
  write(bytes: Uint8Array, operation: string): boolean;
  ready(features: FeaturesReply): void;
  /** Whatever the switch sends on its own: packet-ins, port status, flow-removed, ... */
  message(message: Message, xid: number): void;
  /** An error that belongs to no call: its message was sent by `send`, or is not known any more. */
  error(error: OpenflowError): void;
}

export interface SessionOptions {
  /** Wire versions offered: 4 is OpenFlow 1.3, 5 is 1.4, 6 is 1.5. Default [4, 5]. */
  versions?: readonly Version[];
  /** Requests without an answer at one time. Default 256. */
  maxPending?: number;
}

export type Done = (error: Error | undefined, reply?: Message) => void;

interface Pending {
  request: Message;
  deadline: Millis;
  timeout: Millis;
  done: Done;
  part: ((part: MultipartReply) => void) | undefined;
}

/** Messages sent without a barrier, after which the session sends one itself, so that what it keeps of them stays bounded. */
const barrierEvery = 128;
const lastXid = 0xfffffff0;
const HELLO = 0;

export class OpenflowSession {
  state: "hello" | "features" | "ready" | "closed" = "hello";
  /** Agreed wire version; meaningful once hellos were exchanged. */
  version: Version;
  features: FeaturesReply | undefined;
  readonly #versions: readonly Version[];
  readonly #maxPending: number;
  readonly #framer = new MessageFramer();
  readonly #pending = new Map<number, Pending>();
  readonly #outstanding = new Outstanding<OpenflowError>();
  #xid = 0;
  #sinceBarrier = 0;

  constructor(readonly output: SessionOutput, options: SessionOptions = {}) {
    this.#versions = options.versions ?? [4, 5];
    this.#maxPending = options.maxPending ?? 256;
    if (this.#versions.length === 0) throw new TypeError("versions: expected at least one");
    this.version = Math.max(...this.#versions) as Version;
  }

  start(): void {
    this.#write({ type: "hello", versions: [...this.#versions] }, this.nextXid());
  }

  nextXid(): number {
    return (this.#xid = this.#xid >= lastXid ? 1 : this.#xid + 1);
  }

  /**
   * A message that is answered. `done` gets the reply, or OpenflowError, DeadlineError, DisconnectedError, DecodeError; for a multipart request
   * the last part, `part` having got every one of them; each part starts the deadline over. Throws QueueFullError, having sent nothing.
   */
  request(request: Message, now: Millis, timeout: Millis, done: Done, part?: (part: MultipartReply) => void): number {
    if (this.#pending.size >= this.#maxPending) throw new QueueFullError(request.type, this.#maxPending);
    const xid = this.nextXid();
    this.#write(request, xid);
    this.#pending.set(xid, { request, deadline: now + timeout, timeout, done, part });
    if (request.type === "barrier-request") this.#outstanding.barrier(xid);
    return xid;
  }

  /** A message that is answered only when it is refused: `owner` is told, or else `output.error`. False: wait for the queue to drain before sending much more. */
  send(message: Outgoing, owner: Owner<OpenflowError> = this.#reporting(message)): boolean {
    const xid = this.nextXid();
    const more = this.#write(message, xid);
    this.#outstanding.sent(xid, owner);
    if (++this.#sinceBarrier >= barrierEvery) this.#barrier();
    return more;
  }

  /** Writes messages of a bundle, encoded elsewhere with xids of `nextXid`, each made known by `sentInBundle` beforehand. */
  writeEncoded(bytes: Uint8Array, operation: string): boolean {
    return this.output.write(bytes, operation);
  }

  sentInBundle(xid: number, owner: Owner<OpenflowError>, index: number): void {
    this.#outstanding.sent(xid, owner, index, true);
  }

  /** The bundle is over: its messages can be refused no more. */
  endBundle(owner: Owner<OpenflowError>): void {
    this.#outstanding.release(owner);
  }

  /** Asks for a sign of life. */
  probe(): void {
    if (this.state !== "closed") this.#write({ type: "echo-request", data: new Uint8Array(0) }, this.nextXid());
  }

  /** Takes bytes of the switch. */
  receive(chunk: Uint8Array, now: Millis): void {
    for (const bytes of this.#framer.push(chunk)) {
      if (this.state === "closed") return;
      this.#take(bytes, now);
    }
  }

  deadline(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const { deadline } of this.#pending.values()) if (earliest === undefined || deadline < earliest) earliest = deadline;
    return earliest;
  }

  expire(now: Millis): void {
    for (const [xid, { deadline, request, timeout, done }] of this.#pending) {
      if (deadline > now) continue;
      this.#pending.delete(xid);
      done(new DeadlineError(request.type, timeout));
    }
  }

  close(reason: string): void {
    this.state = "closed";
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { request, done } of pending) done(new DisconnectedError(request.type, true, reason));
  }

  #take(bytes: Uint8Array, now: Millis): void {
    if (this.state === "hello" && bytes[1] !== HELLO) throw new HandshakeError(`expected hello, got message type ${bytes[1]}`);
    const xid = ((bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!) >>> 0;
    let message: Message;
    try {
      message = decode(bytes).message;
    } catch (error) {
      if (!(error instanceof DecodeError) || !this.#settle(xid, error)) throw error;
      return;
    }
    this.#dispatch(message, xid, bytes[0]!, now);
  }

  #dispatch(message: Message, xid: number, version: number, now: Millis): void {
    switch (message.type) {
      case "hello": return this.#hello(message.versions, version);
      case "error": return this.#error(message, xid, version);
      case "echo-request": return void this.#write({ type: "echo-reply", data: message.data }, xid);
      case "echo-reply": return;
      case "barrier-reply": this.#outstanding.passed(xid); break;
      default: if (this.state === "features" && message.type === "features-reply") return this.#ready(message);
    }
    const pending = this.#pending.get(xid);
    if (!pending) return message.type === "barrier-reply" ? undefined : this.output.message(message, xid);
    if (message.type === "multipart-reply") {
      pending.deadline = now + pending.timeout;
      pending.part?.(message);
      if (message.more) return;
    }
    this.#pending.delete(xid);
    pending.done(undefined, message);
  }

  #hello(versions: readonly number[] | undefined, version: number): void {
    if (this.state !== "hello") return;
    // OpenFlow 1.3.5 section 6.3.1: the highest common bit, or without bitmaps the smaller of the two header versions.
    const common = versions ? this.#versions.filter((own) => versions.includes(own)) : this.#versions.filter((own) => own <= version);
    const agreed = versions ? Math.max(...common) : Math.min(version, Math.max(...this.#versions));
    if (!common.includes(agreed as Version)) {
      this.#write({ type: "error", errorType: 0, code: 0, data: new TextEncoder().encode("no common version") }, this.nextXid());
      throw new HandshakeError(`no common version: offered ${this.#versions.join(", ")}, the switch has ${versions?.join(", ") ?? version}`);
    }
    this.version = agreed as Version;
    this.state = "features";
    this.#write({ type: "features-request" }, this.nextXid());
  }

  #ready(features: FeaturesReply): void {
    this.state = "ready";
    this.features = features;
    this.output.ready(features);
  }

  #error(error: ErrorMessage, xid: number, version: number): void {
    if (this.state !== "ready" || (error.errorType === 0 && version < 4)) throw new HandshakeError(`the switch refused the handshake: error ${error.errorType}/${error.code} ${new TextDecoder().decode(error.data)}`);
    const found = this.#outstanding.find(xid);
    const request = this.#requestOf(xid);
    const refused = new OpenflowError(error, version, xid, request === undefined ? undefined : this.#pending.get(request)!.request);
    if (request !== undefined) this.#settle(request, refused);
    else if (found) found.owner.refused(refused, found.index);
    else this.output.error(refused);
  }

  /** Open vSwitch 2.15 refuses a multipart type that it cannot parse with xid 0, in OpenFlow 1.0's form: with one request under way it is that one. */
  #requestOf(xid: number): number | undefined {
    if (xid === 0 && this.#pending.size === 1) return [...this.#pending.keys()][0];
    return this.#pending.has(xid) ? xid : undefined;
  }

  #settle(xid: number, error: Error): boolean {
    const pending = this.#pending.get(xid);
    this.#pending.delete(xid);
    pending?.done(error);
    return pending !== undefined;
  }

  #reporting(message: Outgoing): Owner<OpenflowError> {
    return { refused: (error) => this.output.error(error.naming(message)) };
  }

  #barrier(): void {
    const xid = this.nextXid();
    this.#sinceBarrier = 0;
    this.#outstanding.barrier(xid);
    this.#write({ type: "barrier-request" }, xid);
  }

  #write(message: Outgoing, xid: number): boolean {
    const bytes = message instanceof Uint8Array ? withXid(message, xid) : encode(message, { version: this.version, xid });
    return this.output.write(bytes, message instanceof Uint8Array ? "message" : message.type);
  }
}

/** A copy, for the caller may send the same bytes again. */
function withXid(message: Uint8Array, xid: number): Uint8Array {
  const bytes = message.slice();
  new DataView(bytes.buffer).setUint32(4, xid);
  return bytes;
}
