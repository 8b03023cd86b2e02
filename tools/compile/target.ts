// SPDX-License-Identifier: Apache-2.0
// What programs are compiled for: this machine, or the CPUs of access points by Debian's cross compilers; and with which releases of the libraries.
import { installPackages, missingPackages } from "../setup/packages.ts";
import { QUICKJS } from "../setup/quickjs.ts";

export type MbedtlsRelease = "2.28" | "3.6";

export interface Target {
  /** Folder below `build/`. */
  name: string;
  compiler: string;
  archiver: string;
  /** Of the compiler, for the processor. */
  options: readonly string[];
  /** Of the linker, beside the libraries that all need. */
  link: readonly string[];
  /** The command before a program that is to run on this machine; empty when the machine is of that CPU. */
  emulator: readonly string[];
  /** "installed": the machine's own library. */
  mbedtls: MbedtlsRelease | "installed";
  /** A date, or a folder with the source. */
  quickjs: string;
}

interface Cpu {
  /** GNU's name of compiler and libraries. */
  triple: string;
  /** The processor of the OpenWrt target beside it, as far as Debian's C library goes along. */
  openwrt: string;
  options: readonly string[];
  /** 32-bit MIPS has no instructions for the 64-bit part of JavaScript's Atomics; static, to spare the access point a package. */
  link?: readonly string[];
  packages: readonly string[];
  qemu: readonly string[];
}

const emulated = (program: string, cpu: string, triple: string): string[] => [`qemu-${program}-static`, "-cpu", cpu, "-L", `/usr/${triple}`];
const cross = (triple: string, libc: string): string[] => [`gcc-${triple}`, `libc6-dev-${libc}-cross`, "qemu-user-static"];

export const cpus: Record<string, Cpu> = {
  // 24Kf: a 24Kc with floating point, which Debian's C library uses and OpenWrt's does not.
  mips: { triple: "mips-linux-gnu", openwrt: "ath79", options: ["-mips32r2", "-mtune=24kc"], link: ["-l:libatomic.a"], packages: cross("mips-linux-gnu", "mips"), qemu: emulated("mips", "24Kf", "mips-linux-gnu") },
  mipsel: { triple: "mipsel-linux-gnu", openwrt: "ramips", options: ["-mips32r2", "-mtune=24kc"], link: ["-l:libatomic.a"], packages: cross("mipsel-linux-gnu", "mipsel"), qemu: emulated("mipsel", "24Kf", "mipsel-linux-gnu") },
  arm: { triple: "arm-linux-gnueabihf", openwrt: "ipq40xx", options: ["-mcpu=cortex-a7", "-mfpu=neon-vfpv4"], packages: cross("arm-linux-gnueabihf", "armhf"), qemu: emulated("arm", "cortex-a7", "arm-linux-gnueabihf") },
  aarch64: { triple: "aarch64-linux-gnu", openwrt: "filogic", options: ["-mcpu=cortex-a53"], packages: cross("aarch64-linux-gnu", "arm64"), qemu: emulated("aarch64", "cortex-a53", "aarch64-linux-gnu") },
  "x86-64": { triple: "x86_64-linux-gnu", openwrt: "x86", options: [], packages: ["qemu-user-static"], qemu: ["qemu-x86_64-static"] },
};

/** The machine itself. CC replaces its compiler. */
export const host: Target = { name: "", compiler: process.env["CC"] ?? "gcc", archiver: "ar", options: [], link: [], emulator: [], mbedtls: "installed", quickjs: QUICKJS };

export interface Releases { mbedtls?: MbedtlsRelease; quickjs?: string }

/** The options --mbedtls and --quickjs of a command. Throws RangeError for a release of mbedTLS that is not known. */
export function releasesOf({ mbedtls, quickjs }: { mbedtls?: string | undefined; quickjs?: string | undefined }): Releases {
  if (mbedtls !== undefined && mbedtls !== "2.28" && mbedtls !== "3.6") throw new RangeError(`--mbedtls ${mbedtls}: expected 2.28 or 3.6`);
  return { ...(mbedtls !== undefined && { mbedtls }), ...(quickjs !== undefined && { quickjs }) };
}

/** `name` of `cpus` with the given releases, by default those of OpenWrt 24.10 and of everything else here. Throws RangeError for another name. */
export function targetOf(name: string, { mbedtls = "3.6", quickjs = QUICKJS }: Releases = {}): Target {
  const cpu = cpus[name];
  if (!cpu) throw new RangeError(`CPU ${name}: expected ${Object.keys(cpus).join(", ")}`);
  const others = [...(mbedtls === "3.6" ? [] : [`mbedtls-${mbedtls}`]), ...(quickjs === QUICKJS ? [] : [`quickjs-${quickjs.replace(/.*\//, "")}`])];
  const native = process.arch === "x64" && name === "x86-64";
  return { name: [name, ...others].join("-"), compiler: `${cpu.triple}-gcc`, archiver: `${cpu.triple}-ar`, options: cpu.options, link: cpu.link ?? [], emulator: native ? [] : cpu.qemu, mbedtls, quickjs };
}

/** Installs compiler, C library and emulator of `name` where they are missing; the others' are left away. */
export async function setupCpu(name: string): Promise<void> {
  const missing = await missingPackages(cpus[name]?.packages ?? []);
  if (missing.length > 0) await installPackages(missing);
}
