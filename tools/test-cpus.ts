// SPDX-License-Identifier: Apache-2.0
/*
 * npm run test:cpus                    the library tests and the gateway's executable on every CPU, then with other releases of mbedTLS and QuickJS
 * npm run test:cpus -- mips arm        on these
 * options: --mbedtls 2.28|3.6   --quickjs DATE|FOLDER   --only PART-OF-A-PATH (of test files, may be repeated)
 * Installs Debian's cross compilers and qemu-user (up to 500 MB); needs root when they are missing.
 * The last line is "N passed, N failed"; exit status 0 only when something ran and nothing failed.
 */
import { parseArgs } from "node:util";
import { buildMbedtls } from "./compile/mbedtls.ts";
import { buildRunner } from "./compile/runtime.ts";
import { cpus, releasesOf, setupCpu, targetOf, type Releases } from "./compile/target.ts";
import { missingPackages, installPackages, packages } from "./setup/packages.ts";
import { checkBytecode, checkGateway, libraryTests, runLibraries } from "./test/emulated.ts";
import { Verdict } from "./test/verdict.ts";

interface Run { cpu: string; releases: Releases }

const root = process.cwd();
const { values, positionals } = parseArgs({ options: { mbedtls: { type: "string" }, quickjs: { type: "string" }, only: { type: "string", multiple: true, default: [] } }, allowPositionals: true });
const chosen = releasesOf(values);

/** What is run when nothing is said: each CPU with OpenWrt's mbedTLS, the older one where the byte order is unusual, the other QuickJS where it is fast. */
const everything: Run[] = [...Object.keys(cpus).map((cpu) => ({ cpu, releases: {} })), { cpu: "mips", releases: { mbedtls: "2.28" } }, { cpu: "x86-64", releases: { quickjs: "2024-01-13" } }];
const plain = positionals.length === 0 && Object.keys(chosen).length === 0;
const runs: Run[] = plain ? everything : (positionals.length > 0 ? positionals : Object.keys(cpus)).map((cpu) => ({ cpu, releases: chosen }));

const verdict = new Verdict();
const files = libraryTests(root, values.only);
await verdict.step("packages", async () => {
  const missing = await missingPackages(Object.keys(packages).filter((name) => /^(build-essential|dpkg-dev|openssl|libmbedtls-dev)$/.test(name)));
  if (missing.length > 0) await installPackages(missing);
});
for (const { cpu, releases } of runs) {
  const target = targetOf(cpu, releases);
  const ready = await verdict.step(`${target.name}: compiler, mbedTLS, runtime`, async () => {
    await setupCpu(cpu);
    await buildMbedtls(root, target);
    await buildRunner(root, "runner", target);
  });
  if (!ready) continue;
  await runLibraries(root, verdict, target, files);
  await checkBytecode(root, verdict, target);
  await checkGateway(root, verdict, target);
}
verdict.tell();
