// SPDX-License-Identifier: Apache-2.0
// OpenWrt's program `uci` of OPENWRT_PREFIX on many packages at once.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, program } from "../prefix.ts";

/** One process each, one shell for all. */
const EACH = 'i=0; while [ $i -lt "$2" ]; do "$1" -c $i -P $i/delta "$3" p >$i/out 2>$i/error; echo $? >$i/status; i=$((i+1)); done';

/** What `uci COMMAND p` prints for each text as the file of a package "p"; null: refused. */
export function realUci(command: "export" | "show", texts: readonly string[]): (string | null)[] {
  const directory = mkdtempSync(join(tmpdir(), "uci-"));
  try {
    for (const [index, text] of texts.entries()) {
      mkdirSync(join(directory, String(index)));
      writeFileSync(join(directory, String(index), "p"), text);
    }
    const { status, stderr, error } = spawnSync("sh", ["-c", EACH, "sh", program("bin/uci"), String(texts.length), command], { cwd: directory, env: environment, encoding: "utf8", timeout: 240_000 });
    if (status !== 0) throw error ?? new Error(`status ${status}: ${stderr}`);
    const told = (index: number, what: string): string => readFileSync(join(directory, String(index), what), "utf8");
    return texts.map((_, index) => (told(index, "status") === "0\n" ? told(index, "out") : null));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
