// SPDX-License-Identifier: Apache-2.0
// Makes a fresh Debian 12 machine ready: packages, both Open vSwitch versions, the runtime, the bundle, the lab's program.
import { join } from "node:path";
import { repositoryRoot } from "../../test/lab/command.ts";
import { labProgram, labPrograms } from "../../test/lab/compile.ts";
import { buildEmbedded, GATEWAY } from "../compile/gateway.ts";
import { newerThan } from "./newer.ts";
import { setupOpenvswitch } from "./openvswitch.ts";
import { installPackages, missingPackages } from "./packages.ts";
import { setupQuickjs } from "./quickjs.ts";

export type Part = "packages" | "openvswitch" | "quickjs" | "securebox" | "lab";

export interface SetupOptions {
  /** Default: all. */
  parts?: readonly Part[];
  /** Gets one line per step; default: standard error. */
  progress?: (line: string) => void;
}

interface Step {
  part: Part;
  about: string;
  run(detail: (text: string) => void): Promise<unknown>;
}

/** Installs and builds what is missing; quick when nothing is. Rejects with what is needed, for example root. */
export async function setup({ parts, progress = (line) => void process.stderr.write(line + "\n") }: SetupOptions = {}): Promise<void> {
  const steps = (await plan()).filter((step) => !parts || parts.includes(step.part));
  for (const [i, step] of steps.entries()) {
    const tell = (text: string): void => progress(`[setup] ${i + 1}/${steps.length} ${text}`);
    tell(step.about);
    await step.run(tell);
  }
}

async function plan(): Promise<Step[]> {
  const missing = await missingPackages();
  if (missing.length > 0 && process.getuid?.() !== 0) throw new SetupError(`root is needed to install: ${missing.join(" ")}\nRun this command as root, or first: apt-get install ${missing.join(" ")}`);
  const root = repositoryRoot();
  return [
    ...missing.map((name): Step => ({ part: "packages", about: `installing ${name}`, run: () => installPackages([name]) })),
    { part: "openvswitch", about: "Open vSwitch 3.1 and 2.15", run: (detail) => setupOpenvswitch(root, detail) },
    { part: "quickjs", about: "QuickJS", run: (detail) => setupQuickjs(root, detail) },
    { part: "securebox", about: "build/securebox", run: (detail) => buildSecurebox(root, detail) },
    { part: "lab", about: "the lab's programs: raw frames, bad wires", run: () => Promise.all(labPrograms.map(labProgram)) },
  ];
}

/** Builds the executable of the access point, when one of its sources is newer. */
async function buildSecurebox(root: string, detail: (text: string) => void): Promise<void> {
  const output = join(root, "build/securebox");
  if (!newerThan(output, ["src", "packages", "tools/compile", "tools/bundle.mjs", "openwrt/src", "package.json", "package-lock.json"].map((path) => join(root, path)))) return;
  detail("building build/securebox: the gateway on QuickJS");
  await buildEmbedded(root, GATEWAY, output);
}

/** The machine lacks something that only its owner can give; the message says what. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}

if (process.argv[1]?.endsWith("tools/setup/index.ts")) {
  setup().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
