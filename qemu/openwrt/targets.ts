// SPDX-License-Identifier: Apache-2.0
// OpenWrt's targets for QEMU, and the files of a release that boot there.

export interface OpenwrtTarget {
  program: string;
  /** Debian package of the program. */
  package: string;
  board: readonly string[];
  console: string;
  /** Which image of downloads.openwrt.org fits: for the help text. */
  image: string;
}

export const openwrtTargets: Record<string, OpenwrtTarget> = {
  "x86-64": { program: "qemu-system-x86_64", package: "qemu-system-x86", board: ["-M", "q35", "-cpu", "max"], console: "ttyS0", image: "x86/64: generic-ext4-combined.img (gunzip it)" },
  armsr: { program: "qemu-system-aarch64", package: "qemu-system-arm", board: ["-M", "virt", "-cpu", "cortex-a53"], console: "ttyAMA0", image: "armsr/armv8: generic-initramfs-kernel.bin" },
  malta: { program: "qemu-system-mipsel", package: "qemu-system-mips", board: ["-M", "malta", "-cpu", "24Kf"], console: "ttyS0", image: "malta/le: vmlinux-initramfs.elf" },
};

/** A disk boots by its own loader; a kernel has its root inside, or in `initrd`. The file is never written. */
export function bootArguments(target: OpenwrtTarget, image: string, memory: number, initrd?: string): string[] {
  const boot = image.endsWith(".img") ? ["-drive", `file=${image},format=raw,if=virtio,snapshot=on`] : ["-kernel", image, ...(initrd ? ["-initrd", initrd] : []), "-append", `console=${target.console} panic=-1`];
  const net = ["-netdev", "user,id=lan,net=192.168.1.0/24,host=192.168.1.2,restrict=on", "-device", "virtio-net-pci,netdev=lan"];
  return [...target.board, "-accel", "tcg,tb-size=128", "-m", String(memory), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", ...net, ...boot];
}
