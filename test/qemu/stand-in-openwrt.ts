// SPDX-License-Identifier: Apache-2.0
// A stand-in for an OpenWrt image's console: Debian's kernel with busybox, which says and asks what OpenWrt's does, and an `opkg` that only tells
// the digest of what it was given. Limits: no OpenWrt program, no procd, no network; the real image has to be supplied (docs/qemu.md).
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../lab/command.ts";

const init = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
mkdir -p /tmp
echo "Please press Enter to activate this console."
read line
export PATH=/bin PS1='root@OpenWrt:\\w# '
exec setsid cttyhack sh -i
`;
const opkg = `#!/bin/busybox sh
[ "$1" = install ] && [ -s "$2" ] || { echo "opkg: no such file $2"; exit 255; }
echo "installed $(sha256sum "$2")"
`;

/** Makes `directory`/openwrt, a kernel, and `directory`/initrd from an image of the recipe. */
export async function standIn(image: string, directory: string): Promise<{ kernel: string; initrd: string }> {
  const work = join(directory, "first");
  for (const path of ["bin", "proc", "dev", "tmp"]) mkdirSync(join(work, path), { recursive: true });
  copyFileSync(join(image, "root/bin/busybox"), join(work, "bin/busybox"));
  writeFileSync(join(work, "init"), init);
  writeFileSync(join(work, "bin/opkg"), opkg);
  for (const path of ["init", "bin/opkg", "bin/busybox"]) chmodSync(join(work, path), 0o755);
  const initrd = join(directory, "initrd");
  await must(["sh", "-c", `cd "$0" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1 > "$1"`, work, initrd]);
  rmSync(work, { recursive: true });
  return { kernel: join(image, "vmlinuz"), initrd };
}
