// SPDX-License-Identifier: Apache-2.0
/*
 * Broken and hostile messages, made from kept ones: each case follows from the seed's number alone, so that a failure names all that is needed to see it again.
 * A case passes when every decoder gives a value or a CodecError, and when what was decoded encodes to what decodes to the same.
 */
import { CodecError, decodeBody, decodeMessage, decodeMonitored, decodeSignature, decodeTable, encodeMessage, encodeTable, formatJson, MessageFramer, MessageType, type Table } from "../../src/codec/index.ts";
import { Session } from "../../src/session/session.ts";
import { fromHex, recorded, toHex } from "../vectors.ts";
import corpus from "../vectors/fuzz-corpus.txt" with { type: "text" };

/** Recorded messages, and the corpus: hand-made ones and every input that once failed. */
export function seeds(): Uint8Array[] {
  const kept = corpus.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return [...new Set([...recorded().map(({ hex }) => hex), ...kept])].map(fromHex);
}

/** xorshift32. `next(n)`: an integer of 0 to n-1. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  }
  next(n: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % n;
  }
}

const words = [0, 1, 3, 4, 5, 7, 8, 0x7f, 0x80, 0xff, 0xffff, 0x00ffffff, 0x00100000, 0x7fffffff, 0x80000000, 0x80000004, 0x82000004, 0x81000008, 0x83000005, 0x84000008, 0x88000008, 0xffffffff];

/** One to four changes; then, mostly, a length in the header that fits, so that the rest is looked at. */
export function mutate(all: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Uint8Array = all[random.next(all.length)]!.slice();
  for (let changes = 1 + random.next(4); changes > 0; changes--) bytes = change(bytes, all, random);
  if (bytes.length >= 12 && random.next(8) > 0) new DataView(bytes.buffer).setUint32(8, bytes.length - 8);
  return bytes;
}

function change(bytes: Uint8Array, all: readonly Uint8Array[], random: Random): Uint8Array {
  const at = random.next(bytes.length + 1);
  const kind = random.next(8);
  if (kind === 0) return bytes.slice(0, at);
  if (kind === 1 && at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at & ~3, words[random.next(words.length)]!);
  else if (kind === 2 && at < bytes.length) bytes[at]! ^= 1 << random.next(8);
  else if (kind === 3 && at < bytes.length) bytes[at] = random.next(256);
  else if (kind === 4) return splice(bytes, at & ~3, all[random.next(all.length)]!, random);
  else if (kind === 5) return splice(bytes, at & ~3, bytes, random);
  else if (kind === 6 && at < bytes.length) bytes[at & ~3] = 0x80 + random.next(10); // another type
  else if (at >= 4) { // an attribute's length, a little off
    const word = at & ~3;
    if (word + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(word, new DataView(bytes.buffer).getUint32(word) + random.next(17) - 8);
  }
  return bytes;
}

function splice(bytes: Uint8Array, at: number, other: Uint8Array, random: Random): Uint8Array {
  const from = random.next(other.length + 1) & ~3;
  const part = other.subarray(from, from + 4 * (1 + random.next(12)));
  const spliced = new Uint8Array(bytes.length + part.length);
  spliced.set(bytes.subarray(0, at));
  spliced.set(part, at);
  spliced.set(bytes.subarray(at), at + part.length);
  return spliced;
}

/** undefined, or what was wrong with the case, with its bytes. */
export function complaint(bytes: Uint8Array): string | undefined {
  for (const decode of [framed, whole, parts, conversed]) {
    try {
      decode(bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) return `${decode.name}: ${String(error)}: ${toHex(bytes)}`;
    }
  }
  return undefined;
}

function framed(bytes: Uint8Array): void {
  const framer = new MessageFramer();
  const cut = bytes.length >> 1;
  framer.push(bytes.subarray(0, cut), () => {});
  framer.push(bytes.subarray(cut), () => {});
  if (framer.held > bytes.length) throw new Error("holds more than came");
}

/** A session that waits for answers, to the numbers and peers that many seeds have. */
function conversed(bytes: Uint8Array): void {
  if (bytes.length & 4) return; // costly: half of the cases
  let [asked, ended] = [0, 0];
  const session = new Session({ send: () => {}, greeted: () => {}, invoked: (invocation) => invocation.finish(0), subscribed: () => {}, unsubscribed: () => {}, monitored: () => {} }, 0, 1000);
  session.receive(greeting, 0);
  while (asked < 3) session.request({ type: MessageType.invoke, peer: peers[asked++]!, method: "m" }, { operation: "m", timeout: 1000, done: () => ended++ }, 0);
  try {
    session.receive(bytes, 0);
  } finally {
    session.close("");
    if (ended !== asked) throw new Error(`${asked} requests ended ${ended} times`);
  }
}
const greeting = encodeMessage({ type: MessageType.hello, seq: 0, peer: 77 });
const peers = [0, 0x2c3606a7, 0x068f7ef8];

/** What follows the header, as what it is not. */
function parts(bytes: Uint8Array): void {
  if (bytes[bytes.length - 1]! & 1) decodeMonitored(bytes);
  decodeBody(bytes.subarray(12));
}

function whole(bytes: Uint8Array): void {
  const message = decodeMessage(bytes);
  decodeMessage(encodeMessage(message));
  if (message.signature) decodeSignature(message.signature);
  if (message.data) again(message.data);
}

/** Throws when the table is not the same after another turn. */
function again(payload: Uint8Array): void {
  const table = decodeTable(payload);
  const encoded = encodeTable(table);
  const second: Table = decodeTable(encoded);
  const third = encodeTable(second);
  if (third.length !== encoded.length || third.some((byte, i) => byte !== encoded[i])) throw new Error("not the same after another turn");
  if (formatJson(second) !== formatJson(table)) throw new Error("not the same values after another turn");
}
