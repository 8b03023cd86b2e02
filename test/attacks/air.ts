// SPDX-License-Identifier: Apache-2.0
// Data frames of 802.11 as a radio in monitor mode hears and sends them, and CCMP (IEEE 802.11-2020, 9.3.2 and 12.5.3). Only what attacks need: no fragments, no fourth address.
import { must, run } from "../../qemu/guest/command.ts";
import { bytes, concat, hex, mac, toHex, u16 } from "../lab/packet.ts";

export interface DataFrame {
  toAccessPoint: boolean;
  encrypted: boolean;
  receiver: string;
  transmitter: string;
  /** Destination of a frame to the access point, source of one from it. */
  third: string;
  /** The header as CCMP authenticates it (12.5.3.3.3). */
  additional: Uint8Array;
  /** Of the traffic, 0 without QoS. */
  priority: number;
  /** What follows the header. */
  body: Uint8Array;
}

const [DATA, QOS, TO_AP, FROM_AP, PROTECTED] = [0x08, 0x80, 0x01, 0x02, 0x40];
/** Radiotap without fields: what is protected already is left as it is. */
const RADIOTAP = bytes(0, 0, 8, 0, 0, 0, 0, 0);
const SNAP = hex("aaaa03000000");
const CCMP_HEADER = 8;

const text = (data: Uint8Array): string => toHex(data).replace(/..(?!$)/g, "$&:");

/** undefined for what is no data frame between a station and an access point. */
export function parse(heard: Uint8Array): DataFrame | undefined {
  const frame = heard.subarray((heard[2] ?? 0) | ((heard[3] ?? 0) << 8));
  const [kind = 0, flags = 0] = frame;
  const way = flags & (TO_AP | FROM_AP);
  if ((kind & 0x4f) !== DATA || (way !== TO_AP && way !== FROM_AP)) return undefined;
  const qos = (kind & QOS) !== 0;
  const priority = qos ? frame[24]! & 15 : 0;
  return {
    toAccessPoint: way === TO_AP, encrypted: (flags & PROTECTED) !== 0, priority,
    receiver: text(frame.subarray(4, 10)), transmitter: text(frame.subarray(10, 16)), third: text(frame.subarray(16, 22)),
    // Subtype bits but QoS, retry, power management, more data and order are 0, as is the sequence number.
    additional: concat([bytes(kind & 0x8f, (flags & 0x47) | PROTECTED), frame.subarray(4, 22), bytes(frame[22]! & 15, 0), qos ? bytes(priority, 0) : bytes()]),
    body: frame.subarray(qos ? 26 : 24),
  };
}

export const keyIdOf = ({ body }: DataFrame): number => body[3]! >> 6;

/** The packet number, 48 bits. */
export const numberOf = ({ body }: DataFrame): number => [7, 6, 5, 4, 1, 0].reduce((sum, at) => sum * 256 + body[at]!, 0);

const nonce = (priority: number, transmitter: string, number: number): Uint8Array => concat([bytes(priority), mac(transmitter), hex(number.toString(16).padStart(12, "0"))]);

/** What the frame holds, from the LLC header on; undefined when it was not sealed with this key. */
export async function open(frame: DataFrame, key: string): Promise<Uint8Array | undefined> {
  const words = [key, toHex(nonce(frame.priority, frame.transmitter, numberOf(frame))), toHex(frame.additional), toHex(frame.body.subarray(CCMP_HEADER))];
  const { code, stdout, stderr } = await run(["ciphers", "open", ...words]);
  if (code !== 0 && code !== 1) throw new Error(stderr);
  return code === 0 ? hex(stdout.trim()) : undefined;
}

export interface GroupKey {
  /** Hex. */
  key: string;
  id: number;
}

/** A frame of the access point `bssid` to all its stations, ready to be sent. `ethernet`: its source, type and payload. `number`: the packet number. */
export async function groupFrame(bssid: string, ethernet: Uint8Array, { key, id }: GroupKey, number: number): Promise<Uint8Array> {
  const header = concat([bytes(DATA, FROM_AP | PROTECTED), u16(0), mac("ff:ff:ff:ff:ff:ff"), mac(bssid), ethernet.subarray(6, 12), u16(0)]);
  const { additional } = parse(concat([RADIOTAP, header]))!;
  const plain = concat([SNAP, ethernet.subarray(12)]);
  const sealed = await must(["ciphers", "seal", key, toHex(nonce(0, bssid, number)), toHex(additional), toHex(plain)]);
  const pn = hex(number.toString(16).padStart(12, "0"));
  return concat([RADIOTAP, header, bytes(pn[5]!, pn[4]!, 0, 0x20 | (id << 6), pn[3]!, pn[2]!, pn[1]!, pn[0]!), hex(sealed.trim())]);
}
