// SPDX-License-Identifier: Apache-2.0
// Kernel and modules out of Debian's package.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { execute } from "../../tools/compile/execute.ts";

/** Of the module trees, those that scenarios use; the rest is most of the package. */
const wanted = ["modules.*", "kernel/net", "kernel/lib", "kernel/crypto", "kernel/arch/*/crypto", "kernel/drivers/net", "kernel/drivers/virtio", "kernel/drivers/block", "kernel/drivers/char", "kernel/fs"];
const unwanted = ["ethernet", ...["ath", "intel", "broadcom", "realtek", "marvell", "mediatek", "ralink"].map((vendor) => `wireless/${vendor}`)];

/** Writes `directory`/vmlinuz and `directory`/lib/modules; returns the kernel's version. */
export async function unpackKernel(archive: string, directory: string): Promise<string> {
  const patterns = ["./boot/vmlinu*", ...wanted.map((path) => `./lib/modules/*/${path}`)];
  await execute("sh", ["-c", `dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" --wildcards ${patterns.map((pattern) => `'${pattern}'`).join(" ")} 2>/dev/null || [ -d "$1/lib/modules" ]`, archive, directory]);
  const modules = join(directory, "lib/modules");
  const version = readdirSync(modules)[0]!;
  for (const path of unwanted) rmSync(join(modules, version, "kernel/drivers/net", path), { recursive: true, force: true });
  await execute("depmod", ["-b", directory, version]);
  const image = readdirSync(join(directory, "boot")).find((name) => name.startsWith("vmlinu"))!;
  renameSync(join(directory, "boot", image), join(directory, "vmlinuz"));
  return version;
}

const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const elfMagic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** x86's image unpacks itself, which takes an emulator seconds; the ELF inside boots at once (PVH). Leaves another image as it is. */
export function bareKernel(directory: string): void {
  const file = join(directory, "vmlinuz");
  const image = readFileSync(file);
  const start = image.indexOf(xzMagic);
  if (start < 0) return;
  // What follows the compressed part makes xz complain after it has written everything.
  const { stdout } = spawnSync("xz", ["-dc"], { input: image.subarray(start), maxBuffer: 1 << 28 });
  if (stdout.subarray(0, 4).equals(elfMagic)) writeFileSync(file, stdout);
}
