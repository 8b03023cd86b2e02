// SPDX-License-Identifier: Apache-2.0
// OPENWRT_PREFIX=DIR node tools/run.mjs test/openwrt/uci/record.ts     writes recorded.json anew: what the program `uci` says of some texts
import { writeFileSync } from "node:fs";
import { packageTexts } from "./packages.ts";
import { realUci } from "./program.ts";

const texts = [...new Set(packageTexts(20_261, 1200))].filter((text) => text.length < 200);
const exported = realUci("export", texts), shown = realUci("show", texts);
// Most hostile texts are refused: one in four of those will do.
const kept = texts.map((text, index) => [text, exported[index], shown[index]]).filter(([, told], index) => told !== null || index % 8 === 0);
writeFileSync("test/openwrt/uci/recorded.json", `[\n${kept.map((line) => JSON.stringify(line)).join(",\n")}\n]\n`);
