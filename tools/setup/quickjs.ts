// SPDX-License-Identifier: Apache-2.0
// The QuickJS C library, unpacked under `.cache`: two releases that Debian has sources of, or the folder of another one.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { unpackSource, type DebianSource } from "./source.ts";

interface Release extends DebianSource {
  /** Of the source, where the engine is. */
  folder: string;
}

const releases: Record<string, Release> = {
  "2025-04-26": { suite: "trixie", name: "quickjs", version: "2025.04.26-1", folder: "." },
  // A Perl module that brings its own engine: the one other release among Debian's sources that is younger than 2021.
  "2024-01-13": { suite: "trixie", name: "libjavascript-quickjs-perl", upstream: true, folder: "quickjs" },
};

/** What everything is built with unless it says otherwise. */
export const QUICKJS = "2025-04-26";

/** The folder of `release`: its date, or a folder that holds the source of another one. Rejects with what apt or dpkg-source said. */
export async function setupQuickjs(root: string = process.cwd(), progress: (step: string) => void = () => {}, release: string = QUICKJS): Promise<string> {
  const known = releases[release];
  if (known) return join(await unpackSource(join(root, ".cache", `quickjs-${known.version ?? release}`), join(known.folder, "quickjs.c"), known, progress), known.folder);
  if (existsSync(join(release, "quickjs.c"))) return resolve(release);
  throw new Error(`QuickJS ${release}: expected ${Object.keys(releases).join(", ")} or a folder with quickjs.c`);
}

/** What the source calls itself, for example "2025-04-26". */
export function quickjsVersion(source: string): string {
  return readFileSync(join(source, "VERSION"), "utf8").trim();
}

if (process.argv[1] && resolve(process.argv[1]).endsWith("tools/setup/quickjs.ts")) process.stdout.write(`${await setupQuickjs(process.cwd(), (step) => void process.stderr.write(`${step}\n`))}\n`);
