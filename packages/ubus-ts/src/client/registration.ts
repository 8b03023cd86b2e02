// SPDX-License-Identifier: Apache-2.0
// What is made once and stays: an object, a subscription, a listener, a monitor. The client makes it again on every connection.
import type { Millis } from "quickjs-ts";
import { DisconnectedError } from "../session/errors.ts";
import type { Invocation } from "../session/invocation.ts";
import type { Link } from "./link.ts";

/** What registrations may ask of the client. */
export interface Bus {
  readonly link: Link;
  readonly timeout: Millis;
  /** Events of objects that come and go are being delivered; without the right to it subscriptions look again from time to time. */
  readonly watching: boolean;
  /** Whose invocations of `objectId` are; until `release` or the end of the connection. */
  own(objectId: number, owner: ObjectOwner): void;
  release(objectId: number): void;
  /** Something that the owner could not know otherwise: what was not restored, what a handler threw. */
  trouble(what: string, error: unknown): void;
  /** Runs what the user of this library gave; what it throws is told as trouble, and stops nothing. */
  attempt(what: string, run: () => void): void;
  remove(registration: Registration): void;
  /** A registration found itself incomplete: it will be asked to restore itself. */
  again(): void;
}

/** What the daemon may say to an object of ours. */
export interface ObjectOwner {
  invoked?(invocation: Invocation): void;
  subscribed?(active: boolean): void;
  unsubscribed?(target: number): void;
}

export abstract class Registration {
  /** Made, on the present connection. */
  present = false;
  /** Why it is not: the last try's error. */
  error: unknown;
  #removed = false;
  #busy: Promise<void> | undefined;

  constructor(readonly name: string, readonly bus: Bus) {}

  get removed(): boolean {
    return this.#removed;
  }

  /** Nothing of it is missing. */
  get complete(): boolean {
    return this.present;
  }

  /** Makes it on the present connection; one try at a time. Rejects with the error. */
  restore(): Promise<void> {
    return (this.#busy ??= this.#try().finally(() => (this.#busy = undefined)));
  }

  async #try(): Promise<void> {
    if (this.present || this.#removed) return;
    const { link } = this.bus;
    const { generation } = link;
    try {
      await this.make();
      // The answer and the end of the connection may have come in one piece: then what was made went with it.
      if (generation !== link.generation || !link.open) throw new DisconnectedError(this.name, true, "right behind the answer");
      this.present = true;
      this.error = undefined;
    } catch (error) {
      this.error = error;
      throw error;
    }
    if (!this.#removed) return;
    this.present = false;
    await this.unmake();
  }

  /** The connection is gone, and all that was made with it. */
  lost(): void {
    this.present = false;
  }

  /** Ends it, on the bus and for good. Rejects only with what befalls any request. */
  async remove(): Promise<void> {
    if (this.#removed) return;
    this.#removed = true;
    this.bus.remove(this);
    const present = this.present;
    this.present = false;
    if (present) await this.unmake();
  }

  protected abstract make(): Promise<void>;
  protected abstract unmake(): Promise<void>;
}
