// SPDX-License-Identifier: Apache-2.0
// The guards before aedes, without sockets: packet lengths, doors, how often refusals are told.
import { MAX_PAYLOAD } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Doors } from "../../src/broker/doors.ts";
import { PacketLimit } from "../../src/broker/packet-limit.ts";
import { Refusals } from "../../src/broker/refusals.ts";

const test = suite("broker guards");
/** MQTT 3.1.1: type and flags, remaining length, rest. */
function packet(first: number, rest: Uint8Array): Buffer {
  const length: number[] = [];
  let left = rest.length;
  do {
    length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>>= 7;
  } while (left > 0);
  return Buffer.concat([Uint8Array.of(first, ...length), rest]);
}
const connect = packet(0x10, Buffer.from("\0\x04MQTT\x04\x02\0\x3c\0\x05attic", "latin1"));
const topic = Buffer.from("\0\x1fsecurebox/1/home/attic/reported\0\x07", "latin1");
const publish = (size: number): Buffer => packet(0x33, Buffer.concat([topic, Buffer.alloc(size)]));

test("honest packets pass, however the bytes are cut", () => {
  const bytes = Buffer.concat([connect, publish(0), publish(127), publish(128), publish(20_000), packet(0xc0, Buffer.alloc(0)), publish(MAX_PAYLOAD), packet(0xe0, Buffer.alloc(0))]);
  for (const size of [1, 2, 3, 1000, 65_536, bytes.length]) {
    const limit = new PacketLimit();
    for (let at = 0; at < bytes.length; at += size) assert.is(limit.push(bytes.subarray(at, at + size)), undefined, `pieces of ${size}, byte ${at}`);
  }
});

test("a length is refused at its last byte, before anything of the packet came", () => {
  const limit = new PacketLimit();
  assert.is(limit.push(connect), undefined);
  const header = publish(MAX_PAYLOAD + 1000).subarray(0, 4);
  assert.is(limit.push(header.subarray(0, 3)), undefined);
  assert.match(limit.push(header.subarray(3))!, /^a packet of 10\d{5} bytes, expected at most 104\d{4}$/);
});

for (const [bytes, reason] of [
  ["3000", /first byte is 0x30, no CONNECT/], ["474554", /first byte is 0x47/], ["00", /first byte is 0x00/], ["10ffffff7f", /a packet of 268435455 bytes/], ["10ffffffff", /more than four bytes/],
  ["10808002", /a packet of 32768 bytes, expected at most 16384/],
] as const)
  test(`refused: ${bytes}`, () => assert.match(new PacketLimit().push(Buffer.from(bytes, "hex"))!, reason));

test("a second CONNECT, and a SUBSCRIBE too large", () => {
  const limit = new PacketLimit();
  assert.is(limit.push(connect), undefined);
  assert.match(limit.push(connect)!, /second CONNECT/);
  const other = new PacketLimit();
  assert.is(other.push(connect), undefined);
  assert.match(other.push(Buffer.from("82ffff01", "hex"))!, /expected at most 16384/);
});

test("strangers of one address are bounded, gateways that said who they are are not counted among them", () => {
  const doors = new Doors({ total: 5, strangers: 2 });
  const [one, two] = [doors.enter("192.0.2.1"), doors.enter("192.0.2.1")];
  assert.match(doors.enter("192.0.2.1") as string, /2 connections from this address/);
  assert.not.type(doors.enter("192.0.2.2"), "string");
  assert.not.type(one, "string");
  (one as { known(): void }).known();
  (one as { known(): void }).known();
  assert.not.type(doors.enter("192.0.2.1"), "string");
  assert.type(doors.enter("192.0.2.1"), "string");
  assert.not.type(doors.enter("192.0.2.3"), "string");
  assert.match(doors.enter("192.0.2.4") as string, /5 connections are open already/);
  (two as { left(): void }).left();
  assert.not.type(doors.enter("192.0.2.1"), "string");
});

test("refusals of one address are told ten times a minute, and how many were not", () => {
  let now = 0;
  const told: { remote: string; untold: number }[] = [];
  const refusals = new Refusals((refusal) => told.push({ remote: refusal.remote, untold: refusal.untold }), 10, () => now);
  for (let i = 0; i < 50; i++) refusals.add({ remote: "192.0.2.1", action: "connect", message: "x" });
  refusals.add({ remote: "192.0.2.2", action: "connect", message: "x" });
  assert.is(told.length, 11);
  now = 61_000;
  refusals.add({ remote: "192.0.2.1", action: "connect", message: "x" });
  assert.equal(told.at(-1), { remote: "192.0.2.1", untold: 40 });
  assert.is(refusals.count, 52);
});

test.run();
