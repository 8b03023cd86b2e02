// SPDX-License-Identifier: Apache-2.0
// Ethernet II frames (IEEE 802.3) with at most one 802.1Q tag.
import { EncodeError } from "./error.ts";
import { formatMac, parseMac, type Mac } from "./mac.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const EtherType = { IPV4: 0x0800, ARP: 0x0806, VLAN: 0x8100, IPV6: 0x86dd, TDLS: 0x890d } as const;

export interface Vlan {
  /** 0 to 4095. */
  id: number;
  /** PCP, 0 to 7. */
  priority: number;
  dropEligible: boolean;
}

export interface Ethernet {
  destination: Mac;
  source: Mac;
  vlan?: Vlan;
  /** Of the payload, behind the tag; values up to 1500 are an 802.3 length. */
  etherType: number;
  payload: Uint8Array;
}

/** The payload is a view and may carry trailing padding. Throws DecodeError. */
export function decodeEthernet(bytes: Uint8Array): Ethernet {
  const reader = new Reader(bytes, "ethernet");
  reader.need(14);
  const destination = formatMac(reader.take(6));
  const source = formatMac(reader.take(6));
  const etherType = reader.u16();
  if (etherType !== EtherType.VLAN) return { destination, source, etherType, payload: reader.rest() };
  const tag = reader.u16();
  const vlan = { id: tag & 0xfff, priority: tag >> 13, dropEligible: (tag & 0x1000) !== 0 };
  return { destination, source, vlan, etherType: reader.u16(), payload: reader.rest() };
}

/** Throws EncodeError for a malformed MAC or number. No padding to 60 bytes: the device does that. */
export function encodeEthernet(frame: Ethernet): Uint8Array {
  const writer = new Writer("ethernet", 18 + frame.payload.length);
  writer.put(macBytes("ethernet", "destination", frame.destination)).put(macBytes("ethernet", "source", frame.source));
  if (frame.vlan) writer.u16(EtherType.VLAN).u16((frame.vlan.priority << 13) | (frame.vlan.dropEligible ? 0x1000 : 0) | frame.vlan.id);
  return writer.u16(frame.etherType).put(frame.payload).done();
}

/** The bytes of a MAC that our caller gave. */
export function macBytes(layer: string, field: string, mac: Mac): Uint8Array {
  const bytes = parseMac(mac);
  if (!bytes) throw new EncodeError(layer, field, `"${mac}" is no MAC address`);
  return bytes;
}
