// SPDX-License-Identifier: Apache-2.0
// Attacks run nowhere but in machines that the harness made for them.
import { platform } from "quickjs-ts/platform";

/** On the kernel's command line of every machine that qemu/harness/boot.ts starts; nobody boots a computer of his own with it. */
export const MARK = "securebox.machine=disposable";

/** Ends the program elsewhere than in such a machine, with status 3. */
export function onlyInOurMachine(): void {
  const words = platform.files.readText("/proc/cmdline").trim().split(/\s+/);
  if (words.includes(MARK)) return;
  platform.processes.stderr("attacks send real frames; they run in a virtual machine of their own only: npm run attacks\n");
  platform.processes.exit(3);
}
