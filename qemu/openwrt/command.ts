// SPDX-License-Identifier: Apache-2.0
// The command behind qemu/run-openwrt: a real OpenWrt image that its user downloaded, and a package installed in it over the serial line.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { installPackages, missingPackages } from "../../tools/setup/packages.ts";
import { Console } from "./console.ts";
import { bootArguments, openwrtTargets } from "./targets.ts";

const help = `usage: qemu/run-openwrt IMAGE --target ${Object.keys(openwrtTargets).join("|")} [--package FILE]... [--command TEXT]... [--deadline SECONDS] [--memory MEGABYTES] [--initrd FILE]

Boots an OpenWrt image (not part of this repository, never written to), installs packages (.ipk by opkg, .apk by apk) and runs commands, all over its
serial line; without a command, "securebox version" when there is a package, else "cat /etc/openwrt_release".
Images, from a release of downloads.openwrt.org:
${Object.values(openwrtTargets).map(({ image }) => `  ${image}`).join("\n")}
The dependencies of a package have to be in the image, or among the packages before it: the machine has no way to the internet.
Exit status: that of the first step that failed, 124 at the deadline (default 600 s), 2 for a wrong command.
`;

const { values, positionals: [image] } = parseArgs({ allowPositionals: true, options: {
  target: { type: "string" }, package: { type: "string", multiple: true, default: [] }, command: { type: "string", multiple: true, default: [] },
  deadline: { type: "string", default: "600" }, memory: { type: "string", default: "256" }, initrd: { type: "string" }, help: { type: "boolean", short: "h" },
} });
const target = openwrtTargets[values.target ?? ""];
/** Paths are the user's, whose folder is not the repository's root. */
const from = process.env["SECUREBOX_FROM"] ?? process.cwd();
const packages = values.package.map((file) => resolve(from, file));
const disk = image && resolve(from, image);
const missingFile = [disk ?? "", ...packages].find((file) => !existsSync(file));

const say = (line: string): void => void process.stderr.write(`[qemu] ${line}\n`);

/** `opkg` and `apk` take what they are given; neither asks for a signature of a local file then. */
function installCommand(path: string): string {
  return path.endsWith(".apk") ? `apk add --allow-untrusted ${path}` : `opkg install ${path}`;
}

async function steps(console: Console): Promise<number> {
  await console.login(180_000);
  say("the console is there");
  for (const file of packages) {
    const path = `/tmp/${basename(file)}`;
    let told = 0;
    await console.write(path, readFileSync(file), (part) => { if (part >= told + 0.1) say(`${basename(file)}: ${Math.round((told = part) * 100)} %`); });
    const { status, output } = await console.run(installCommand(path), 180_000);
    process.stdout.write(`${output}\n`);
    if (status !== 0) return status;
  }
  const commands = values.command.length > 0 ? values.command : [packages.length > 0 ? "securebox version" : "cat /etc/openwrt_release"];
  for (const command of commands) {
    const { status, output } = await console.run(command, 120_000);
    process.stdout.write(`${output}\n`);
    if (status !== 0) return status;
  }
  return 0;
}

async function main(): Promise<number> {
  if (values.help || !image) return (process.stdout.write(help), values.help ? 0 : 2);
  if (!target) return (process.stderr.write(`qemu/run-openwrt: --target ${values.target ?? "is missing"}: expected ${Object.keys(openwrtTargets).join(", ")}\n`), 2);
  if (missingFile !== undefined) return (process.stderr.write(`qemu/run-openwrt: ${missingFile}: no such file\n`), 2);
  const missing = await missingPackages([target.package]);
  if (missing.length > 0) await installPackages(missing);
  // As in harness/boot.ts: the kernel ends QEMU with us.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", target.program, ...bootArguments(target, disk!, Number(values.memory), values.initrd)], { stdio: ["pipe", "pipe", "inherit"] });
  const timer = setTimeout(() => { say(`no end within ${values.deadline} s`); process.exit(124); }, Number(values.deadline) * 1000);
  try {
    return await steps(new Console(child.stdin, child.stdout));
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}

main().then((status) => process.exit(status), (error: Error) => {
  process.stderr.write(`qemu/run-openwrt: ${error.message}\n`);
  process.exit(1);
});
