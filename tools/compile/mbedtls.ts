// SPDX-License-Identifier: Apache-2.0
// mbedTLS for another CPU, or of another release than the machine's, from the sources that Debian has of both: 2.28 (bookworm) and 3.6 (trixie).
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unpackSource } from "../setup/source.ts";
import { execute } from "./execute.ts";
import type { MbedtlsRelease, Target } from "./target.ts";

export interface Mbedtls {
  include: string;
  /** Holds the three shared libraries; empty: where the linker looks anyway. */
  libraries: string;
}

const suites: Record<MbedtlsRelease, string> = { "2.28": "bookworm", "3.6": "trixie" };
/** As for flash: OpenWrt compiles its library for size, too. Times are those of the runtime, see runtime.ts. */
const flags = ["-Os", "-D_TIME_BITS=64", "-ffunction-sections", "-fdata-sections"];

/** Builds the library for `target` unless it is there. Rejects with what apt or the compiler said. */
export async function buildMbedtls(root: string, target: Target, progress: (step: string) => void = () => {}): Promise<Mbedtls> {
  if (target.mbedtls === "installed") return { include: "", libraries: "" };
  const source = await unpackSource(join(root, ".cache", `mbedtls-${target.mbedtls}`), "library/Makefile", { suite: suites[target.mbedtls], name: "mbedtls", upstream: true }, progress);
  const directory = join(root, ".cache", `mbedtls-${target.mbedtls}-${target.compiler.replace(/-gcc$/, "")}`);
  const built: Mbedtls = { include: join(directory, "include"), libraries: join(directory, "library") };
  if (existsSync(join(directory, "complete"))) return built;
  progress(`compiling mbedTLS ${target.mbedtls} by ${target.compiler}`);
  await make(source, directory, target);
  return built;
}

/** In a copy of the source, as its makefile leaves everything beside it. */
async function make(source: string, directory: string, target: Target): Promise<void> {
  const work = `${directory}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    for (const part of ["library", "include", "3rdparty"]) if (existsSync(join(source, part))) cpSync(join(source, part), join(work, part), { recursive: true, preserveTimestamps: true });
    // The makefile of 3.6 wants the generators of some files to be there; it does not run them, as their output is in the archive.
    for (const part of ["scripts", "framework"]) if (existsSync(join(source, part))) symlinkSync(join(source, part), join(work, part));
    const options = [...flags, ...target.options].join(" ");
    await execute("make", ["-s", "-j2", "-C", join(work, "library"), "SHARED=1", `CC=${target.compiler}`, `AR=${target.archiver}`, `CFLAGS=${options}`, "LDFLAGS=-Wl,--gc-sections -s", "shared"]);
    writeFileSync(join(work, "complete"), "");
    rmSync(directory, { recursive: true, force: true });
    renameSync(work, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
