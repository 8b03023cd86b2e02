// SPDX-License-Identifier: Apache-2.0
// The JSON Schema (by ajv, an independent implementation) against the validator.
import Ajv from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseDocument } from "yaml";
import { parsePolicy, policySchema, validatePolicy } from "../src/index.ts";
import { badPolicies } from "./bad-policies.ts";
import { goodPolicies } from "./good-policies.ts";

const schema = suite("schema");
const matches = new Ajv({ allErrors: false, strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false }).compile(policySchema);

function valueOf(text: string | Uint8Array): unknown {
  if (typeof text !== "string") return undefined;
  const document = parseDocument(text.replace(/^\ufeff/, ""), { uniqueKeys: false, logLevel: "silent" });
  return document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 1000 });
}

schema("the published file is the exported schema", () => {
  assert.equal(JSON.parse(readFileSync("packages/contract/schema/policy-1.json", "utf8")), JSON.parse(JSON.stringify(policySchema)), "run: node tools/run.mjs packages/contract/tools/write-schema.ts");
});
schema("accepts all good files, as written and as encoded", () => {
  for (const item of goodPolicies) {
    assert.ok(matches(valueOf(item.text)), `${item.name}: ${JSON.stringify(matches.errors)}`);
    assert.ok(matches(item.policy), `${item.name}, encoded: ${JSON.stringify(matches.errors)}`);
  }
});
for (const item of badPolicies.filter(({ shape }) => shape)) {
  schema(`refuses: ${item.name}`, () => assert.not(matches(valueOf(item.text) ?? null)));
}

/** Small changes of good values: whatever the schema refuses, the validator must refuse. */
schema("never refuses what the validator accepts", () => {
  const pieces: unknown[] = [null, 0, 1, "", "all", "internet", "gateway", "unknown", "tcp/80", "tcp/00080", "10.0.0.0/08", "mdns", "dns:a.b", "dns:*.org.", "[192.0.2.1]:80", "192.0.2.0/24:80", "icmp@::/0", "::ffff:1.2.3.4", "02-00:00-00:00-0A", "ask", [], ["all"], ["mdns"], ["dns:*.x"], {}, { mac: "02:00:00:00:00:0a" }, { psk: "\u00e9" }];
  let accepted = 0;
  const check = (value: unknown) => {
    if (!validatePolicy(value).ok) return;
    accepted++;
    assert.ok(matches(value), `${JSON.stringify(value)}: ${JSON.stringify(matches.errors)}`);
  };
  for (const { policy } of goodPolicies) {
    for (const path of pathsOf(policy)) for (const piece of pieces) check(replaced(policy, path, piece));
  }
  for (const service of pieces) for (const to of ["internet", "gateway", "all"]) check({ network: "n", rules: [{ from: "all", to, allow: [service] }] });
  assert.ok(accepted > 300, `${accepted} accepted`);
});

function pathsOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key]))];
}

function replaced(value: unknown, path: readonly (string | number)[], piece: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return piece;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[step] = replaced(copy[step], rest, piece);
  return copy;
}

schema("bad files that only the validator knows are refused by it", () => {
  for (const item of badPolicies) assert.not(parsePolicy(item.text).ok, item.name);
});
schema.run();
