// SPDX-License-Identifier: Apache-2.0
// Writes schema/*.json: node tools/run.mjs packages/contract/tools/write-schema.ts
import { writeFileSync } from "node:fs";
import { policySchema } from "../src/schema.ts";
import { documentsSchema, messagesSchema } from "../src/wire/schemas.ts";

for (const [name, schema] of Object.entries({ "policy-1": policySchema, "documents-1": documentsSchema, "messages-1": messagesSchema })) {
  writeFileSync(`packages/contract/schema/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
}
