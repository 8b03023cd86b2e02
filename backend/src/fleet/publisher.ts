// SPDX-License-Identifier: Apache-2.0
/*
 * Signs and publishes desired documents. One per gateway is on its way, the newest; what comes meanwhile replaces what waits, so the queue is never longer
 * than the fleet. Signing gives way to the event loop each few milliseconds. What fails is left to hellos and the reconciliation.
 */
import { digestOf, encodeDocument, topicOf, type Desired } from "@securebox/contract";
import type { Context } from "./context.ts";
import { readAssigned, readBody, type Assigned } from "./desired.ts";
import { sha256 } from "./hash.ts";

const PARALLEL = 32;
/** Signing without a pause, milliseconds. */
const SLICE = 8;
/** Networks whose newest body is kept parsed. */
const MAX_BODIES = 100;

export class Publisher {
  readonly #waiting = new Map<string, Assigned>();
  readonly #bodies = new Map<string, { digest: string; body: Desired }>();
  #workers = 0;
  #idle: (() => void)[] = [];
  #sliceStart = 0;
  #pause: Promise<void> | undefined;

  constructor(private readonly context: Context) {}

  /** Resolves when everything that waits was tried. Never rejects. */
  async publish(targets: readonly Assigned[]): Promise<void> {
    for (const target of targets) {
      const waiting = this.#waiting.get(target.gateway);
      if (!waiting || waiting.sequence < target.sequence) this.#waiting.set(target.gateway, target);
    }
    while (this.#workers < Math.min(PARALLEL, this.#waiting.size)) void this.#work();
    if (this.#workers > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** To all gateways of a network. Never rejects. */
  async publishNetwork(network: string): Promise<void> {
    try {
      await this.publish(await readAssigned(this.context.database, { network }));
    } catch (error) {
      this.context.log("warn", "publish.failed", { network, error: (error as Error).message });
    }
  }

  async #work(): Promise<void> {
    this.#workers++;
    const tried: Assigned[] = [];
    for (let next = this.#take(); next; next = this.#take()) {
      await this.#send(next);
      tried.push(next);
    }
    this.#workers--;
    await this.#repeatOvertaken(tried);
    if (this.#workers === 0 && this.#waiting.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): Assigned | undefined {
    const [first] = this.#waiting.values();
    if (first) this.#waiting.delete(first.gateway);
    return first;
  }

  async #send(target: Assigned): Promise<void> {
    const { broker, pki, log } = this.context;
    try {
      const body = await this.#bodyOf(target);
      if (!body) return; // a newer push took over, and publishes itself
      await this.#breathe();
      const { gateway, network, sequence, issued, expires } = target;
      const document = pki.sign<"desired">({ kind: "desired", network, gateway, sequence, issued, expires, body });
      await broker.publish(topicOf(network, gateway, "desired"), encodeDocument(document), { retain: true });
    } catch (error) {
      log("warn", "publish.failed", { gateway: target.gateway, sequence: target.sequence, error: (error as Error).message });
    }
  }

  /** Another process may have published a newer one before ours came through: then the newest goes out once more, so that it is what the broker retains. */
  async #repeatOvertaken(tried: readonly Assigned[]): Promise<void> {
    if (tried.length === 0 || this.context.broker.kind === "embedded") return;
    const newest = await readAssigned(this.context.database, { gateways: tried.map(({ gateway }) => gateway) }).catch(() => []);
    const sent = new Map(tried.map(({ gateway, sequence }) => [gateway, sequence]));
    const overtaken = newest.filter(({ gateway, sequence }) => sequence > sent.get(gateway)!);
    if (overtaken.length > 0) void this.publish(overtaken);
  }

  async #bodyOf({ network, digest }: Assigned): Promise<Desired | undefined> {
    const kept = this.#bodies.get(network);
    if (kept?.digest === digest) return kept.body;
    const [row] = await this.context.database.query<{ digest: string }>("SELECT desired_digest AS digest FROM networks WHERE name = $1", [network]);
    if (row?.digest !== digest) return undefined;
    const body = await readBody(this.context.database, network);
    if (!body || digestOf({ sha256 }, body) !== digest) return undefined;
    this.#bodies.delete(network);
    this.#bodies.set(network, { digest, body });
    if (this.#bodies.size > MAX_BODIES) this.#bodies.delete(this.#bodies.keys().next().value!);
    return body;
  }

  async #breathe(): Promise<void> {
    // One pause for all: if each worker made its own, their slices would follow one another without the event loop between.
    while (performance.now() - this.#sliceStart >= SLICE) {
      await (this.#pause ??= new Promise((resolve) => setImmediate(() => {
        this.#pause = undefined;
        this.#sliceStart = performance.now();
        resolve();
      })));
    }
  }
}
