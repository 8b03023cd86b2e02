// SPDX-License-Identifier: Apache-2.0
// The first word of a connection: both sides' states are compared by their digests, and only what differs is sent.
import type { Hello, Welcome } from "@securebox/contract";
import { assignDesired, readAssigned, REFRESH_BELOW } from "../desired.ts";
import { storedUpTo } from "../events.ts";
import { publishKeyDocument, readKeyDocuments } from "../key-documents.ts";
import { readNetwork } from "../networks.ts";
import type { Incoming, Room } from "./take.ts";
import { tell, tryTo } from "./tell.ts";

interface Row { keys: string[] | null; reported_digest: string | null; devices_digest: string | null; desired_sequence: number; desired_digest: string | null; desired_expires: Date | null }
const TIME_LIFETIME = 60_000;

export async function takeHello(room: Room, incoming: Incoming<"hello">): Promise<void> {
  const { network, gateway, envelope, arrived } = incoming;
  const { database } = room.context;
  const hello = envelope.body;
  const [row] = await database.query<Row>(
    `UPDATE gateways SET last_seen = $3, presence = 'online', presence_since = CASE WHEN presence = 'online' THEN presence_since ELSE $3 END WHERE id = $1 AND network = $2 AND state = 'enrolled'
     RETURNING reported->'keys' AS keys, reported_digest, devices_digest, desired_sequence, desired_digest, desired_expires`, [gateway, network, new Date(arrived)]);
  if (!row) return;
  const stored = await storedUpTo(database, gateway, hello.events.stream);
  const documents = await readKeyDocuments(database, network);
  const missing = documents.filter(({ kind, sequence }) => sequence > hello[kind]);
  // Only a gateway that missed a rotation is spoken to with the keys of before.
  const believed = missing.length > 0 ? row.keys ?? undefined : undefined;
  await tryTo(room, gateway, "welcome", () => tell(room, incoming, "welcome", welcome(room, incoming, row, stored, believed)));
  for (const document of missing) await tryTo(room, gateway, document.kind, () => publishKeyDocument(room.context, network, gateway, document, believed));
  if (row.desired_digest !== null && hello.desired?.digest !== row.desired_digest) await publishDesired(room, incoming, row);
  room.context.live.emit({ kind: "gateway", network, gateway });
}

function welcome({ context: { pki, now } }: Room, { network, gateway, envelope: { body: hello } }: Incoming<"hello">, row: Row, stored: number, believed: string[] | undefined): Welcome {
  const issued = now();
  const time = pki.sign<"time">({ kind: "time", network, gateway, sequence: 0, issued, expires: issued + TIME_LIFETIME, body: { nonce: hello.nonce, now: issued } }, "sign", believed);
  const want: Welcome["want"] = [];
  if (hello.reported !== row.reported_digest) want.push("reported");
  if (hello.devices !== row.devices_digest) want.push("devices");
  return { time, want, stored };
}

async function publishDesired(room: Room, { network, gateway, envelope }: Incoming<"hello">, row: Row): Promise<void> {
  const known: Hello["desired"] = envelope.body.desired;
  if ((known && known.sequence >= row.desired_sequence) || row.desired_expires!.getTime() < room.context.now() + REFRESH_BELOW) await renumber(room, network, gateway, known?.sequence ?? 0);
  await room.publisher.publish(await readAssigned(room.context.database, { gateways: [gateway] }));
}

/** A gateway that knows a higher number than ours (our database is a restored backup) would refuse ours as older. */
export async function renumber({ context: { database, now } }: Pick<Room, "context">, network: string, gateway: string, above: number): Promise<void> {
  await database.transaction(async (tx) => {
    await readNetwork(tx, network, true);
    await assignDesired(tx, network, now(), gateway, above + 1);
  });
}
