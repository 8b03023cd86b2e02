// SPDX-License-Identifier: Apache-2.0
import { decodeDocument, decodeMessage, parseTopic, type Channel, type Messages, type SignedDocument } from "@securebox/contract";
import { sha256 } from "../../src/fleet/hash.ts";
import type { Broker, UpMessage } from "../../src/ports.ts";

/** Records what is published; `fail` makes publishing reject, as a broker that is away does. */
export class FakeBroker implements Broker {
  kind: "embedded" | "external" = "embedded";
  readonly published: { topic: string; payload: Uint8Array; retain: boolean }[] = [];
  readonly disconnected: string[] = [];
  fail = false;
  connected = true;
  readonly address = { host: "127.0.0.1", port: 8883 };
  /** Runs before a publish is done. */
  before: (topic: string) => Promise<void> = async () => {};

  async publish(topic: string, payload: Uint8Array, { retain }: { retain: boolean }): Promise<void> {
    await this.before(topic);
    if (this.fail) throw new Error("the broker is away");
    this.published.push({ topic, payload, retain });
  }
  onMessage(_handler: (message: UpMessage) => Promise<void>): void {}
  onReady(_handler: () => void): void {}
  async disconnect(gateway: string): Promise<void> { this.disconnected.push(gateway); }
  statistics(): { connections: number; received: number; sent: number; refused: number } { return { connections: 0, received: 0, sent: this.published.length, refused: 0 }; }
  async close(): Promise<void> {}

  /** Payloads to a gateway on one channel, oldest first. */
  to(gateway: string, channel: Channel): Uint8Array[] {
    return this.published.filter(({ topic }) => { const parts = parseTopic(topic); return parts?.gateway === gateway && parts.channel === channel; }).map(({ payload }) => payload);
  }
  documents<K extends "desired" | "keys" | "revocation">(gateway: string, kind: K): SignedDocument<K>[] {
    return this.to(gateway, kind).filter((bytes) => bytes.length > 0).map((bytes) => {
      const result = decodeDocument({ sha256 }, bytes);
      if (!result.ok) throw new Error(result.refusal.message);
      return result.document as SignedDocument<K>;
    });
  }
  /** Bodies of one type on `tell`. */
  told<T extends "welcome" | "ack" | "answers" | "certificate">(gateway: string, type: T): Messages[T][] {
    return this.to(gateway, "tell").flatMap((bytes) => {
      const result = decodeMessage(bytes, [type]);
      return result.ok ? [result.envelope.body as Messages[T]] : [];
    });
  }
}
