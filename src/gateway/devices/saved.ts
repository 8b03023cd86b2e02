// SPDX-License-Identifier: Apache-2.0
// The table as a file. How long no gateway ran only the wall clock could tell, which may jump between two runs (access points boot in 1970), and
// renewed leases are not written, to spare the flash. So nobody loses an address by it: a lease that seems to have run out comes back as a learnt
// address, which the next lease of another takes; one is never held as leased for longer than it had left. Ages go on from where they stood.
import type { Millis } from "quickjs-ts";
import type { Ip } from "../../wifi-isolation/network.ts";
import { formatMac, normaliseIp, parseMac } from "../../packets/index.ts";
import { LEARNT, type Bar, type Entry } from "./entry.ts";

const VERSION = 1;

/** The file is damaged or of another version; `field` says where. */
export class SavedStateError extends Error {
  override readonly name = "SavedStateError";
  constructor(readonly field: string, readonly problem: string) {
    super(`saved devices: ${field}: ${problem}`);
  }
}

interface SavedDevice {
  id: number;
  mac: string;
  port: string;
  key?: string;
  name?: string;
  joined: number;
  seen: number;
  barred?: { reason: string; until: number };
  addresses: SavedAddress[];
}

/** `expires`: milliseconds since 1970, absent for a learnt one; null: a lease without end. */
interface SavedAddress {
  address: string;
  expires?: number | null;
}

export function saveEntries(entries: Iterable<Entry>, last: number, now: Millis, date: Millis): string {
  const wall = (time: Millis): number => Math.round(date + time - now);
  const devices = Array.from(entries, ({ id, mac, port, key, name, joined, seen, addresses, ends, barred }): SavedDevice => ({
    id, mac, port, ...(key === undefined ? {} : { key }), ...(name === undefined ? {} : { name }), joined: wall(joined), seen: wall(seen),
    ...(barred === undefined ? {} : { barred: { reason: barred.reason, until: wall(barred.until) } }),
    addresses: addresses.map((address, i) => (ends[i] === LEARNT ? { address } : { address, expires: ends[i] === Infinity ? null : wall(ends[i]!) })),
  }));
  return JSON.stringify({ version: VERSION, saved: Math.round(date), last, devices });
}

export interface Restored {
  entries: Entry[];
  last: number;
}

/** Devices come back as not associated. Throws SavedStateError. */
export function restoreEntries(text: string, now: Millis, date: Millis): Restored {
  const state = record("file", parse(text));
  if (state["version"] !== VERSION) throw new SavedStateError("version", `expected ${VERSION}, found ${JSON.stringify(state["version"])}`);
  const saved = number("saved", state["saved"]);
  const elapsed = Math.max(0, date - saved);
  const stood = (wall: number): Millis => now + (wall - saved);
  const ran = (wall: number): Millis => stood(wall) - elapsed;
  const devices = list("devices", state["devices"]);
  return { last: number("last", state["last"]), entries: devices.map((value, i) => restoreDevice(`devices[${i}]`, record(`devices[${i}]`, value), { now, stood, ran })) };
}

/** From a wall clock's time to the present process's: as if no time had passed since it was saved, and by the wall clock. */
interface Clocks { now: Millis; stood(wall: number): Millis; ran(wall: number): Millis }

function restoreDevice(at: string, saved: Record<string, unknown>, { now, stood, ran }: Clocks): Entry {
  const mac = parseMac(string(`${at}.mac`, saved["mac"]));
  if (!mac) throw new SavedStateError(`${at}.mac`, "no MAC address");
  const time = (field: string): Millis => Math.min(now, stood(number(`${at}.${field}`, saved[field])));
  const bindings = list(`${at}.addresses`, saved["addresses"]).map((value, i) => restoreBinding(`${at}.addresses[${i}]`, record(`${at}.addresses[${i}]`, value), now, ran));
  return {
    id: number(`${at}.id`, saved["id"]), mac: formatMac(mac), port: string(`${at}.port`, saved["port"]), key: optionalString(`${at}.key`, saved["key"]), name: optionalString(`${at}.name`, saved["name"]),
    associated: false, joined: time("joined"), seen: time("seen"), packets: -1, counted: now,
    addresses: bindings.map(({ address }) => address), ends: bindings.map(({ end }) => end), trouble: undefined,
    barred: saved["barred"] === undefined ? undefined : restoreBar(`${at}.barred`, record(`${at}.barred`, saved["barred"]), ran),
  };
}

function restoreBar(at: string, saved: Record<string, unknown>, ran: Clocks["ran"]): Bar {
  return { reason: string(`${at}.reason`, saved["reason"]), until: ran(number(`${at}.until`, saved["until"])) };
}

function restoreBinding(at: string, saved: Record<string, unknown>, now: Millis, ran: Clocks["ran"]): { address: Ip; end: Millis } {
  const address = normaliseIp(string(`${at}.address`, saved["address"]));
  if (address === undefined) throw new SavedStateError(`${at}.address`, "no IP address");
  const { expires } = saved;
  if (expires === undefined) return { address, end: LEARNT };
  const end = expires === null ? Infinity : ran(number(`${at}.expires`, expires));
  return { address, end: end > now ? end : LEARNT };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SavedStateError("file", "not JSON");
  }
}

function record(field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SavedStateError(field, "expected an object");
  return value as Record<string, unknown>;
}

function list(field: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new SavedStateError(field, "expected a list");
  return value;
}

function number(field: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new SavedStateError(field, "expected a number");
  return value;
}

function string(field: string, value: unknown): string {
  if (typeof value !== "string" || value.length > 256) throw new SavedStateError(field, "expected a short text");
  return value;
}

function optionalString(field: string, value: unknown): string | undefined {
  return value === undefined ? undefined : string(field, value);
}
