// SPDX-License-Identifier: Apache-2.0
/*
 * What a start of the gateway will undo or restore, done for one durable part before its readers start: netifd reads UCI long before the gateway
 * runs. Nothing is counted and the journal stays as it is, so the start finds this done and goes on with the other parts.
 */
import type { Files } from "quickjs-ts";
import { decodeJournal } from "./journal.ts";
import { FAILED_STARTS, failedStarts } from "./starts.ts";
import type { Part } from "./types.ts";
import { differing } from "./values.ts";

export interface Early {
  /** The transaction that was interrupted. */
  transaction?: string;
  /** The coming start is a safe boot. */
  safe: boolean;
  /** Values that were otherwise and are back. */
  changed: number;
}

/** `directory`: the Applier's. Rejects with what the journal or the part cannot be read or written for; then the start tries it again. */
export async function recoverEarly(files: Files, directory: string, name: string, part: Part): Promise<Early> {
  if (!files.status(`${directory}/journal.json`)) return { safe: false, changed: 0 };
  const { confirmed, marker } = decodeJournal(files.readText(`${directory}/journal.json`));
  const safe = failedStarts(files, `${directory}/starts`) >= FAILED_STARTS;
  const target = { ...marker?.old[name], ...(safe ? confirmed[name] : {}) };
  const seen = await part.read(Object.keys(target));
  const lost = differing(Object.fromEntries(Object.entries(target).filter(([key]) => key in seen)), seen);
  const count = Object.keys(lost).length;
  if (safe && count > 0) setAside(files, directory, name, Object.fromEntries(Object.keys(lost).map((key) => [key, seen[key] ?? null])));
  if (count > 0) {
    await part.put(lost);
    await part.sync();
  }
  return { ...(marker ? { transaction: marker.id } : {}), safe, changed: count };
}

/** As the safe boot itself would, which no longer finds it. */
function setAside(files: Files, directory: string, name: string, replaced: object): void {
  files.replace(`${directory}/replaced.json`, JSON.stringify({ [name]: replaced }), { mode: 0o600 });
}
