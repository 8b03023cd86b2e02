// SPDX-License-Identifier: Apache-2.0
// Source packages of other Debian suites, fetched by apt (which checks signature and hashes), unpacked under `.cache`, never installed.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { sourcesFor } from "./suite.ts";

const execute = promisify(execFile);

export interface DebianSource {
  suite: string;
  name: string;
  /** Default: what the suite has. */
  version?: string;
  /** Upstream's archive alone, without Debian's patches: for libraries that are built as OpenWrt builds them. */
  upstream?: true;
}

/** Unpacks the source to `directory` unless `directory/witness` is there. Rejects with what apt, dpkg-source or tar said. */
export async function unpackSource(directory: string, witness: string, source: DebianSource, progress: (step: string) => void = () => {}): Promise<string> {
  if (existsSync(join(directory, witness))) return directory;
  const work = `${directory}.${process.pid}`;
  mkdirSync(join(work, "lists/partial"), { recursive: true });
  mkdirSync(join(work, "cache/archives/partial"), { recursive: true });
  try {
    progress(`fetching the source of ${source.name} of Debian's ${source.suite}`);
    await download(work, source);
    await (source.upstream ? untar(work) : unpack(work, source));
    if (!existsSync(join(work, "unpacked", witness))) throw new Error(`source of ${source.name}: no ${witness} in it`);
    rmSync(directory, { recursive: true, force: true });
    renameSync(join(work, "unpacked"), directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}

/** With a sources file and apt state of their own, so that the machine's package lists do not change. */
async function download(work: string, { suite, name, version, upstream }: DebianSource): Promise<void> {
  writeFileSync(join(work, `${suite}.sources`), sourcesFor(suite, "deb-src"));
  const settings = [`Dir::Etc::sourcelist=${work}/${suite}.sources`, "Dir::Etc::sourceparts=/nonexist", `Dir::State::Lists=${work}/lists`, `Dir::Cache=${work}/cache`, "APT::Sandbox::User=root"];
  const options = [...settings.flatMap((setting) => ["-o", setting]), "-q"];
  await run("apt-get", [...options, "update"], work);
  await run("apt-get", [...options, "source", "--download-only", ...(upstream ? ["--tar-only"] : []), version ? `${name}=${version}` : name], work);
}

async function unpack(work: string, { name }: DebianSource): Promise<void> {
  const description = readdirSync(work).find((file) => file.endsWith(".dsc"));
  if (!description) throw new Error(`apt-get source ${name}: no .dsc file came`);
  await run("dpkg-source", ["--no-check", "-x", description, "unpacked"], work); // apt has checked the hashes
}

async function untar(work: string): Promise<void> {
  const archive = readdirSync(work).find((file) => /\.orig\.tar\.\w+$/.test(file));
  if (!archive) throw new Error(`apt-get source: no upstream archive came for ${basename(work)}`);
  mkdirSync(join(work, "unpacked"));
  await run("tar", ["-x", "--warning=no-unknown-keyword", "--strip-components=1", "-C", "unpacked", "-f", archive], work);
}

async function run(program: string, args: string[], cwd: string): Promise<void> {
  await execute(program, args, { cwd, maxBuffer: 1 << 24 }).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`${program}: ${error.stderr || error.message}`);
  });
}
