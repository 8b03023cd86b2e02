// SPDX-License-Identifier: Apache-2.0
// Every recorded message decodes and encodes to the same bytes, and its tables do; each kind decodes to what the recording's notes say.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  decodeBody, decodeMessage, decodeMonitored, decodeSignature, decodeTable, Double, encodeMessage, encodeSignature, encodeTable, MessageFramer, MessageType, messageTypeName,
} from "../../src/codec/index.ts";
import { fromHex, recorded, toHex } from "../vectors.ts";

const test = suite("ubus recorded bytes");
const all = recorded();
const find = (scenario: string, kind: string, sent: boolean): Uint8Array => fromHex(all.find((each) => each.scenario === scenario && each.kind === kind && each.sent === sent)!.hex);

test("81 messages, both directions, all kinds", () => {
  assert.is(all.length, 81);
  assert.equal(new Set(all.map(({ kind }) => kind)).size, 12);
  for (const { kind, hex } of all) assert.is(messageTypeName(fromHex(hex)[1]!), kind.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()));
});

test("each message decodes and encodes to the same bytes", () => {
  for (const { kind, hex, scenario } of all) {
    if (kind === "MONITOR" && !scenario.startsWith("unknown")) continue; // other attributes; below
    assert.is(toHex(encodeMessage(decodeMessage(fromHex(hex)))), hex, scenario);
  }
});

test("each table decodes and encodes to the same bytes", () => {
  let tables = 0;
  for (const { kind, hex, scenario } of all) {
    if (kind === "MONITOR") continue;
    const { data, signature } = decodeMessage(fromHex(hex));
    if (data) assert.is(toHex(encodeTable(decodeTable(data))), toHex(data), scenario);
    if (signature) assert.is(toHex(encodeSignature(decodeSignature(signature))), toHex(signature), scenario);
    tables += (data ? 1 : 0) + (signature ? 1 : 0);
  }
  assert.is(tables, 21);
});

test("the whole recording in one stream, cut anywhere, gives the same messages", () => {
  const stream = fromHex(all.map(({ hex }) => hex).join(""));
  for (const step of [1, 3, 7, 12, 13, 64, 1000, stream.length]) {
    const framer = new MessageFramer();
    const messages: string[] = [];
    for (let at = 0; at < stream.length; at += step) framer.push(stream.slice(at, at + step), (bytes) => messages.push(toHex(bytes)));
    assert.equal(messages, all.map(({ hex }) => hex), `in pieces of ${step}`);
    assert.is(framer.held, 0);
  }
});

test("all types", () => {
  const { objectId, method, user, data, ...rest } = decodeMessage(fromHex(all.find(({ scenario, kind, connection }) => scenario === "invoke echo all types" && kind === "INVOKE" && connection === "SRV")!.hex));
  assert.equal([method, user, rest.group, rest.type, rest.peer], ["echo", "root", "root", MessageType.invoke, 0x45ce67da]);
  assert.is(objectId, 0x2c3606a7);
  assert.equal(decodeTable(data!), {
    msg: "héllo", n: -1, big: 9007199254740993n, d: new Double(1.5), b: true, nul: null, arr: [1, "x", [true]], t: { a: {} },
  });
});

test("signature of an object", () => {
  const message = decodeMessage(find("add_object demo", "ADD_OBJECT", true));
  assert.is(message.path, "demo");
  assert.is(JSON.stringify(decodeSignature(message.signature!)), '{"echo":{"msg":"string","n":"int32"},"fail":{}}');
});

test("a notification's subscribers", () => {
  const message = decodeMessage(find("notify with reply", "STATUS", false));
  assert.equal([message.objectId, message.subscribers, message.status], [0x2c3606a7, [0x068f7ef8], 0]);
});

test("what a monitor sees", () => {
  const seen = all.filter(({ scenario, kind }) => scenario === "monitor" && kind === "MONITOR").map(({ hex }) => decodeMonitored(fromHex(hex)));
  assert.equal(seen.map(({ send, type, seq }) => [send, messageTypeName(type), seq]), [[true, "status", 1], [false, "ping", 18], [true, "data", 18], [true, "status", 18]]);
  assert.is(decodeBody(seen[0]!.body).status, 0);
});

test.run();
