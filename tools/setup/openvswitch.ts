// SPDX-License-Identifier: Apache-2.0
// The two Open vSwitch versions of the tests: Debian 12's 3.1, installed, and Debian 11's 2.15, unpacked under `.cache`, never installed.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { sourcesFor } from "./suite.ts";

export type OvsVersion = "3.1" | "2.15";

/** Where one version's programs are. */
export interface OvsPrograms {
  version: OvsVersion;
  vswitchd: string;
  ovsdbServer: string;
  ovsdbTool: string;
  ovsdbClient: string;
  vsctl: string;
  ofctl: string;
  appctl: string;
  /** The Open_vSwitch database schema. */
  schema: string;
  /** What the programs need in their environment. */
  env: Record<string, string>;
}

/** Debian packages installed on the machine for 3.1. */
export const openvswitchPackages = ["openvswitch-switch", "openvswitch-common"];
/** Debian 11's packages of 2.15, and the libraries they need that Debian 12 no longer has. */
const bullseyePackages = ["openvswitch-switch", "openvswitch-common", "libssl1.1", "libunbound8"];
const system: OvsPrograms = {
  version: "3.1", vswitchd: "/usr/sbin/ovs-vswitchd", ovsdbServer: "/usr/sbin/ovsdb-server", ovsdbTool: "/usr/bin/ovsdb-tool", ovsdbClient: "/usr/bin/ovsdb-client",
  vsctl: "/usr/bin/ovs-vsctl", ofctl: "/usr/bin/ovs-ofctl", appctl: "/usr/bin/ovs-appctl", schema: "/usr/share/openvswitch/vswitch.ovsschema", env: {},
};
const execute = promisify(execFile);

/** Installs 3.1 (needs root when it is missing) and unpacks 2.15 below `root`; at once when both are there. Rejects with what apt said. */
export async function setupOpenvswitch(root: string = process.cwd(), progress: (step: string) => void = () => {}): Promise<Record<OvsVersion, OvsPrograms>> {
  if (![system.vswitchd, system.ovsdbServer, system.ovsdbTool, system.vsctl, system.ofctl].every(existsSync)) {
    progress(`installing ${openvswitchPackages.join(", ")}`);
    await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", ...openvswitchPackages], { DEBIAN_FRONTEND: "noninteractive" });
  }
  if (!existsSync(join(unpacked(root), "complete"))) await unpackBullseye(root, progress);
  return { "3.1": system, "2.15": openvswitchPrograms("2.15", root) };
}

/** Paths of one version's programs. Throws when it was not set up. */
export function openvswitchPrograms(version: OvsVersion, root: string = process.cwd()): OvsPrograms {
  const programs = version === "3.1" ? system : bullseyePrograms(unpacked(root));
  if (!existsSync(programs.vswitchd)) throw new Error(`Open vSwitch ${version} is not set up: ${programs.vswitchd} is missing; run: node tools/run.mjs tools/setup/openvswitch.ts`);
  return programs;
}

function unpacked(root: string): string {
  return resolve(root, ".cache/openvswitch-2.15");
}

function bullseyePrograms(directory: string): OvsPrograms {
  const at = (path: string): string => join(directory, "root", path);
  return {
    version: "2.15", vswitchd: at("usr/lib/openvswitch-common/ovs-vswitchd"), ovsdbServer: at("usr/sbin/ovsdb-server"), ovsdbTool: at("usr/bin/ovsdb-tool"), ovsdbClient: at("usr/bin/ovsdb-client"),
    vsctl: at("usr/bin/ovs-vsctl"), ofctl: at("usr/bin/ovs-ofctl"), appctl: at("usr/bin/ovs-appctl"), schema: at("usr/share/openvswitch/vswitch.ovsschema"),
    env: { LD_LIBRARY_PATH: `${join(directory, "lib")}:${at("usr/lib/x86_64-linux-gnu")}` },
  };
}

async function unpackBullseye(root: string, progress: (step: string) => void): Promise<void> {
  progress("unpacking Open vSwitch 2.15 of Debian 11");
  const directory = unpacked(root);
  const draft = `${directory}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  for (const part of ["root", "lib", "apt/lists/partial", "apt/cache/archives/partial"]) mkdirSync(join(draft, part), { recursive: true });
  await download(draft);
  for (const name of readdirSync(draft).filter((file) => file.endsWith(".deb"))) await run("dpkg-deb", ["-x", join(draft, name), join(draft, "root")]);
  // The package's postinst would make these links by dpkg triggers; it is not run here.
  const libraries = join(draft, "root/usr/lib/openvswitch-common");
  for (const file of readdirSync(libraries).filter((name) => name.endsWith(".so.0.0.0"))) symlinkSync(join("../root/usr/lib/openvswitch-common", file), join(draft, "lib", file.replace(/\.0\.0$/, "")));
  for (const rest of ["apt", ...readdirSync(draft).filter((file) => file.endsWith(".deb"))]) rmSync(join(draft, rest), { recursive: true });
  writeFileSync(join(draft, "complete"), "");
  rmSync(directory, { recursive: true, force: true });
  renameSync(draft, directory);
}

/** Downloads the packages with their own sources file and apt state, so that the machine's package lists do not change. */
async function download(draft: string): Promise<void> {
  const sources = join(draft, "apt/bullseye.sources");
  writeFileSync(sources, sourcesFor("bullseye", "deb"));
  const apart = ["-o", `Dir::Etc::sourcelist=${sources}`, "-o", "Dir::Etc::sourceparts=/nonexistent", "-o", `Dir::State::Lists=${join(draft, "apt/lists")}`, "-o", `Dir::Cache=${join(draft, "apt/cache")}`, "-o", "APT::Sandbox::User=root"];
  await run("apt-get", [...apart, "update", "-q"]);
  for (const name of bullseyePackages) {
    const { stdout } = await run("apt-cache", [...apart, "madison", name]);
    const version = /\|\s*(\S+)\s*\|/.exec(stdout)?.[1];
    if (!version) throw new Error(`Debian 11 has no package ${name}: ${stdout.trim() || "apt-cache madison printed nothing"}`);
    await run("apt-get", [...apart, "download", "-q", `${name}=${version}`], {}, draft);
  }
}

async function run(program: string, args: string[], env: Record<string, string> = {}, cwd?: string): Promise<{ stdout: string }> {
  try {
    return await execute(program, args, { env: { ...process.env, ...env }, cwd, maxBuffer: 1 << 24, timeout: 240_000 });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`${program} ${args.slice(-2).join(" ")}: ${stderr?.trim() || message}`);
  }
}

async function main(): Promise<void> {
  const versions = await setupOpenvswitch(process.cwd(), (step) => void process.stdout.write(`[setup] ${step}\n`));
  for (const programs of Object.values(versions)) process.stdout.write(`${programs.version} ${programs.vswitchd}\n`);
}

if (process.argv[1]?.endsWith("tools/setup/openvswitch.ts")) void main();
