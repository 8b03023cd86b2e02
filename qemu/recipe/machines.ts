// SPDX-License-Identifier: Apache-2.0
// The four machines: which kernel Debian has for each, how QEMU plays it, and which of our builds runs in it.

export interface Machine {
  /** Debian's name of the architecture. */
  arch: Arch;
  /** The metapackage that depends on the newest kernel. */
  kernel: string;
  /** QEMU's program, and the Debian package that has it. */
  program: string;
  package: string;
  /** Arguments that choose board and processor. */
  board: readonly string[];
  console: string;
  /** Our name of the CPU (tools/compile/target.ts). */
  cpu: string;
  /** "9p": a folder of this machine. "ext4": an image, where foreign numbers of errors make 9p useless as root. */
  root: "9p" | "ext4";
}

export type Arch = "amd64" | "arm64" | "armhf" | "mipsel";

export const machines: Record<Arch, Machine> = {
  // microvm would boot faster and hangs in most boots of QEMU 7.2.
  amd64: { arch: "amd64", kernel: "linux-image-amd64", program: "qemu-system-x86_64", package: "qemu-system-x86", board: ["-M", "q35", "-cpu", "max"], console: "ttyS0", cpu: "x86-64", root: "9p" },
  arm64: { arch: "arm64", kernel: "linux-image-arm64", program: "qemu-system-aarch64", package: "qemu-system-arm", board: ["-M", "virt", "-cpu", "cortex-a53"], console: "ttyAMA0", cpu: "aarch64", root: "9p" },
  armhf: { arch: "armhf", kernel: "linux-image-armmp", program: "qemu-system-arm", package: "qemu-system-arm", board: ["-M", "virt,highmem=off", "-cpu", "cortex-a15"], console: "ttyAMA0", cpu: "arm", root: "9p" },
  mipsel: { arch: "mipsel", kernel: "linux-image-4kc-malta", program: "qemu-system-mipsel", package: "qemu-system-mips", board: ["-M", "malta", "-cpu", "24Kf"], console: "ttyS0", cpu: "mipsel", root: "ext4" },
};

/** Throws RangeError for another name. */
export function machineOf(arch: string): Machine {
  const machine = machines[arch as Arch];
  if (!machine) throw new RangeError(`--arch ${arch}: expected ${Object.keys(machines).join(", ")}`);
  return machine;
}
