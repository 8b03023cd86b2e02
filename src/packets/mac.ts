// SPDX-License-Identifier: Apache-2.0
// Link-layer addresses (IEEE 802 EUI-48): 6 bytes on the wire, "02:00:00:00:00:11" in lower case everywhere else.

/** Lower case, colons: "02:00:00:00:00:11". */
export type Mac = string;

/** Two lower-case hexadecimal digits of every byte: formatting is on the way of each packet. */
export const HEX: readonly string[] = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

export const BROADCAST: Mac = "ff:ff:ff:ff:ff:ff";

const SHAPE = /^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i;

/** The 6 bytes of "02:00:00:00:00:11" (any case, also with dashes); undefined for anything else. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!SHAPE.test(text)) return undefined;
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) bytes[i] = parseInt(text.slice(i * 3, i * 3 + 2), 16);
  return bytes;
}

/** The address in 6 bytes from `offset`. */
export function formatMac(bytes: Uint8Array, offset = 0): Mac {
  return `${HEX[bytes[offset]!]}:${HEX[bytes[offset + 1]!]}:${HEX[bytes[offset + 2]!]}:${HEX[bytes[offset + 3]!]}:${HEX[bytes[offset + 4]!]}:${HEX[bytes[offset + 5]!]}`;
}

/** The I/G bit (IEEE 802 §8.2): multicast or broadcast. */
export function isGroupMac(mac: Mac): boolean {
  return (parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

/** May stand for one station: neither a group address nor all zeros. */
export function isStationMac(mac: Mac): boolean {
  return !isGroupMac(mac) && mac !== "00:00:00:00:00:00";
}
