// SPDX-License-Identifier: Apache-2.0
// The module "reading.js" of the executable: evaluated once per text, by ./apart.ts.
import { parseConfig } from "../config/parse.ts";
import { parseUciConfig } from "../config/uci/read.ts";
import { parsePolicyText } from "../policy-text.ts";

const readers = { policy: parsePolicyText, yaml: parseConfig, uci: parseUciConfig };

export type Asked = [kind: keyof typeof readers, text: string];

const global = globalThis as unknown as { input: string; output: string };
const [kind, text] = JSON.parse(global.input) as Asked;
global.output = JSON.stringify(readers[kind](text));
