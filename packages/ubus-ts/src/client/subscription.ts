// SPDX-License-Identifier: Apache-2.0
// Notifications of objects that come and go: a subscription to a path or "prefix*" that is made again whenever such an object appears.
import { encodeTable, MessageType, type Table } from "../codec/index.ts";
import { DisconnectedError, StatusError } from "../session/errors.ts";
import type { Invocation } from "../session/invocation.ts";
import { lookup, matches } from "./lookup.ts";
import { type Answer, answer, type CallContext } from "./method.ts";
import { contextOf, tableOf } from "./object.ts";
import { addObject, removeObject } from "./objects.ts";
import { type Bus, Registration } from "./registration.ts";

export interface SubscriptionHandlers {
  /** Object `path` notified. The answer goes to a notifier that waits for one; a StatusError thrown is its status. */
  notified(path: string, name: string, data: Table, context: CallContext): Answer;
  /** From now on notifications of `path` come. */
  added?(path: string): void;
  /** `path` is gone; or the connection is. */
  removed?(path: string): void;
}

interface Target {
  /** The object that is subscribed to, and ours that receives: one each, because a notification does not say whose it is. */
  target: number;
  own: number;
}

/** Objects that one pattern is subscribed to, at most. */
const MAX_TARGETS = 256;

export class Subscription extends Registration {
  readonly #targets = new Map<string, Target>();
  /** Objects that we may not subscribe to: asked once. */
  readonly #refused = new Set<number>();
  #doubt = false;
  /** Attaching and detaching, one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(readonly pattern: string, readonly handlers: SubscriptionHandlers, bus: Bus) {
    super(`subscribe ${pattern}`, bus);
  }

  /** Paths that are subscribed to now. */
  get paths(): string[] {
    return [...this.#targets.keys()];
  }

  /** The daemon said that an object appeared. */
  appeared(path: string, id: number): void {
    if (matches(this.pattern, path)) this.#queue(() => this.#attach(path, id)).catch((error: unknown) => this.#missed(error));
  }

  override get complete(): boolean {
    return this.present && !this.#doubt;
  }

  /** Looks for objects that appeared without our being told. */
  look(): Promise<void> {
    return this.#queue(async () => {
      this.#doubt = true;
      for (const { path, id } of await lookup(this.bus, this.pattern)) await this.#attach(path, id);
      this.#doubt = false;
    });
  }

  protected make(): Promise<void> {
    return this.look();
  }

  protected async unmake(): Promise<void> {
    await this.#queue(async () => {
      const targets = [...this.#targets];
      this.#targets.clear();
      for (const [, { own }] of targets) await removeObject(this.bus, this.name, own);
    });
  }

  override lost(): void {
    super.lost();
    this.#doubt = false;
    this.#refused.clear();
    const paths = this.paths;
    this.#targets.clear();
    for (const path of paths) this.#tell("removed", path);
  }

  /** An object appeared and could not be subscribed to; the connection's end is no reason, since all starts anew with the next. */
  #missed(error: unknown): void {
    if (!this.present || error instanceof DisconnectedError) return;
    this.#doubt = true;
    this.bus.trouble(this.name, error);
    this.bus.again();
  }

  #queue(work: () => Promise<void>): Promise<void> {
    const { generation } = this.bus.link;
    const done = this.#work.then(() => {
      if (generation !== this.bus.link.generation) throw new DisconnectedError(this.name, false, "reconnected meanwhile");
      return work();
    });
    this.#work = done.catch(() => {});
    return done;
  }

  /** Not allowed, gone meanwhile and our own objects are left out; the first is told as trouble, unless the pattern may mean others. */
  async #attach(path: string, target: number): Promise<void> {
    const { bus, name } = this;
    const former = this.#targets.get(path);
    if (this.removed || former?.target === target || this.#refused.has(target)) return;
    if (former) await this.#detach(path, former);
    if (this.#targets.size >= MAX_TARGETS) return bus.trouble(name, new Error(`more than ${MAX_TARGETS} objects`));
    const own = await addObject(bus, name, {
      invoked: (invocation) => this.#notified(path, invocation),
      unsubscribed: () => void this.#gone(path, own),
    });
    try {
      await bus.link.ask({ type: MessageType.subscribe, peer: 0, objectId: own, target }, `${name}: ${path}`, bus.timeout);
    } catch (error) {
      await removeObject(bus, name, own).catch(() => {}); // the first error is the one to tell
      if (!(error instanceof StatusError)) throw error;
      if (this.#refused.size < MAX_TARGETS) this.#refused.add(target);
      if (path === this.pattern) bus.trouble(name, error);
      return;
    }
    this.#targets.set(path, { target, own });
    this.#tell("added", path);
  }

  #gone(path: string, own: number): void {
    this.#queue(async () => {
      const target = this.#targets.get(path);
      if (target?.own === own) await this.#detach(path, target);
    }).catch(() => {}); // the connection is gone: so is the object
  }

  async #detach(path: string, { own }: Target): Promise<void> {
    this.#targets.delete(path);
    this.#tell("removed", path);
    await removeObject(this.bus, this.name, own);
  }

  #tell(what: "added" | "removed", path: string): void {
    this.bus.attempt(`${this.name}: ${what}`, () => this.handlers[what]?.(path));
  }

  #notified(path: string, invocation: Invocation): void {
    const name = `${path} ${invocation.method}`;
    answer(invocation, () => this.handlers.notified(path, invocation.method, invocation.data ? tableOf(invocation.data, name) : {}, contextOf(invocation)), encodeTable, (error) => this.bus.trouble(name, error));
  }
}
