// SPDX-License-Identifier: Apache-2.0
/*
 * The door for everything that gateways say. A message resolves when it is handled for good: stored, answered, or refused and counted. While the database
 * is away a message is tried again for PATIENCE, and the broker keeps the rest; what a gateway said is asked for again by its next hello in any case.
 */
import { decodeMessage, NAME, type Envelope, type MessageType, type Up } from "@securebox/contract";
import type { UpMessage } from "../../ports.ts";
import { DatabaseError } from "../../store/errors.ts";
import { writeAudit } from "../audit.ts";
import { committed, type Context } from "../context.ts";
import type { Publisher } from "../publisher.ts";
import { takeAsk } from "./ask.ts";
import { takeDevices } from "./devices.ts";
import { takeEvents } from "./events.ts";
import { takeHello } from "./hello.ts";
import { Known } from "./known.ts";
import { takePresence } from "./presence.ts";
import { takeRenew } from "./renew.ts";
import { takeReported } from "./reported.ts";
import { KeyedQueue } from "./queue.ts";
import { Seldom } from "./seldom.ts";

const PARALLEL = 16;
const PER_GATEWAY = 256;
const PATIENCE = 5 * 60_000;
const MINUTE = 60_000;

/** A message of a known gateway. `arrived`: by our clock, before it waited for its turn. */
export interface Incoming<T extends MessageType = MessageType> { network: string; gateway: string; envelope: Envelope<T>; arrived: number; retained: boolean }
export interface Room { context: Context; publisher: Publisher; known: Known; renewals: Seldom }

const TYPES = { presence: "presence", hello: "hello", reported: "reported", devices: "devices", event: "events", ask: "ask", renew: "renew" } as const satisfies Record<Up, MessageType>;
type Handlers = { [K in Up]: (room: Room, incoming: Incoming<(typeof TYPES)[K]>) => Promise<void> };
const HANDLERS: Handlers = { presence: takePresence, hello: takeHello, reported: takeReported, devices: takeDevices, event: takeEvents, ask: takeAsk, renew: takeRenew };

export interface TakeStatistics { taken: number; malformed: number; unknown: number; dropped: number }

export class Intake {
  readonly statistics: TakeStatistics = { taken: 0, malformed: 0, unknown: 0, dropped: 0 };
  readonly #queue = new KeyedQueue(PARALLEL, PER_GATEWAY);
  readonly #complaints = new Seldom(MINUTE);
  readonly #recorded = new Seldom(10 * MINUTE);
  #closed = false;

  constructor(private readonly room: Room) {}

  /** Never rejects. */
  async take(message: UpMessage): Promise<void> {
    const arrived = this.room.context.now();
    const { gateway, channel } = message;
    if (!NAME.test(gateway) || !NAME.test(message.network) || !(channel in TYPES)) return this.#malformed(message, "no topic of ours");
    if (message.payload.length === 0) return; // a retained message was cleared
    const result = decodeMessage(message.payload, [TYPES[channel]]);
    if (!result.ok) return this.#malformed(message, `${result.code}: ${result.message}`);
    const incoming: Incoming = { network: message.network, gateway, envelope: result.envelope, arrived, retained: message.retained };
    const handle = (): Promise<void> => this.#patiently(message, incoming);
    // A held packet waits for the answer to a question: it does not stand in line behind what is being stored.
    const done = channel === "ask" ? handle() : this.#queue.run(gateway, handle);
    if (!done) return this.#drop(message, `more than ${PER_GATEWAY} messages wait`);
    await done;
  }

  /** Messages that wait for the database wait no longer. */
  close(): void {
    this.#closed = true;
  }

  async #patiently(message: UpMessage, incoming: Incoming): Promise<void> {
    for (let pause = 100; ; pause = Math.min(5000, pause * 2)) {
      try {
        return await this.#handle(message, incoming);
      } catch (error) {
        const transient = error instanceof DatabaseError && error.transient;
        if (transient && !this.#closed && message.channel !== "ask" && this.room.context.now() - incoming.arrived < PATIENCE) await new Promise((resolve) => setTimeout(resolve, pause));
        else return this.#drop(message, (error as Error).message ?? String(error));
      }
    }
  }

  async #handle(message: UpMessage, incoming: Incoming): Promise<void> {
    if (!(await this.room.known.has(message.gateway, message.network))) return this.#stranger(message);
    this.statistics.taken++;
    await (HANDLERS[message.channel] as (room: Room, incoming: Incoming) => Promise<void>)(this.room, incoming);
  }

  async #stranger(message: UpMessage): Promise<void> {
    const { gateway, network, channel } = message;
    this.statistics.unknown++;
    if (message.retained || !this.#recorded.allow(gateway, this.room.context.now())) return;
    this.room.context.log("warn", "gateway.unknown", { gateway, network, channel });
    const entry = { actor: gateway, action: "gateway.message", target: gateway, network, outcome: "refused", detail: { channel, reason: "this gateway is not enrolled in this network, or was revoked" } } as const;
    await committed(this.room.context, (tx, tell) => writeAudit(tx, entry, tell));
  }

  #malformed(message: UpMessage, reason: string): void {
    this.statistics.malformed++;
    this.#complain("message.malformed", message, reason);
  }

  #drop(message: UpMessage, reason: string): void {
    this.statistics.dropped++;
    this.#complain("message.dropped", message, reason);
  }

  #complain(event: string, { gateway, network, channel, payload }: UpMessage, reason: string): void {
    const allowed = this.#complaints.allow(`${event} ${gateway}`, this.room.context.now());
    if (allowed) this.room.context.log("warn", event, { gateway, network, channel, bytes: payload.length, reason: reason.slice(0, 300), ...(allowed.missed > 0 && { others: allowed.missed }) });
  }
}
