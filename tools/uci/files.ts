// SPDX-License-Identifier: Apache-2.0
import { defaultFile, documentation, validationScript } from "../../src/gateway/config/uci/render.ts";

const MARK = "<!-- made of src/gateway/config/uci/options.ts from here on: node tools/run.mjs tools/uci-files.ts -->";

/** Path -> its text as it should be, given the text that is there. */
export const uciFiles: Record<string, (before: string) => string> = {
  "openwrt/files/securebox.config": defaultFile,
  "openwrt/files/securebox.validate": validationScript,
  "docs/openwrt-config.md": (before) => `${before.split(MARK)[0]!.trimEnd()}\n\n${MARK}\n\n${documentation()}`,
};
