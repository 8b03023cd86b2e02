// SPDX-License-Identifier: Apache-2.0
import { encodeMessage, topicOf, type Messages } from "@securebox/contract";
import { messageId } from "../hash.ts";
import type { Incoming, Room } from "./take.ts";

/** Answers on the gateway's own topic `tell`: a `reply` that leads elsewhere would let one gateway speak to another through us. */
export async function tell<T extends "welcome" | "ack" | "answers" | "certificate">({ context }: Room, { network, gateway, envelope }: Incoming, type: T, body: Messages[T]): Promise<void> {
  const payload = encodeMessage<T>({ type, id: messageId(), re: envelope.id, body } as never);
  await context.broker.publish(topicOf(network, gateway, "tell"), payload, { retain: false });
}

/** For answers that the gateway asks for again when they do not come. */
export async function tryTo(room: Room, gateway: string, what: string, run: () => Promise<void>): Promise<void> {
  await run().catch((error: Error) => room.context.log("warn", "publish.failed", { gateway, what, error: error.message }));
}
