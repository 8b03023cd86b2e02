// SPDX-License-Identifier: Apache-2.0
// The QuickJS C library: Debian trixie's source package, fetched by apt (which checks signature and hashes), unpacked under `.cache`, never installed.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { sourcesFor } from "./suite.ts";

const execute = promisify(execFile);
const version = "2025.04.26-1";

/** Where the unpacked source is, present or not. */
export function quickjsSource(root: string = process.cwd()): string {
  return join(root, ".cache", `quickjs-${version}`);
}

/** Fetches and unpacks the source unless it is there; returns its folder. Rejects with what apt or dpkg-source said. */
export async function setupQuickjs(root: string = process.cwd(), progress: (step: string) => void = () => {}): Promise<string> {
  const source = quickjsSource(root);
  if (existsSync(join(source, "quickjs.c"))) return source;
  const work = join(root, ".cache", `quickjs-apt-${process.pid}`);
  mkdirSync(join(work, "lists/partial"), { recursive: true });
  mkdirSync(join(work, "cache/archives/partial"), { recursive: true });
  try {
    writeFileSync(join(work, "trixie.sources"), sourcesFor("trixie", "deb-src"));
    progress("fetching the source of QuickJS");
    const options = aptOptions(work);
    await run("apt-get", [...options, "-q", "update"], work);
    await run("apt-get", [...options, "-q", "source", "--download-only", `quickjs=${version}`], work);
    const description = readdirSync(work).find((name) => name.endsWith(".dsc"));
    if (!description) throw new Error("apt-get source quickjs: no .dsc file came");
    await run("dpkg-source", ["--no-check", "-x", description, "unpacked"], work); // apt has checked the hashes
    rmSync(source, { recursive: true, force: true });
    renameSync(join(work, "unpacked"), source);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return source;
}

function aptOptions(work: string): string[] {
  const settings = [`Dir::Etc::sourcelist=${work}/trixie.sources`, "Dir::Etc::sourceparts=/nonexist", `Dir::State::Lists=${work}/lists`, `Dir::Cache=${work}/cache`, "APT::Sandbox::User=root"];
  return settings.flatMap((setting) => ["-o", setting]);
}

async function run(program: string, args: string[], cwd: string): Promise<void> {
  await execute(program, args, { cwd, maxBuffer: 1 << 24 }).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`${program}: ${error.stderr || error.message}`);
  });
}

if (process.argv[1] && resolve(process.argv[1]).endsWith("tools/setup/quickjs.ts")) process.stdout.write(`${await setupQuickjs(process.cwd(), (step) => void process.stderr.write(`${step}\n`))}\n`);
