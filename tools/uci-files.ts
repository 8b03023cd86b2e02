// SPDX-License-Identifier: Apache-2.0
/* node tools/run.mjs tools/uci-files.ts    writes what is made of the table of options (src/gateway/config/uci/options.ts) */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { uciFiles } from "./uci/files.ts";

mkdirSync("openwrt/files", { recursive: true });
for (const [path, make] of Object.entries(uciFiles)) {
  let before = "";
  try {
    before = readFileSync(path, "utf8");
  } catch { /* it is new */ }
  writeFileSync(path, make(before));
}
