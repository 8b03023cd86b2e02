// SPDX-License-Identifier: Apache-2.0
/*
 * Which of two states of a gateway is the newer one. When they came does not tell: each may come by another lane or to another process, and a retained one is
 * read while newer ones come live, so that the older one is handled last. Messages of one start of a gateway's program are numbered; only those of
 * different starts are told apart by their arrival.
 */
import type { Incoming } from "./take.ts";

/** As it is in the message's `id`; both null where that has no number. */
export function placeOf({ envelope: { id } }: Pick<Incoming, "envelope">): [start: string | null, number: number | null] {
  const [, start, number] = /^(.+)-(\d{1,15})$/.exec(id) ?? [];
  return [start ?? null, number === undefined ? null : Number(number)];
}

/** SQL: whether a state of this place, which arrived then, is not older than the row's. The arguments name the parameters. */
export function isNotOlder(state: "reported" | "devices", { at, start, number }: Record<"at" | "start" | "number", string>): string {
  return `CASE WHEN ${state}_start = ${start}::text THEN ${state}_number <= ${number}::bigint ELSE ${state}_at IS NULL OR ${state}_at <= ${at} END`;
}
