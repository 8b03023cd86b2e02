// SPDX-License-Identifier: Apache-2.0
// DNS messages out of TCP segments.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeDns, encodeDns, TcpFlag } from "../../../packets/index.ts";
import { PACKETS } from "../../../packets/test/payloads.ts";
import { DnsStreams } from "../index.ts";
import { answer } from "./answers.ts";

const test = suite("names: DNS over TCP");
const { SYN, ACK, PSH, FIN, RST } = TcpFlag;

const MESSAGE = encodeDns(answer("example.org", "example.org 60 192.0.2.1"));
const FRAMED = Uint8Array.of(MESSAGE.length >> 8, MESSAGE.length & 255, ...MESSAGE);

/** An open stream whose first byte has the sequence number `start`. */
function opened(start = 1000, streams = new DnsStreams()): { push: (offset: number, payload: Uint8Array, flags?: number) => Uint8Array[]; streams: DnsStreams } {
  streams.segment(1, "c", { sequence: (start - 1) >>> 0, flags: SYN | ACK, payload: new Uint8Array(0) }, 0);
  return { streams, push: (offset, payload, flags = ACK | PSH) => streams.segment(1, "c", { sequence: (start + offset) >>> 0, flags, payload }, 0) };
}

function twice(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes, ...bytes);
}

test("one message in one segment, in two, byte by byte, two in one", () => {
  assert.equal(opened().push(0, FRAMED), [MESSAGE]);
  for (let cut = 1; cut < FRAMED.length; cut++) {
    const { push } = opened();
    assert.equal([push(0, FRAMED.subarray(0, cut), ACK), push(cut, FRAMED.subarray(cut))], [[], [MESSAGE]], `cut at ${cut}`);
  }
  const { push } = opened();
  assert.equal(Array.from(FRAMED, (_, i) => push(i, FRAMED.subarray(i, i + 1))).flat(), [MESSAGE]);
  assert.equal(opened().push(0, twice(FRAMED)), [MESSAGE, MESSAGE]);
});

test("sequence numbers wrap", () => {
  const { push } = opened(0xfffffff0);
  assert.equal([push(0, FRAMED.subarray(0, 30)), push(30, FRAMED.subarray(30))], [[], [MESSAGE]]);
});

test("what is sent again is not read again", () => {
  const { push } = opened();
  assert.equal([push(0, FRAMED.subarray(0, 20)), push(0, FRAMED.subarray(0, 20)), push(10, FRAMED.subarray(10)), push(0, FRAMED)], [[], [], [MESSAGE], []]);
});

test("nothing is read before a SYN, after a gap or a reset", () => {
  assert.equal(new DnsStreams().segment(1, "c", { sequence: 5, flags: PSH, payload: FRAMED }, 0), []);
  const gap = opened();
  assert.equal([gap.push(0, FRAMED.subarray(0, 10)), gap.push(11, FRAMED), gap.push(10, FRAMED.subarray(10))], [[], [], []]);
  const reset = opened();
  assert.equal([reset.push(0, FRAMED.subarray(0, 10)), reset.push(10, new Uint8Array(0), RST), reset.push(10, FRAMED.subarray(10))], [[], [], []]);
});

test("a message inside another's bytes is not read", () => {
  const hidden = encodeDns(answer("example.com", "example.com 60 192.0.2.9"));
  const outer = Uint8Array.of(0, hidden.length + 40, ...new Uint8Array(38), 0, hidden.length, ...hidden);
  const { push } = opened();
  push(0, outer.subarray(0, 40), ACK);
  assert.is(push(40, outer.subarray(40)).length, 1);
  const missed = opened();
  assert.equal(missed.push(40, outer.subarray(40)), []);
});

test("a FIN ends it, its bytes count", () => {
  const { push, streams } = opened();
  assert.equal(push(0, FRAMED, ACK | FIN | PSH), [MESSAGE]);
  assert.is(streams.size, 0);
});

test("connections are bounded by device and in all, idle ones go", () => {
  const streams = new DnsStreams();
  const open = (device: number, i: number, now: number): unknown => streams.segment(device, `${device}/${i}`, { sequence: 0, flags: SYN | ACK, payload: new Uint8Array(0) }, now);
  open(1, 0, 0);
  for (let i = 0; i < 100; i++) open(2, i, 1);
  assert.is(streams.size, 17);
  assert.equal(streams.segment(1, "1/0", { sequence: 1, flags: PSH, payload: FRAMED }, 2), [MESSAGE]);
  for (let device = 3; device < 30; device++) for (let i = 0; i < 16; i++) open(device, i, 3);
  assert.is(streams.size, 64);
  streams.expire(15_003);
  assert.is(streams.size, 0);
});

test("no more than one message is kept", () => {
  const { push, streams } = opened();
  const piece = new Uint8Array(1000).fill(0xff);
  for (let i = 0; i < 65; i++) push(i * 1000, piece);
  assert.is(streams.size, 1);
  assert.equal(push(65_000, piece).length, 1);
  streams.forgetDevice(1);
  assert.is(streams.size, 0);
});

test("a recorded connection to dnsmasq", () => {
  const streams = new DnsStreams();
  const messages = PACKETS.flatMap(({ packet: { network } }) => {
    if (network.type !== "ip" || network.upper.type !== "tcp" || network.upper.tcp.sourcePort !== 53) return [];
    return streams.segment(1, "c", network.upper.tcp, 0);
  });
  assert.equal(messages.map((message) => decodeDns(message).questions[0]!.name), ["www.example.test"]);
});

test.run();
