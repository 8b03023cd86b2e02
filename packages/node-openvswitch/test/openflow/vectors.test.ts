// SPDX-License-Identifier: Apache-2.0
// Bytes of the real programs: decoded and encoded again they are the same, and so is what we make of the text that ovs-ofctl was given.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decode, encode } from "../../src/openflow/index.ts";
import type { Flow, Version } from "../../src/openflow/index.ts";
import { formatFlow, parseFlow } from "../../src/openflow/text/index.ts";
import { messageOf, PORTS } from "./ofctl.ts";
import { fromHex, type Recorded, replies, requests, toHex, wireVersion } from "./vectors.ts";

const test = suite("openflow vectors");

function again(message: string): string {
  const { version, xid, message: decoded } = decode(fromHex(message));
  return toHex(encode(decoded, { version: version as Version, xid }));
}

function differences(records: Recorded[]): string[] {
  return records.flatMap(({ of, cmd, text, msgs }) => msgs.filter((message) => again(message) !== message).map(() => `${of} ${cmd} ${text}`));
}

test("requests of ovs-ofctl decode and encode to the same bytes", () => {
  assert.ok(requests().flatMap((record) => record.msgs).length > 1800);
  assert.equal(differences(requests()), []);
});

test("replies of a running switch decode and encode to the same bytes", () => {
  assert.ok(replies().flatMap((record) => record.msgs).length > 1000);
  assert.equal(differences(replies()), []);
});

test("nothing that Open vSwitch says is unknown, except actions on tunnel options without their table", () => {
  const unknown = [...requests(), ...replies()].filter((record) => !record.text.includes("tun_metadata0[0..7]"))
    .flatMap((record) => record.msgs.filter((message) => hasUnknown(decode(fromHex(message)).message)).map(() => `${record.cmd} ${record.text}`));
  assert.equal(unknown, []);
});

function hasUnknown(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  return ("type" in value && (value.type === "unknown" || value.type === "experimenter")) || ("kind" in value && value.kind === "unknown") || Object.values(value).some(hasUnknown);
}

/** ovs-ofctl 3.1 masks these tunnel fields with their own value; the length of a tunnel option is the switch's configuration, not in the text. */
const NOT_FROM_TEXT = /tun_erspan_(ver|idx)=|tun_gtpu_flags=0x30|tun_metadata0\[/;

function isComparable(record: Recorded): boolean {
  return !record.err?.startsWith("ovs-ofctl:") && !NOT_FROM_TEXT.test(record.text) && messageOf(record.cmd, record.text, wireVersion(record)) !== undefined;
}

/** With xid 0; the message within a bundle's envelope. */
function plain(message: string, version: Version): string {
  const decoded = decode(fromHex(message));
  const inner = decoded.message.type === "bundle-add" ? decoded.message.message : decoded.message;
  return toHex(encode(inner, { version, xid: 0 }));
}

test("the text that ovs-ofctl was given encodes to the bytes that it sent", () => {
  const records = requests().filter(isComparable);
  assert.ok(records.length > 800, `${records.length} records`);
  const wrong = records.filter((record) => {
    const version = wireVersion(record);
    const ours = toHex(encode(messageOf(record.cmd, record.text, version)!, { version, xid: 0 }));
    return !record.msgs.some((message) => plain(message, version) === ours);
  });
  assert.equal(wrong.map(({ of, cmd, text }) => `${of} ${cmd} ${text}`), []);
});

test("instructions in an order that ovs-ofctl refuses are refused", () => {
  const refused = requests().filter((record) => record.err?.includes("instruction ordering"));
  assert.is(refused.length, 3);
  for (const record of refused) assert.throws(() => parseFlow(record.text), /must come before/);
});

// Not the lengths of tunnel options and of the output within enqueue, for which text has no place.
test("flows written as text are read back as the same bytes", () => {
  const bytes = (flow: Flow, version: Version) => toHex(encode({ type: "flow-mod", command: "add", flow }, { version, xid: 0 }));
  const wrong: string[] = [];
  let compared = 0;
  for (const record of requests().filter(({ text }) => !/tun_metadata0|enqueue/.test(text))) {
    for (const message of record.msgs) {
      const decoded = decode(fromHex(message)).message;
      if (decoded.type !== "flow-mod" || decoded.command !== "add") continue;
      const version = wireVersion(record);
      const text = formatFlow(decoded.flow);
      compared++;
      if (bytes(parseFlow(text, "add", PORTS).flow, version) !== bytes(decoded.flow, version)) wrong.push(`${record.text} -> ${text}`);
    }
  }
  assert.ok(compared > 700, `${compared} flows`);
  assert.equal(wrong, []);
});

test.run();
