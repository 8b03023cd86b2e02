// SPDX-License-Identifier: Apache-2.0
import { committed } from "../context.ts";
import { storeEvents } from "../events.ts";
import type { Incoming, Room } from "./take.ts";
import { tell, tryTo } from "./tell.ts";

/** The acknowledgement follows the commit: an event that the gateway forgets is in the database. */
export async function takeEvents(room: Room, incoming: Incoming<"events">): Promise<void> {
  const { network, gateway, envelope, arrived } = incoming;
  const stored = await committed(room.context, async (tx, announce) => {
    const { added, stored } = await storeEvents(tx, network, gateway, envelope.body, arrived);
    for (const event of added) announce({ kind: "event", network, gateway, id: event.id, event });
    return stored;
  });
  await tryTo(room, gateway, "ack", () => tell(room, incoming, "ack", { stream: envelope.body.stream, stored }));
}
