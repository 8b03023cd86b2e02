// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeMessage, encodeMessage, MAX_PAYLOAD, type Messages, type MessageType } from "@securebox/contract";
import { good } from "./good-messages.ts";

const test = suite("messages");
const types = Object.keys(good) as MessageType[];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const code = (text: string | Uint8Array, expected: readonly MessageType[] = types): string => {
  const result = decodeMessage(typeof text === "string" ? bytes(text) : text, expected);
  return result.ok ? "accepted" : `${result.code} ${result.message}`;
};
const text = <T extends MessageType>(type: T, body: unknown = good[type]): string => JSON.stringify({ v: 1, type, id: "m1", body });

for (const type of types) {
  test(`${type}: what is written is read`, () => {
    const envelope = { type, id: "m-1_Z", re: "m0", reply: "securebox/1/home/gw-1/tell", expires: 1_800_000_000_000, body: good[type] };
    assert.equal(decodeMessage(encodeMessage(envelope as never), [type]), { ok: true, ignored: [], envelope: { v: 1, ...envelope } });
  });

  test(`${type}: each field that must be there is missed by its name`, () => {
    for (const path of required(good[type] as unknown as Record<string, unknown>)) {
      assert.match(code(text(type, without(good[type], path))), new RegExp(`^malformed body\\.${path.join("\\.")}: expected`), path.join("."));
    }
  });

  test(`${type}: truncated at every byte`, () => {
    const whole = bytes(text(type));
    for (let end = 0; end < whole.length; end++) assert.match(code(whole.subarray(0, end)), /^malformed /);
  });
}

/** Fields of the body that are objects or scalars and not optional in the shape: what the test removes one by one. */
function required(body: Record<string, unknown>): string[][] {
  return Object.keys(body).filter((key) => !optionalFields.has(key)).map((key) => [key]);
}
const optionalFields = new Set(["desired", "refused", "certificate", "reason", "version"]);

function without(body: unknown, [key]: string[]): unknown {
  const { [key!]: _, ...rest } = body as Record<string, unknown>;
  return rest;
}

const bad: [what: string, expected: RegExp, message: string][] = [
  ["a list", /^malformed expected an object, found a list of 0/, "[]"],
  ["a higher version", /^version v: expected 1, found 2/, text("ack").replace('"v":1', '"v":2')],
  ["no version", /^malformed v: expected 1, found nothing/, text("ack").replace('"v":1,', "")],
  ["a type of the future", /^unknown-type type: "firmware"/, text("ack").replace('"ack"', '"firmware"')],
  ["the type of an inherited property", /^unknown-type/, text("ack").replace('"ack"', '"constructor"')],
  ["an identifier with a space", /^malformed id: expected/, text("ack").replace('"m1"', '"m 1"')],
  ["a fraction", /^malformed body\.stored: expected a whole number/, text("ack", { ...good.ack, stored: 1.5 })],
  ["65 events", /^malformed body\.events: expected a list of at most 64/, text("events", { ...good.events, events: Array.from({ length: 65 }, () => good.events.events[0]) })],
  ["33 questions", /^malformed body\.questions: expected a list of at most 32/, text("ask", { questions: Array.from({ length: 33 }, () => good.ask.questions[0]) })],
  ["a question of another kind", /^malformed body\.questions\[0\]\.kind: expected one of flow, device/, text("ask", { questions: [{ id: 1, kind: "weather" }] })],
  ["a MAC address in capitals", /^malformed body\.devices\[0\]\.mac: expected a MAC address/, text("devices", { devices: [{ ...good.devices.devices[0], mac: "02:00:00:00:00:AA" }] })],
  ["an object as field of an event", /^malformed body\.events\[0\]\.fields\.x: expected/, text("events", { stream: "s", events: [{ n: 0, level: "info", event: "e", fields: { x: {} } }] })],
  ["a verdict of another word", /^malformed body\.answers\[0\]\.verdict: expected one of allow, deny/, text("answers", { answers: [{ id: 1, verdict: "perhaps", lifetime: 1 }] })],
  ["an unsigned time", /^malformed body\.time\.signature/, text("welcome", { ...good.welcome, time: { ...good.welcome.time, signature: "" } })],
  ["33 levels", /^malformed nested deeper than 32 at character/, "[".repeat(33)],
  ["100,000 levels", /^malformed nested deeper/, '{"a":'.repeat(1e5)],
  ["5 MB", /^too-large 5000000 bytes/, "x".repeat(5e6)],
];
for (const [what, expected, message] of bad) test(`refused: ${what}`, () => assert.match(code(message), expected));

test("bytes that are no UTF-8 are refused", () => assert.match(code(new Uint8Array([0x7b, 0xff, 0x7d])), /^malformed not UTF-8/));

test("a type that the topic may not carry is refused", () => assert.match(code(text("welcome"), ["ask", "hello"]), /^unexpected-type type: expected ask or hello, found "welcome"/));

test("unknown fields are ignored and named", () => {
  const result = decodeMessage(bytes(text("ack", { ...good.ack, colour: "red" }).replace('"id"', '"hop":1,"id"')), ["ack"]);
  assert.equal(result.ok && result.ignored.sort(), ["body.colour", "hop"]);
});

test("what would be too large is not written", () => {
  const csr = "x".repeat(MAX_PAYLOAD);
  assert.throws(() => encodeMessage({ type: "renew", id: "1", body: { csr } satisfies Messages["renew"] }), /renew: \d+ bytes; at most/);
});

test.run();
