// SPDX-License-Identifier: Apache-2.0
/* node tools/run.mjs tools/luci-files.ts    writes what is made for luci-app-securebox: the options of its settings page and the template of its translations */
import { writeFileSync } from "node:fs";
import { luciFiles } from "./luci/files.ts";

for (const [path, make] of Object.entries(luciFiles)) writeFileSync(path, make());
