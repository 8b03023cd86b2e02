// SPDX-License-Identifier: Apache-2.0
// IP fragments, as no kernel would cut them.
import { bytes, concat, internetChecksum, ip, u16, u32 } from "../lab/packet.ts";
import type { Family } from "./evidence.ts";

const UDP = 17;

export interface Piece {
  /** Of the first byte in the whole; a multiple of 8. */
  offset: number;
  last: boolean;
  data: Uint8Array;
}

/** A packet that carries one piece (RFC 791; RFC 8200, 4.5). `id` joins the pieces of one datagram. */
export function fragment(family: Family, source: string, destination: string, id: number, { offset, last, data }: Piece): Uint8Array {
  const more = last ? 0 : 1;
  if (family === "v6") return concat([bytes(0x60, 0, 0, 0), u16(8 + data.length), bytes(44, 64), ip(source), ip(destination), bytes(UDP, 0), u16(offset | more), u32(id), data]);
  const header = concat([bytes(0x45, 0), u16(20 + data.length), u16(id), u16((more << 13) | (offset >> 3)), bytes(64, UDP, 0, 0), ip(source), ip(destination)]);
  header.set(u16(internetChecksum(header)), 10);
  return concat([header, data]);
}

/** Counts of datagrams that the kernel has put together for a port that nobody has. */
export async function datagramsWithoutPort(station: { run(argv: readonly string[]): Promise<{ stdout: string }> }, family: Family): Promise<number> {
  const { stdout } = await station.run(["cat", family === "v4" ? "/proc/net/snmp" : "/proc/net/snmp6"]);
  if (family === "v6") return Number(/^Udp6NoPorts\s+(\d+)/m.exec(stdout)?.[1]);
  return Number(/^Udp: \d+ (\d+)/m.exec(stdout)?.[1]);
}

