// SPDX-License-Identifier: Apache-2.0
// Debian's packages for another architecture by a private apt: the machine's own packages and lists are not touched.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../../tools/compile/execute.ts";
import { sourcesFor } from "../../tools/setup/suite.ts";

const DAY = 86_400_000;

export class Apt {
  readonly #directory: string;
  readonly #arch: string;
  readonly #options: string[];

  constructor(directory: string, arch: string) {
    this.#directory = directory;
    this.#arch = arch;
    const at = (path: string): string => join(directory, path);
    const own = { "Dir::State": at(""), "Dir::State::status": at("status"), "Dir::Cache": at(""), "Dir::Etc::sourcelist": at("bookworm.sources"), "Dir::Etc::sourceparts": "/nonexistent", "Dir::Etc::preferencesparts": "/nonexistent" };
    const settings = { ...own, "APT::Architecture": arch, "APT::Architectures": arch, "APT::Install-Recommends": "false", "APT::Sandbox::User": "root" };
    this.#options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  }

  /** Fetches the lists unless they are younger than a day. Rejects with what apt said. */
  async update(): Promise<void> {
    for (const part of ["lists/partial", "archives/partial"]) mkdirSync(join(this.#directory, part), { recursive: true });
    const stamp = join(this.#directory, "updated");
    if (Date.now() - (statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0) < DAY) return;
    writeFileSync(join(this.#directory, "status"), "");
    writeFileSync(join(this.#directory, "bookworm.sources"), sourcesFor("bookworm", "deb"));
    await this.#apt("update", "-qq");
    writeFileSync(stamp, "");
    utimesSync(stamp, new Date(), new Date());
  }

  /** The package that a metapackage depends on: for kernels, whose names carry a number. */
  async dependency(name: string): Promise<string> {
    const found = /Depends: (\S+)/.exec(await execute("apt-cache", [...this.#options, "depends", name]))?.[1];
    if (!found) throw new Error(`${name}: apt-cache depends names no package`);
    return found;
  }

  /** File names (NAME_VERSION_ARCH.deb) of packages with all that they depend on. */
  async resolve(names: readonly string[]): Promise<string[]> {
    return simulated(await this.#apt("install", "-y", "-qq", "--simulate", ...names));
  }

  /** File name of one package alone. */
  async resolveAlone(name: string): Promise<string> {
    const version = /^Version: (\S+)$/m.exec(await execute("apt-cache", [...this.#options, "show", "--no-all-versions", name]))?.[1];
    if (!version) throw new Error(`${name}: apt-cache show names no version`);
    return fileName(name, version, this.#arch);
  }

  /** Downloads what `resolve` and `resolveAlone` named; the folder with the files. */
  async download(names: readonly string[], alone: string): Promise<string> {
    const archives = join(this.#directory, "archives");
    await this.#apt("install", "-y", "-qq", "--download-only", ...names);
    if (!existsSync(join(archives, await this.resolveAlone(alone)))) await execute("sh", ["-c", `cd "$0" && apt-get "$@"`, archives, ...this.#options, "download", "-qq", alone]);
    return archives;
  }

  /** Removes files of other versions. */
  keep(wanted: readonly string[]): void {
    const archives = join(this.#directory, "archives");
    for (const file of readdirSync(archives)) if (file.endsWith(".deb") && !wanted.includes(file)) rmSync(join(archives, file));
  }

  #apt(...args: string[]): Promise<string> {
    return execute("apt-get", [...this.#options, ...args]);
  }
}

/** Lines of --simulate: Inst NAME (VERSION ORIGIN [ARCH]). */
function simulated(text: string): string[] {
  return [...text.matchAll(/^Inst (\S+) \((\S+) .*\[(\w+)\]\)/gm)].map(([, name, version, arch]) => fileName(name!, version!, arch!));
}

/** As apt names what it downloads: the colon of an epoch is escaped. */
function fileName(name: string, version: string, arch: string): string {
  return `${name}_${version.replaceAll(":", "%3a")}_${arch}.deb`;
}
