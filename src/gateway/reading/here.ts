// SPDX-License-Identifier: Apache-2.0
// Texts that people write: policy and configuration. This is "#reading" but in the executable, which has ./apart.ts in its place.
import type { Platform } from "quickjs-ts";
import { parseConfig } from "../config/parse.ts";
import { parseUciConfig } from "../config/uci/read.ts";
import { parsePolicyText } from "../policy-text.ts";

/** What ./apart.ts needs. */
export type Machine = Pick<Platform, "processes">;

export const readPolicy = (_: Machine, text: string): ReturnType<typeof parsePolicyText> => parsePolicyText(text);
export const readYamlConfig = (_: Machine, text: string): ReturnType<typeof parseConfig> => parseConfig(text);
export const readUciConfig = (_: Machine, text: string): ReturnType<typeof parseUciConfig> => parseUciConfig(text);
