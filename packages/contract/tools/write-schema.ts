// SPDX-License-Identifier: Apache-2.0
// Writes schema/policy-1.json: node tools/run.mjs packages/contract/tools/write-schema.ts
import { writeFileSync } from "node:fs";
import { policySchema } from "../src/schema.ts";

writeFileSync("packages/contract/schema/policy-1.json", `${JSON.stringify(policySchema, null, 2)}\n`);
