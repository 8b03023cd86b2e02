// SPDX-License-Identifier: Apache-2.0
// The packages of openwrt/Makefile, made for this machine by sdk-stand-in, and a root file system with their files over the machine's own.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { buildFeed } from "../../tools/compile/openwrt.ts";
import { setupQuickjs } from "../../tools/setup/quickjs.ts";
import { must, run, type RunResult } from "../lab/command.ts";

const STAND_IN = join(process.cwd(), "test/openwrt/sdk-stand-in");
/** In a mount namespace: the packages' files over the machine's, all of it to be written to and gone afterwards. */
const CHROOT = `set -e
mount -t tmpfs none "$1/layers"; mkdir "$1/layers/upper" "$1/layers/spare" "$1/layers/root"; cp -a "$1/files" "$1/layers/files" # layers may not be inside each other
mount -t overlay overlay -o "lowerdir=$1/layers/files:/,upperdir=$1/layers/upper,workdir=$1/layers/spare" "$1/layers/root"
mount --bind /dev "$1/layers/root/dev"; mount -t proc none "$1/layers/root/proc"; mount -t tmpfs none "$1/layers/root/tmp"
exec chroot "$1/layers/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin PKG_NAME="$2" PKG_VERSION="$3" busybox ash -c "$4"`;

export class Packages {
  private constructor(readonly directory: string) {}

  /** `ipk/NAME` and `apk/NAME` below the directory have what was made. */
  static async build(): Promise<Packages> {
    const packages = new Packages(mkdtempSync(join(tmpdir(), "securebox-package-")));
    await buildFeed(process.cwd(), packages.at("feed"));
    const source = await setupQuickjs();
    mkdirSync(packages.at("dl"));
    await must(["tar", "-cJf", packages.at("dl/quickjs-2025-04-26.tar.xz"), "--transform", "s,^[^/]*,quickjs-2025-04-26,", "-C", dirname(source), basename(source)], { deadline: 60_000, env: { XZ_OPT: "-0" } });
    await packages.make("all");
    return packages;
  }

  /** A target of the packages' Makefile; what it says. */
  make(target: string): Promise<string> {
    return must(["make", "-s", "--no-print-directory", "-C", this.at("feed/securebox"), `TOPDIR=${STAND_IN}`, `OUT=${this.directory}`, target], { deadline: 300_000, env: { INTERPRETER_CFLAGS: "-O0" } });
  }

  at(path: string): string { return join(this.directory, path); }

  /** Unpacks an .ipk, and lays its files below `files`, where Debian's /lib is part of /usr. */
  async unpack(ipk: string): Promise<void> {
    const root = `${dirname(ipk)}/unpacked`;
    mkdirSync(`${root}/data`, { recursive: true });
    mkdirSync(`${root}/control`);
    await must(["tar", "-xzf", ipk, "-C", root]);
    for (const part of ["data", "control"]) await must(["tar", "-xzpf", `${root}/${part}.tar.gz`, "-C", `${root}/${part}`]);
    await this.lay(`${root}/data`);
  }

  /** Lays a tree over the root file system of `inside`. */
  async lay(tree: string): Promise<void> {
    mkdirSync(this.at("layers"), { recursive: true });
    mkdirSync(this.at("files/usr/lib"), { recursive: true });
    await must(["cp", "-a", `${tree}/.`, this.at("files")]);
    if (!existsSync(this.at("files/lib"))) return;
    cpSync(this.at("files/lib"), this.at("files/usr/lib"), { recursive: true });
    rmSync(this.at("files/lib"), { recursive: true });
  }

  /** A script of BusyBox' shell where the packages are installed. */
  inside(script: string, name = "securebox", version = ""): Promise<RunResult> {
    return run(["unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", CHROOT, "sh", this.directory, name, version, script], { deadline: 60_000 });
  }

  close(): void { rmSync(this.directory, { recursive: true, force: true }); }
}
