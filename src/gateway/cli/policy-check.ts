// SPDX-License-Identifier: Apache-2.0
// `securebox policy check FILE`: the validator that the gateway uses, without a gateway.
import type { Platform } from "quickjs-ts";
import { readPolicy } from "#reading";
import { ConfigurationError } from "../config/load.ts";
import type { OptionValues } from "./options.ts";
import { place } from "./render.ts";

export function checkPolicy(platform: Platform, file: string, options: OptionValues): number {
  const text = file === "-" ? platform.processes.readStdin() : read(platform, file);
  const { policy, errors, warnings, unenforced } = readPolicy(platform, text);
  const name = file === "-" ? "standard input" : file;
  if (options.json) platform.processes.stdout(`${JSON.stringify({ file, valid: policy !== undefined, errors, warnings, unenforced })}\n`);
  else {
    for (const error of errors) platform.processes.stdout(`${place(name, error)}\n`);
    for (const warning of warnings) platform.processes.stdout(`${place(name, { ...warning, message: `warning: ${warning.message}` })}\n`);
    for (const item of unenforced) platform.processes.stdout(`${place(name, { line: item.line, field: item.path, message: `warning: not enforced yet, opens nothing: ${item.reason}` })}\n`);
    if (policy) platform.processes.stdout(`${name}: valid: network "${policy.network}", ${Object.keys(policy.groups).length} groups, ${policy.rules.length} rules\n`);
  }
  return policy ? 0 : 1;
}

/** A file that cannot be read is neither valid nor invalid: exit status 2. */
function read(platform: Platform, file: string): string {
  try {
    return platform.files.readText(file);
  } catch (error) {
    throw new ConfigurationError((error as Error).message);
  }
}
