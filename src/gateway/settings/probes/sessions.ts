// SPDX-License-Identifier: Apache-2.0
// Who manages this device: the far ends of TCP sessions (ssh, LuCI) with a port that it listens on, from /proc/net/tcp and tcp6 (proc(5)).
import { formatIp, type Ip } from "../../../packets/index.ts";

export interface Session {
  peer: Ip;
  /** This device's own address, and the port it listens on. */
  own: Ip;
  port: number;
}

interface Entry { own: Ip; port: number; peer: Ip; state: number }

/** linux/net/tcp_states.h; a page of LuCI is one request after the other, so the last one counts for the minute it waits. */
const [ESTABLISHED, TIME_WAIT, LISTEN] = [1, 6, 10];
/** Everybody asks for names. */
const DNS = 53;

/** `texts`: the contents of both files. `littleEndian`: of this CPU. */
export function sessionsIn(texts: readonly string[], littleEndian: boolean): { sessions: Session[]; listening: Set<number> } {
  const entries = texts.flatMap((text) => text.split("\n").slice(1).flatMap((line) => entryOf(line, littleEndian) ?? []));
  const listening = new Set(entries.filter(({ state, port }) => state === LISTEN && port !== DNS).map(({ port }) => port));
  const sessions = entries.filter(({ state, port, peer, own }) => (state === ESTABLISHED || state === TIME_WAIT) && listening.has(port) && peer !== own && !isLoopback(peer));
  return { sessions: sessions.map(({ peer, own, port }) => ({ peer, own, port })), listening };
}

function entryOf(line: string, littleEndian: boolean): Entry | undefined {
  const [, own, port, peer, state] = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} ([0-9A-F]{2}) /.exec(line) ?? [];
  if (own === undefined || peer === undefined) return undefined;
  return { own: address(own, littleEndian), port: parseInt(port!, 16), peer: address(peer, littleEndian), state: parseInt(state!, 16) };
}

/** Words of 32 bits, each written as the number it is to this CPU. IPv4 inside IPv6 (::ffff:0:0/96) is IPv4. */
function address(hex: string, littleEndian: boolean): Ip {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[littleEndian ? i ^ 3 : i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  const mapped = bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return formatIp(mapped ? bytes.subarray(12) : bytes);
}

function isLoopback(address: Ip): boolean {
  return address.startsWith("127.") || address === "::1";
}
