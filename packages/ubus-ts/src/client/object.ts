// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";
import { CodecError, decodeTable, encodeSignature, encodeTable, MessageType, type Signature, type Table } from "../codec/index.ts";
import { DeadlineError, type StatusName, StatusError, statusName } from "../session/errors.ts";
import type { Invocation } from "../session/invocation.ts";
import { answer, checkArguments, type Method, typeOf } from "./method.ts";
import { addObject, removeObject } from "./objects.ts";
import { type Bus, Registration } from "./registration.ts";

export interface ObjectOptions {
  /** The first subscriber came, or the last one went. */
  subscribed?(active: boolean): void;
}

/** How one subscriber answered a notification; "timeout" when it did not. */
export interface SubscriberAnswer {
  /** The subscriber's object. */
  subscriber: number;
  status: StatusName;
  data: Table[];
}

/** An object of ours under a path, with methods that others call and notifications that they subscribe to. */
export class PublishedObject extends Registration {
  /** On the present connection; 0 while there is none. */
  id = 0;
  /** Somebody is subscribed. */
  hasSubscribers = false;
  readonly #signature: Uint8Array;

  /** Throws EncodeError for a name that cannot be written. */
  constructor(readonly path: string, readonly methods: Readonly<Record<string, Method>>, readonly options: ObjectOptions, bus: Bus) {
    super(path, bus);
    this.#signature = encodeSignature(signatureOf(methods));
  }

  /** Tells subscribers, and does not wait. Nothing is sent while nobody is subscribed. Throws CodecError, QueueFullError. */
  notify(name: string, table: Table = {}): void {
    if (!this.present || !this.hasSubscribers) return;
    this.bus.link.tell({ type: MessageType.notify, peer: this.id, objectId: this.id, method: name, data: encodeTable(table), noReply: true }, `notify ${this.path} ${name}`);
  }

  /**
   * Asks subscribers, and waits until each of them has answered, went away with us or the deadline passed. Who answers with what is no table has the status
   * "parse-error". Rejects with what befalls any request.
   */
  ask(name: string, table: Table = {}, timeout: Millis = this.bus.timeout): Promise<SubscriberAnswer[]> {
    const operation = `ask ${this.path} ${name}`;
    const message = { type: MessageType.notify, peer: this.id, objectId: this.id, method: name, data: encodeTable(table) };
    const answers: SubscriberAnswer[] = [];
    return new Promise((resolve, reject) => {
      this.bus.link.request(message, {
        operation, timeout,
        subscribers: (ids) => ids.forEach((subscriber) => answers.push({ subscriber, status: "timeout", data: [] })),
        data: ({ peer, data }) => take(answers.find(({ subscriber, status }) => subscriber === peer && status === "timeout"), data),
        answered: (id, code) => void Object.assign(answers.find(({ subscriber, status }) => subscriber === id && status === "timeout") ?? {}, { status: statusName(code) }),
        done: (error) => (error && !(error instanceof DeadlineError && answers.length > 0) ? reject(error) : resolve(answers)),
      });
    });
  }

  protected async make(): Promise<void> {
    this.id = await addObject(this.bus, `publish ${this.path}`, {
      invoked: (invocation) => this.#invoked(invocation),
      subscribed: (active) => this.#subscribed(active),
    }, { path: this.path, signature: this.#signature });
  }

  protected unmake(): Promise<void> {
    const { id } = this;
    this.id = 0;
    this.#subscribed(false);
    return removeObject(this.bus, `remove ${this.path}`, id);
  }

  override lost(): void {
    super.lost();
    this.id = 0;
    this.#subscribed(false);
  }

  #subscribed(active: boolean): void {
    if (active === this.hasSubscribers) return;
    this.hasSubscribers = active;
    this.bus.attempt(`${this.path}: subscribed`, () => this.options.subscribed?.(active));
  }

  #invoked(invocation: Invocation): void {
    const name = `${this.path} ${invocation.method}`;
    answer(invocation, () => {
      const method = Object.hasOwn(this.methods, invocation.method) ? this.methods[invocation.method] : undefined;
      if (!method) throw new StatusError("method-not-found", name);
      if (!invocation.data) throw new StatusError("invalid-argument", name); // as libubus does
      return method.run(checkArguments(method.policy, tableOf(invocation.data, name), name), contextOf(invocation));
    }, encodeTable, (error) => this.bus.trouble(name, error));
  }
}

/** One part of a subscriber's answer: a bad one is the subscriber's affair. */
function take(answer: SubscriberAnswer | undefined, data: Uint8Array | undefined): void {
  if (!answer) return;
  try {
    answer.data.push(decodeTable(data ?? new Uint8Array(0)));
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    Object.assign(answer, { status: "parse-error", data: [] });
  }
}

/** What a caller sent is the caller's fault. Throws StatusError. */
export function tableOf(data: Uint8Array, operation: string): Table {
  try {
    return decodeTable(data);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new StatusError("invalid-argument", `${operation}: ${error.message}`);
  }
}

export function contextOf(invocation: Invocation) {
  const { method, caller, user, group, noReply } = invocation;
  return { method, caller, user, group, noReply, reply: (table: Table) => invocation.reply(encodeTable(table)) };
}

function signatureOf(methods: Readonly<Record<string, Method>>): Signature {
  return Object.fromEntries(Object.entries(methods).map(([name, { policy }]) => [name, Object.fromEntries(Object.entries(policy).map(([argument, declared]) => [argument, typeOf(declared)]))]));
}

