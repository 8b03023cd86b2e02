// SPDX-License-Identifier: Apache-2.0
// Checks a policy file and says what is wrong with it, or what it becomes:
//   node tools/run.mjs tools/example.ts node|quickjs packages/contract/examples/check.ts FILE
import { encodePolicy, formatResult, parsePolicy, unenforced } from "@securebox/contract";
import { platform } from "quickjs-ts/platform";

const file = platform.processes.arguments[0] ?? "packages/contract/examples/home.yaml";
const result = parsePolicy(platform.files.readText(file), file);
for (const line of formatResult(result)) console.log(line);
if (result.ok) {
  for (const { field, line, value, meaning } of unenforced(result.policy, result.lines)) console.log(`${file}:${line}: ${field} (${value}): ${meaning}`);
  console.log(encodePolicy(result.policy));
} else platform.processes.exit(1);
