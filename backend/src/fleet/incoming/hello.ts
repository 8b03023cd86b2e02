// SPDX-License-Identifier: Apache-2.0
// The first word of a connection: both sides' states are compared by their digests, and only what differs is sent.
import type { Hello, Welcome } from "@securebox/contract";
import { assignDesired, hold, readAssigned, REFRESH_BELOW } from "../desired.ts";
import { storedUpTo } from "../events.ts";
import { missingKeys, publishKeys } from "../key-documents.ts";
import { readNetwork } from "../networks.ts";
import type { Incoming, Room } from "./take.ts";
import { tell, tryTo } from "./tell.ts";

interface Row { reported_digest: string | null; devices_digest: string | null; desired_sequence: number; desired_digest: string | null; desired_expires: Date | null }
const TIME_LIFETIME = 60_000;

export async function takeHello(room: Room, incoming: Incoming<"hello">): Promise<void> {
  const { network, gateway, envelope, arrived } = incoming;
  const { database, pki, log } = room.context;
  const hello = envelope.body;
  const [row] = await database.query<Row>(
    `UPDATE gateways SET last_seen = $3, presence = 'online', presence_since = CASE WHEN presence = 'online' THEN presence_since ELSE $3 END WHERE id = $1 AND network = $2 AND state = 'enrolled'
     RETURNING reported_digest, devices_digest, desired_sequence, desired_digest, desired_expires`, [gateway, network, new Date(arrived)]);
  if (!row) return;
  const stored = await storedUpTo(database, gateway, hello.events.stream);
  const missing = await missingKeys(room.context, network, hello);
  // Only a gateway that missed a change of keys is spoken to with the keys of before.
  const believed = missing.recovery || missing.documents.length > 0 ? hello.believes : undefined;
  if ((hello.epoch ?? 0) > pki.epoch) log("warn", "keys.outdated", { gateway, epoch: hello.epoch, ours: pki.epoch, message: "the gateway's keys are of a later recovery than this database knows: it refuses our documents until the next recovery" });
  await tryTo(room, gateway, "welcome", () => tell(room, incoming, "welcome", welcome(room, incoming, row, stored, believed)));
  await tryTo(room, gateway, "keys", () => publishKeys(room.context, network, gateway, missing, believed));
  // After a recovery it connects anew, and can believe a desired document only then.
  if (!missing.recovery && row.desired_digest !== null) await compareDesired(room, incoming, row);
  room.context.live.emit({ kind: "gateway", network, gateway });
}

function welcome({ context: { pki, now } }: Room, { network, gateway, envelope: { body: hello } }: Incoming<"hello">, row: Row, stored: number, believed: readonly string[] | undefined): Welcome {
  const issued = now();
  const time = pki.sign<"time">({ kind: "time", network, gateway, sequence: 0, issued, expires: issued + TIME_LIFETIME, body: { nonce: hello.nonce, now: issued } }, "sign", believed);
  const want: Welcome["want"] = [];
  if (hello.reported !== row.reported_digest) want.push("reported");
  if (hello.devices !== row.devices_digest) want.push("devices");
  return { time, want, stored };
}

async function compareDesired(room: Room, incoming: Incoming<"hello">, row: Row): Promise<void> {
  const { network, gateway, envelope: { body: { desired: known } } } = incoming;
  const isAhead = known !== undefined && known.sequence > row.desired_sequence;
  if (known?.digest === row.desired_digest) {
    if (isAhead) await room.context.database.query("UPDATE gateways SET desired_sequence = greatest(desired_sequence, $2), ahead = NULL WHERE id = $1", [gateway, known.sequence]); // the next push goes on above it
  } else if (isAhead) await hold(room.context, network, gateway, known.sequence);
  else await publishDesired(room, incoming, row);
}

async function publishDesired(room: Room, { network, gateway, envelope }: Incoming<"hello">, row: Row): Promise<void> {
  const known: Hello["desired"] = envelope.body.desired;
  if ((known && known.sequence === row.desired_sequence) || row.desired_expires!.getTime() < room.context.now() + REFRESH_BELOW) await renumber(room, network, gateway, known?.sequence ?? 0);
  await room.publisher.publish(await readAssigned(room.context.database, { gateways: [gateway] }));
}

/** The same body with a new number and new dates. */
export async function renumber({ context: { database, now } }: Pick<Room, "context">, network: string, gateway: string, above: number): Promise<void> {
  await database.transaction(async (tx) => {
    await readNetwork(tx, network, true);
    await assignDesired(tx, network, now(), gateway, above + 1);
  });
}
