// SPDX-License-Identifier: Apache-2.0
// `securebox recover`: what an interrupted transaction left in UCI is undone before netifd reads it. For an early init script, so it always ends with 0.
import type { Platform } from "quickjs-ts";
import { recoverEarly, type Early } from "../../apply/early.ts";
import type { Part } from "../../apply/index.ts";
import { UciFiles } from "../../openwrt/uci/files.ts";
import { parseUci } from "../../openwrt/uci/text.ts";
import { UCI_CONFIG_PATH, UCI_STATE } from "../config/config.ts";
import type { OptionValues } from "./options.ts";

export async function recover(platform: Platform, options: OptionValues): Promise<number> {
  const { files, processes } = platform;
  const path = options.config ?? UCI_CONFIG_PATH;
  const directory = path.slice(0, Math.max(1, path.lastIndexOf("/")));
  try {
    const early = await recoverEarly(files, `${options.state ?? stateOf(platform, path)}/apply`, "uci", new UciFiles(files, directory) as Part);
    const said = sentence(early);
    if (options.json) processes.stdout(`${JSON.stringify(early)}\n`);
    else if (said !== "") processes.stderr(`securebox recover: ${said}\n`);
  } catch (error) {
    processes.stderr(`securebox recover: left to the gateway's start: ${(error as Error).message}\n`);
  }
  return 0;
}

/** Also from a configuration that is wrong elsewhere: the gateway may have been stopped by just that. */
function stateOf({ files }: Platform, path: string): string {
  try {
    const main = parseUci(files.readText(path)).find(({ type }) => type === "securebox");
    const state = main?.options.get("state");
    return typeof state === "string" && state.startsWith("/") ? state : UCI_STATE;
  } catch {
    return UCI_STATE;
  }
}

function sentence({ transaction, safe, changed }: Early): string {
  const values = `${changed} ${changed === 1 ? "value" : "values"} of UCI`;
  if (safe) return `safe boot: the last confirmed state counts; restored ${values}`;
  return transaction === undefined ? "" : `the change "${transaction}" was interrupted; undone ${values}`;
}
