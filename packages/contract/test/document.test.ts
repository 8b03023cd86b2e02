// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { decodeDocument, type DocumentKnowledge, judgeDocument, MAX_PAYLOAD, type PublicKey, type RefusalCode, type SignedDocument } from "@securebox/contract";
import vectors from "./vectors/documents.json" with { type: "json" };

const { crypto } = platform;
const test = suite("documents");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const documents = vectors.documents as Record<string, string>;
const keys = vectors.keys as unknown as Record<"first" | "second" | "recovery" | "stranger" | "second recovery", PublicKey>;
const knowledge: DocumentKnowledge = {
  network: "home", gateway: "gw-1", keys: [keys.first, keys.second, keys.recovery], revoked: [], sequence: undefined, now: 1_800_000_100_000, notBefore: 1_790_000_000_000,
};

function read(text: string): SignedDocument {
  const result = decodeDocument(crypto, bytes(text));
  if (!result.ok) throw new Error(result.refusal.message);
  return result.document;
}

/** "accepted", or the code by which reading or judging refused. */
function outcome(text: string, more: Partial<DocumentKnowledge> = {}): RefusalCode | "accepted" {
  const result = decodeDocument(crypto, bytes(text));
  if (!result.ok) return result.refusal.code;
  return judgeDocument(crypto, result.document, { ...knowledge, ...more })?.code ?? "accepted";
}

for (const name of ["desired", "keys", "revocation", "time", "for the whole network", "unknown fields", "critical, known", "a new signing key", "another recovery key by the recovery key",
  "an epoch by the recovery key"]) {
  test(`openssl's signature counts: ${name}`, () => assert.is(outcome(documents[name]!), "accepted"));
}

const refused: [name: string, code: RefusalCode, knowledge?: Partial<DocumentKnowledge>][] = [
  ["critical, unknown", "critical"], ["critical, absent", "critical"], ["by a stranger", "unknown-key"], ["by a recovery key", "key-use"],
  ["before the key's time", "key-period"], ["revokes itself", "key-use"], ["expires before it is issued", "malformed"], ["policy with a mistake", "policy"],
  ["desired", "network", { network: "office" }], ["desired", "gateway", { gateway: "gw-2" }], ["desired", "revoked-key", { revoked: [keys.first.id] }],
  ["desired", "unknown-key", { keys: [] }], ["desired", "signature", { keys: [{ ...keys.second, id: keys.first.id }] }],
  ["desired", "replayed", { sequence: 7 }], ["desired", "older", { sequence: 8 }], ["desired", "expired", { now: 1_802_592_000_000 }],
  ["desired", "not-yet", { now: 1_799_999_900_000 }], ["desired", "time-unknown", { now: undefined }], ["desired", "expired", { now: undefined, notBefore: 1_802_592_000_000 }],
  ...["dropped", "replaced", "joined", "shortened", "for signing", "revoked"].map((what): [string, RefusalCode] => [`the recovery key ${what}`, "recovery-key"]),
  ["the recovery key twice", "malformed"], ["an epoch by a signing key", "epoch"], ["desired in an epoch", "epoch"], ["revocation in an epoch", "epoch"],
  ["a new signing key", "epoch", { epoch: 5 }], ["desired", "epoch", { epoch: 1 }], ["time", "epoch", { epoch: 1 }], ["revocation", "epoch", { epoch: 1 }],
  ["an epoch by the recovery key", "replayed", { epoch: 5, sequence: 1 }], ["an epoch by the recovery key", "epoch", { epoch: 6 }], ["another recovery key by the recovery key", "epoch", { epoch: 5 }],
  ["an epoch by the recovery key", "unknown-key", { keys: [keys.first, keys["second recovery"]] }], ["an epoch by the recovery key", "signature", { keys: [{ ...keys.stranger, id: keys.recovery.id, use: "recovery" }] }],
];
for (const [name, code, more] of refused) test(`${code}: ${name} ${more ? Object.keys(more).join(" and ") : ""}`, () => assert.is(outcome(documents[name]!, more), code));

test("the recovery key's epoch begins whatever numbers and dates a thief has made believed", () => {
  assert.is(outcome(documents["sequence 2^50"]!), "accepted");
  for (const more of [{ sequence: 2 ** 50 }, { now: 4_000_000_000_000 }, { now: undefined, notBefore: 4_000_000_000_000 }]) assert.is(outcome(documents["an epoch by the recovery key"]!, more), "accepted", JSON.stringify(more));
  assert.is(outcome(documents["desired in an epoch"]!, { epoch: 5, keys: [keys.second, keys.recovery] }), "accepted");
});

test("a trusted key that is no key has signed nothing", () => {
  const publicKey = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
  assert.is(outcome(documents["desired"]!, { keys: [{ ...keys.first, publicKey }] }), "signature");
});

/** The valid document with its text changed. */
const changed: [what: string, code: RefusalCode, change: (text: string) => string][] = [
  ["nothing at all", "malformed", () => ""], ["no JSON", "malformed", () => "hello"], ["a list", "malformed", () => "[]"], ["null", "malformed", () => "null"],
  ["a space", "malformed", (text) => ` ${text}`], ["a newline at the end", "malformed", (text) => `${text}\n`],
  ["a field twice", "malformed", (text) => text.replace('"kind":"desired"', '"kind":"desired","kind":"desired"')],
  ["a field out of order", "malformed", (text) => text.replace('"network":"home",', "").replace(/\}$/, ',"network":"home"}')],
  ["a number written otherwise", "malformed", (text) => text.replace('"sequence":7', '"sequence":7.0')],
  ["version 2", "version", (text) => text.replace('"v":1', '"v":2')], ["version as text", "malformed", (text) => text.replace('"v":1', '"v":"1"')],
  ["no version", "malformed", (text) => text.replace(',"v":1', "")],
  ["another kind", "malformed", (text) => text.replace('"kind":"desired"', '"kind":"wish"')], ["the kind of another body", "malformed", (text) => text.replace('"kind":"desired"', '"kind":"keys"')],
  ["no signature", "unsigned", (text) => text.replace(/"signature":"[^"]*",/, "")], ["an empty signature", "unsigned", (text) => text.replace(/"signature":"[^"]*"/, '"signature":""')],
  ["a short signature", "malformed", (text) => text.replace(/"signature":"[^"]{4}/, '"signature":"')],
  ["a signature of zeros", "signature", (text) => text.replace(/"signature":"[^"]*"/, `"signature":"${"A".repeat(86)}=="`)],
  ["another sequence", "signature", (text) => text.replace('"sequence":7', '"sequence":8')], ["a later end", "signature", (text) => text.replace('"expires":1802592000000', '"expires":1902592000000')],
  ["without its gateway", "signature", (text) => text.replace('"gateway":"gw-1",', "")], ["a field more", "signature", (text) => text.replace('"issued"', '"happy":true,"issued"')],
  ["another rule", "digest", (text) => text.replace("tcp/631", "tcp/632")], ["another digest", "digest", (text) => text.replace(/"digest":"../, '"digest":"zz'.replace("zz", "00"))],
  ["a digest of capitals", "malformed", (text) => text.replace(/"digest":"../, '"digest":"AB')],
  ["a negative sequence", "malformed", (text) => text.replace('"sequence":7', '"sequence":-7')], ["a sequence of 2^60", "malformed", (text) => text.replace('"sequence":7', `"sequence":${2 ** 60}`)],
  ["half a surrogate pair", "malformed", (text) => text.replace('"home"', '"h\\ud800"')], ["a network with a slash", "malformed", (text) => text.replace('"network":"home","sequence"', '"network":"home/x","sequence"')],
  ["a network that is a number", "malformed", (text) => text.replace('"network":"home","sequence"', '"network":5,"sequence"')],
  ["settings missing", "malformed", (text) => text.replace('"settings":{},', "")], ["no body", "malformed", (text) => text.replace(/"body":\{.*?"version":3\},/, "")],
  ["100,000 levels", "malformed", (text) => text.replace('"settings":{}', `"settings":${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}`)],
  ["100,000 lists", "malformed", () => "[".repeat(1e5)], ["5 MB", "too-large", (text) => text.replace("home", "h".repeat(5e6))],
];
for (const [what, code, change] of changed) {
  test(`${code}: ${what}`, () => {
    const text = change(documents["desired"]!);
    assert.is.not(text, documents["desired"], "the change changed nothing");
    assert.is(outcome(text), code);
  });
}

test("a refusal names the field, and what of the header could be read", () => {
  const result = decodeDocument(crypto, bytes(documents["desired"]!.replace('"expires":1802592000000', '"expires":"soon"')));
  assert.equal(result, { ok: false, refusal: {
    kind: "desired", sequence: 7, digest: read(documents["desired"]!).digest, code: "malformed", message: 'expires: expected a whole number from 0 to 8640000000000000, found "soon"',
  } });
  const policy = decodeDocument(crypto, bytes(documents["policy with a mistake"]!));
  assert.match(policy.ok ? "" : policy.refusal.message, /^body\.policy\.rules\[0\]\.allow\[0\]: /);
});

test("unknown fields are named", () => {
  const result = decodeDocument(crypto, bytes(documents["unknown fields"]!));
  assert.equal(result.ok && [...result.ignored].sort(), ["body.curfew", "body.settings.colour", "note"]);
});

test("truncated at every byte: never accepted", () => {
  const whole = bytes(documents["desired"]!);
  for (let end = 0; end < whole.length; end++) assert.is(decodeDocument(crypto, whole.subarray(0, end)).ok, false, `${end} bytes`);
});

test("every single flipped bit: never accepted", () => {
  const whole = bytes(documents["time"]!);
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const flipped = whole.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const result = decodeDocument(crypto, flipped);
    if (result.ok) assert.ok(judgeDocument(crypto, result.document, knowledge), `bit ${bit} of ${whole.length} bytes`);
  }
});

test("what is as large as may be is read, one byte more is not", () => {
  const result = decodeDocument(crypto, new Uint8Array(MAX_PAYLOAD).fill(0x20));
  assert.is(result.ok ? "" : result.refusal.code, "malformed");
  const larger = decodeDocument(crypto, new Uint8Array(MAX_PAYLOAD + 1));
  assert.is(larger.ok ? "" : larger.refusal.code, "too-large");
});

test.run();
