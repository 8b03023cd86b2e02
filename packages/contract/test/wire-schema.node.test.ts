// SPDX-License-Identifier: Apache-2.0
// The published schemas of documents and messages (by ajv, an independent implementation) against the readers.
import Ajv from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeMessage, encodeMessage, type MessageType, policySchema } from "@securebox/contract";
import { documentsSchema, messagesSchema } from "../src/wire/schemas.ts";
import { good } from "./good-messages.ts";
import vectors from "./vectors/documents.json" with { type: "json" };

const test = suite("schemas of the wire");
const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false });
ajv.addSchema(policySchema, "policy-1.json");
const [isDocument, isMessage] = [ajv.compile(documentsSchema), ajv.compile(messagesSchema)];
const types = Object.keys(good) as MessageType[];

test("the published files are these schemas", () => {
  for (const [name, schema] of [["documents-1", documentsSchema], ["messages-1", messagesSchema]] as const) {
    assert.equal(JSON.parse(readFileSync(`packages/contract/schema/${name}.json`, "utf8")), JSON.parse(JSON.stringify(schema)), "run: node tools/run.mjs packages/contract/tools/write-schema.ts");
  }
});

test("documents match, also that whose mistake is in the arithmetic of a port", () => {
  for (const [name, text] of Object.entries(vectors.documents)) assert.is(isDocument(JSON.parse(text)), true, `${name}: ${JSON.stringify(isDocument.errors)}`);
});

test("messages that are read match", () => {
  for (const type of types) assert.ok(isMessage({ v: 1, type, id: "1", body: good[type] }), `${type}: ${JSON.stringify(isMessage.errors)}`);
});

/** Every value of a message replaced by one of another type, or removed, at every place. */
function* mutations(value: unknown): Iterable<unknown> {
  for (const other of [null, "", -1, 1.5, true, [], {}, "x".repeat(5000)]) yield other;
  if (Array.isArray(value)) for (const [i, item] of value.entries()) for (const other of mutations(item)) yield value.toSpliced(i, 1, other);
  else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const { [name]: _, ...rest } = value as Record<string, unknown>;
      yield rest;
      for (const other of mutations(item)) yield { ...rest, [name]: other };
    }
  }
}

test("reader and schema agree on thousands of changed messages", () => {
  let count = 0;
  const disagreements: string[] = [];
  for (const type of types.filter((each) => each !== "welcome")) {
    for (const body of mutations(good[type])) {
      const bytes = encodeMessage({ type, id: "1", body } as never);
      const read = decodeMessage(bytes, [type]).ok;
      if (read !== isMessage(JSON.parse(new TextDecoder().decode(bytes)))) disagreements.push(`${type} ${read}: ${JSON.stringify(body).slice(0, 200)}`);
      count++;
    }
  }
  assert.equal(disagreements.slice(0, 3), []);
  assert.ok(count > 1000, `${count} messages`);
});

test.run();
