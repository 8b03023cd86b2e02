// SPDX-License-Identifier: Apache-2.0
import { optionsModule } from "./options.ts";
import { APP, template } from "./template.ts";

const OPTIONS = `${APP}/htdocs/luci-static/resources/securebox/options.js`;

/** Path -> its text as it should be. */
export const luciFiles: Record<string, () => string> = {
  [OPTIONS]: optionsModule,
  [`${APP}/po/templates/securebox.pot`]: () => template({ path: OPTIONS, source: optionsModule() }),
};
