// SPDX-License-Identifier: Apache-2.0
// `securebox config check`: the same reading that a start of the gateway does.
import type { Platform } from "quickjs-ts";
import { loadConfig } from "../config/load.ts";
import type { OptionValues } from "./options.ts";

/** Throws ConfigurationError with a line per problem. */
export function checkConfig(platform: Platform, options: OptionValues): number {
  loadConfig(platform, options);
  platform.processes.stdout(options.json ? `${JSON.stringify({ valid: true })}\n` : "valid\n");
  return 0;
}
