// SPDX-License-Identifier: Apache-2.0
// The first file system: busybox, the modules that the root needs, guest/init.sh.
import { copyFileSync, mkdirSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { basename, join } from "node:path";
import { execute } from "../../tools/compile/execute.ts";

const modules = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_blk", "ext4", "virtio_console", "virtio_rng"];

/** Writes `directory`/initrd from `directory`/root and `directory`/lib/modules. */
export async function makeInitramfs(root: string, directory: string, version: string): Promise<void> {
  const work = join(directory, "first");
  for (const path of ["bin", "proc", "sys", "dev", "low", "rw", "new", "modules"]) mkdirSync(join(work, path), { recursive: true });
  copyFileSync(join(directory, "root/bin/busybox"), join(work, "bin/busybox"));
  copyFileSync(join(root, "qemu/guest/init.sh"), join(work, "init"));
  for (const path of ["bin/busybox", "init"]) chmodSync(join(work, path), 0o755);
  const files = await inOrder(directory, version);
  for (const file of files) copyFileSync(file, join(work, "modules", basename(file)));
  writeFileSync(join(work, "modules/order"), files.map((file) => `${basename(file)}\n`).join(""));
  await execute("sh", ["-c", `cd "$0" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1 > "$1"`, work, join(directory, "initrd")]);
  rmSync(work, { recursive: true });
}

/** Each module after those it depends on. A module that is missing is built into that kernel. */
async function inOrder(directory: string, version: string): Promise<string[]> {
  const files = new Set<string>();
  for (const name of modules) {
    const text = await execute("modprobe", ["-d", directory, "-S", version, "--show-depends", name]).catch(() => "");
    for (const match of text.matchAll(/^insmod (\S+)/gm)) files.add(match[1]!);
  }
  return [...files];
}
