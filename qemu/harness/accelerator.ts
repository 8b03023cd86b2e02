// SPDX-License-Identifier: Apache-2.0
// KVM only where a boot with it was seen to work: the device may exist and be of no use to ordinary guests. Asked once after each boot of this machine.
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Arch } from "../recipe/machines.ts";

export type Accelerator = "kvm" | "tcg";

/** Seconds: emulated, the same boot takes about four. */
export const TRIAL = 15;

/** `boots`: whether a guest that does nothing comes to its end with KVM, within TRIAL. */
export async function accelerator(root: string, arch: Arch, boots: () => Promise<boolean>, progress: (line: string) => void): Promise<Accelerator> {
  if (arch !== "amd64" || process.arch !== "x64" || !writable("/dev/kvm")) return "tcg";
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const file = join(root, "build/qemu/accelerator");
  const [known, verdict] = existsSync(file) ? readFileSync(file, "utf8").split(" ") : [];
  if (known === boot) return verdict === "kvm" ? "kvm" : "tcg";
  progress(`trying KVM, at most ${TRIAL} s`);
  const found = (await boots()) ? "kvm" : "tcg";
  progress(found === "kvm" ? "KVM works" : "KVM does not work here; the processor is emulated");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `${boot} ${found}`);
  return found;
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
