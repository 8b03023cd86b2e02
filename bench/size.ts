// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { buildEmbedded, GATEWAY } from "../tools/compile/gateway.ts";
import { print } from "./lib/result.ts";

export const about = "size of the executable for the access point, stripped, bytecode inside";

const TARGET = 1.5;

export async function run(): Promise<void> {
  const file = `${process.cwd()}/build/securebox`;
  const sizes = await buildEmbedded(process.cwd(), GATEWAY, file);
  const value = sizes.file / 1e6;
  print({
    bench: "size", metric: "runtime", unit: "MB", value, ...(value > TARGET && { missed: true as const }),
    note: `bytecode ${sizes.bytecode} B, source map ${sizes.map} B; shared: ${libraries(file).join(", ")}`,
  });
}

/** Shared libraries beside the C library, with their sizes. */
function libraries(file: string): string[] {
  const listed = execFileSync("ldd", [file], { encoding: "utf8" });
  return [...listed.matchAll(/^\s*(\S+) => (\S+)/gm)].map(([, name, path]) => `${name} ${statSync(realpathSync(path!)).size} B`);
}
