// SPDX-License-Identifier: Apache-2.0
// Makes a machine from Debian's packages, once for each set of their versions: build/qemu/ARCH/KEY.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPackages, missingPackages } from "../../tools/setup/packages.ts";
import { Apt } from "./apt.ts";
import { makeInitramfs } from "./initramfs.ts";
import { bareKernel, unpackKernel } from "./kernel.ts";
import type { Machine } from "./machines.ts";
import { guestPackages, hostPackages } from "./packages.ts";
import { imageOf, unpackRoot } from "./root.ts";

export interface Image {
  /** Holds vmlinuz, initrd, lib/modules, root or root.ext4. */
  directory: string;
  /** Debian's package files inside: NAME_VERSION_ARCH.deb. */
  packages: string[];
}

type Progress = (line: string) => void;

/** Installs what the host lacks, and makes the image unless it is there. Rejects with what apt or another program said. */
export async function makeImage(root: string, machine: Machine, progress: Progress): Promise<Image> {
  await prepareHost(machine, progress);
  const base = join(root, "build/qemu", machine.arch);
  const apt = new Apt(join(base, "apt"), machine.arch);
  const wanted = await resolve(apt, machine).catch((error: Error) => lastImage(base, error, progress));
  if (wanted instanceof Kept) return wanted;
  const directory = join(base, keyOf(root, wanted.archives));
  if (!existsSync(join(directory, "packages"))) await build(root, machine, apt, wanted, directory, progress);
  return { directory, packages: wanted.archives };
}

interface Wanted { kernel: string; archives: string[] }

/** The versions that Debian has now; the kernel is the first of the archives. */
async function resolve(apt: Apt, machine: Machine): Promise<Wanted> {
  await apt.update();
  const kernel = await apt.dependency(machine.kernel);
  return { kernel, archives: [await apt.resolveAlone(kernel), ...(await apt.resolve(Object.keys(guestPackages)))] };
}

/** Made before, and good enough while Debian's archive does not answer. */
class Kept implements Image {
  constructor(readonly directory: string, readonly packages: string[]) {}
}

function lastImage(base: string, error: Error, progress: Progress): Kept {
  const name = existsSync(base) ? readdirSync(base).find(isImage) : undefined;
  if (!name) throw error;
  progress(`the image made before is used, as Debian's archive does not answer: ${error.message.split("\n")[1] ?? error.message}`);
  return new Kept(join(base, name), readFileSync(join(base, name, "packages"), "utf8").trim().split("\n"));
}

async function prepareHost(machine: Machine, progress: Progress): Promise<void> {
  const missing = await missingPackages(Object.keys(hostPackages(machine)));
  if (missing.length === 0) return;
  progress(`installing ${missing.join(" ")}`);
  await installPackages(missing);
}

async function build(root: string, machine: Machine, apt: Apt, { kernel, archives }: Wanted, directory: string, progress: Progress): Promise<void> {
  const draft = `${directory}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    progress(`downloading ${archives.length} packages of ${machine.arch}`);
    const at = await apt.download(Object.keys(guestPackages), kernel);
    progress("unpacking");
    const version = await unpackKernel(join(at, archives[0]!), draft);
    bareKernel(draft);
    await unpackRoot(archives.slice(1).map((file) => join(at, file)), join(draft, "root"));
    await makeInitramfs(root, draft, version);
    if (machine.root === "ext4") await imageOf(join(draft, "root"), join(draft, "root.ext4"));
    writeFileSync(join(draft, "packages"), archives.join("\n") + "\n");
    renameSync(draft, directory);
    apt.keep(archives);
    removeOthers(directory);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The versions and the recipe itself. */
function keyOf(root: string, archives: readonly string[]): string {
  const hash = createHash("sha256").update([...archives].sort().join("\n"));
  for (const file of [...readdirSync(join(root, "qemu/recipe")).map((name) => `recipe/${name}`), "guest/init.sh"]) hash.update(readFileSync(join(root, "qemu", file)));
  return hash.digest("hex").slice(0, 12);
}

const isImage = (name: string): boolean => /^[0-9a-f]{12}$/.test(name);

/** Images of other versions: half a gigabyte each. */
function removeOthers(directory: string): void {
  const base = join(directory, "..");
  for (const name of readdirSync(base)) if (isImage(name) && join(base, name) !== directory) rmSync(join(base, name), { recursive: true });
}
