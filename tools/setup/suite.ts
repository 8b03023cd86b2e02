// SPDX-License-Identifier: Apache-2.0
// An apt sources file for another Debian suite, from where the machine has its own packages.
import { existsSync, readFileSync } from "node:fs";

const deb822 = "/etc/apt/sources.list.d/debian.sources";
const classic = "/etc/apt/sources.list";

/** Text of a `.sources` file (sources.list(5), deb822 style). Throws when the machine has neither kind of list. */
export function sourcesFor(suite: string, type: "deb" | "deb-src"): string {
  const own = existsSync(deb822) ? firstStanza(readFileSync(deb822, "utf8")) : existsSync(classic) ? firstLine(readFileSync(classic, "utf8")) : undefined;
  if (!own) throw new Error(`neither ${deb822} nor ${classic} names a Debian archive: expected the file that Debian's installer writes`);
  return own.replace(/^Types:.*$/m, `Types: ${type}`).replace(/^Suites:.*$/m, `Suites: ${suite}`).replace(/^Components:.*$/m, "Components: main") + "\n";
}

/** The first stanza that is in use, without comments. */
export function firstStanza(text: string): string | undefined {
  const stanzas = text.split(/\n\s*\n/).map((part) => part.replace(/^#.*\n?/gm, "").trim());
  return stanzas.find((part) => /^Types:/m.test(part) && !/^Enabled:\s*no/m.test(part));
}

/** The first `deb` line of an archive, as a stanza: `deb [signed-by=FILE] URI SUITE COMPONENT...`. A CD-ROM is no archive. */
export function firstLine(text: string): string | undefined {
  const line = /^deb\s+(?:\[([^\]]*)\]\s+)?(?!cdrom:)(\S+)\s+\S+\s+\S+/m.exec(text);
  if (!line) return undefined;
  const signedBy = /signed-by=(\S+)/.exec(line[1] ?? "")?.[1];
  return [`Types: deb`, `URIs: ${line[2]}`, `Suites: any`, `Components: main`, ...(signedBy ? [`Signed-By: ${signedBy}`] : [])].join("\n");
}
