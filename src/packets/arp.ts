// SPDX-License-Identifier: Apache-2.0
// ARP for IPv4 over Ethernet (RFC 826); probes and announcements are RFC 5227's.
import { macBytes } from "./ethernet.ts";
import { ipBytes } from "./ipv4.ts";
import { formatIpv4, type Ip } from "./ip.ts";
import { formatMac, type Mac } from "./mac.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export interface Arp {
  operation: "request" | "reply";
  senderMac: Mac;
  /** "0.0.0.0" in a probe (RFC 5227 §1.1). */
  senderIp: Ip;
  targetMac: Mac;
  targetIp: Ip;
}

/** Throws DecodeError also for other hardware, protocols and operations: nothing on a Wi-Fi network needs them. */
export function decodeArp(bytes: Uint8Array): Arp {
  const reader = new Reader(bytes, "arp");
  reader.need(28);
  if (reader.u16() !== 1) reader.fail("hardware type is not Ethernet", 0);
  if (reader.u16() !== 0x0800) reader.fail("protocol type is not IPv4", 2);
  if (reader.u16() !== 0x0604) reader.fail("address sizes are not 6 and 4", 4);
  const operation = reader.u16();
  if (operation !== 1 && operation !== 2) reader.fail(`operation ${operation} is neither request nor reply`, 6);
  return {
    operation: operation === 1 ? "request" : "reply",
    senderMac: formatMac(reader.take(6)), senderIp: formatIpv4(reader.take(4), 0),
    targetMac: formatMac(reader.take(6)), targetIp: formatIpv4(reader.take(4), 0),
  };
}

export function encodeArp(arp: Arp): Uint8Array {
  const writer = new Writer("arp", 28).u16(1).u16(0x0800).u16(0x0604).u16(arp.operation === "request" ? 1 : 2);
  writer.put(macBytes("arp", "senderMac", arp.senderMac)).put(ipBytes("arp", "senderIp", arp.senderIp, 4));
  return writer.put(macBytes("arp", "targetMac", arp.targetMac)).put(ipBytes("arp", "targetIp", arp.targetIp, 4)).done();
}
