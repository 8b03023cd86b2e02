// SPDX-License-Identifier: Apache-2.0
// The guest's root file system: packages unpacked, no maintainer script run; what those would have done and is needed, by hand.
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../../tools/compile/execute.ts";

const users = "root:x:0:0:root:/root:/bin/sh\ntcpdump:x:100:65534::/:/bin/false\ndnsmasq:x:101:65534::/:/bin/false\navahi:x:102:102::/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n";
const groups = "root:x:0:\nnetdev:x:101:\navahi:x:102:\nnogroup:x:65534:\n";
const folders = ["proc", "sys", "dev", "tmp", "run", "share", "root", "host", "var/log", "lib/modules"];
const links: [path: string, to: string][] = [
  ["var/run", "/run"],
  ["usr/bin/awk", "mawk"],
  ["lib/firmware/regulatory.db", "regulatory.db-debian"],
  ["lib/firmware/regulatory.db.p7s", "regulatory.db.p7s-debian"],
  ["usr/sbin/ovs-vswitchd", "../lib/openvswitch-switch/ovs-vswitchd"],
];

/** Unpacks the archives into `root`, which must not exist. */
export async function unpackRoot(archives: readonly string[], root: string): Promise<void> {
  mkdirSync(join(root, "usr"), { recursive: true });
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    mkdirSync(join(root, "usr", name));
    symlinkSync(`usr/${name}`, join(root, name));
  }
  const extract = `for file; do dpkg-deb --fsys-tarfile "$file" | tar -x -C "$0" --keep-directory-symlink --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale --exclude=./usr/share/info --exclude=./usr/share/lintian || exit 1; done`;
  await execute("sh", ["-c", extract, root, ...archives]);
  finish(root);
  await execute("ldconfig", ["-r", root]).catch(() => ""); // of another architecture: the loader searches the standard folders without a cache
}

function finish(root: string): void {
  const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
  write("etc/passwd", users);
  write("etc/group", groups);
  write("etc/hosts", "127.0.0.1 localhost\n");
  write("etc/resolv.conf", "");
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, to] of links) {
    if (path === "usr/sbin/ovs-vswitchd" && existsSync(join(root, path))) continue;
    rmSync(join(root, path), { recursive: true, force: true });
    symlinkSync(to, join(root, path));
  }
}

/** The same as an image. */
export async function imageOf(root: string, image: string): Promise<void> {
  await execute("mke2fs", ["-q", "-t", "ext4", "-O", "^has_journal", "-d", root, image, "400M"]);
}
