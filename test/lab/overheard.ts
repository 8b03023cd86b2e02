// SPDX-License-Identifier: Apache-2.0
// What a station hears of discovery: UDP datagrams to and from the ports of mDNS and SSDP, with the frames they came in. And questions by raw frames. On Node.js and QuickJS.
import { bytes, concat, ethernet, etherType, groupMac, toHex, u16, udp } from "./packet.ts";

export const MDNS = { port: 5353, groups: { 4: "224.0.0.251", 6: "ff02::fb" } } as const;
export const SSDP = { port: 1900, groups: { 4: "239.255.255.250", 6: "ff02::c" } } as const;

export interface Datagram {
  /** Link-layer addresses, lower-case. */
  to: string;
  from: string;
  /** Network address of the sender: dotted, or sixteen bytes in hex. */
  source: string;
  sourcePort: number;
  port: number;
  payload: Uint8Array;
}

const word = (frame: Uint8Array, at: number): number => (frame[at]! << 8) | frame[at + 1]!;
/** Each byte a character: names and headers are ASCII. */
export const textOf = (payload: Uint8Array): string => [...payload].map((byte) => String.fromCharCode(byte)).join("");

/** The datagram in a frame; undefined for anything else, fragments included. */
export function datagramOf(frame: Uint8Array): Datagram | undefined {
  const type = word(frame, 12);
  const [at, protocol] = type === 0x0800 ? [14 + (frame[14]! & 15) * 4, frame[23]] : type === 0x86dd ? [54, frame[20]] : [0, 0];
  if (protocol !== 17 || frame.length < at + 8) return undefined;
  const source = type === 0x0800 ? [...frame.subarray(26, 30)].join(".") : toHex(frame.subarray(22, 38));
  const mac = (start: number): string => toHex(frame.subarray(start, start + 6)).replace(/..(?!$)/g, "$&:");
  return { to: mac(0), from: mac(6), source, sourcePort: word(frame, at), port: word(frame, at + 2), payload: frame.subarray(at + 8) };
}

/** Everything of mDNS and SSDP that arrives from now on, and every frame to a group, whatever is in it. */
export class Overheard {
  readonly heard: Datagram[] = [];
  /** In hex. */
  readonly groupFrames: string[] = [];
  readonly stop: () => void;

  constructor(frames: { watch(watcher: (frame: Uint8Array) => void): () => void }) {
    this.stop = frames.watch((frame) => {
      if (frame[0]! & 1) this.groupFrames.push(toHex(frame));
      const datagram = datagramOf(frame);
      if (datagram && isDiscovery(datagram)) this.heard.push(datagram);
    });
  }

  /** Those that carry a text; of a name in DNS one label. */
  carrying(text: string): Datagram[] {
    return this.heard.filter(({ payload }) => textOf(payload).includes(text));
  }
}

/** An answer to an M-SEARCH may come from any port. */
function isDiscovery({ port, sourcePort, payload }: Datagram): boolean {
  return [port, sourcePort].some((one) => one === MDNS.port || one === SSDP.port) || textOf(payload.subarray(0, 9)) === "HTTP/1.1 ";
}

/** RFC 6762 section 18.2: the bit that tells a response. */
export function isResponse({ payload }: Datagram): boolean {
  return payload.length > 2 && (payload[2]! & 0x80) !== 0;
}

/** A frame with a PTR question for a type such as _ipp._tcp, and with the answers (names of instances) that the asker knows already (RFC 6762 section 7.1). */
export function mdnsQuestion(from: { mac: string; address: string; port?: number }, type: string, known: readonly string[] = []): Uint8Array {
  const encoder = new TextEncoder();
  const label = (text: string): Uint8Array => concat([bytes(text.length), encoder.encode(text)]);
  const fixed = (...words: number[]): Uint8Array => concat(words.map(u16));
  const question = [...`${type}.local`.split(".").map(label), bytes(0), fixed(12, 1)];
  // The type's name stands at byte 12: a pointer says it again.
  const answers = known.map((instance) => concat([fixed(0xc00c, 12, 1, 0, 4500, instance.length + 3), label(instance), fixed(0xc00c)]));
  return toGroup(from, MDNS, concat([fixed(0, 0, 1, answers.length, 0, 0), ...question, ...answers]));
}

/** A frame with an M-SEARCH (UPnP Device Architecture 2.0 section 1.3.2). */
export function ssdpSearch(from: { mac: string; address: string; port: number }, target: string): Uint8Array {
  return toGroup(from, SSDP, new TextEncoder().encode(`M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${target}\r\n\r\n`));
}

function toGroup({ mac, address, port }: { mac: string; address: string; port?: number }, { port: to, groups }: typeof MDNS | typeof SSDP, payload: Uint8Array): Uint8Array {
  const group = groups[address.includes(":") ? 6 : 4];
  return ethernet({ from: mac, to: groupMac(group) }, etherType(address), udp(address, group, { from: port ?? to, to }, payload, 255));
}
