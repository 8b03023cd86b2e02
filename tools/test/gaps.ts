// SPDX-License-Identifier: Apache-2.0
import type { Target } from "../compile/target.ts";
import type { Outcome } from "./run-file.ts";

export interface Gap { name: string; where(target: Target): boolean; why: string }

const onMips = ({ name, emulator }: Target): boolean => emulator.length > 0 && name.startsWith("mips");
/** Tests that fail because of the emulator or an engine of old, by name. */
const gaps: readonly Gap[] = [
  ...["a port where nobody listens: closes with ECONNREFUSED, without open", "a refused connection keeps the system's name; bad options are refused at once"]
    .map((name) => ({ name, where: onMips, why: "qemu-user 7.2 hands SO_ERROR on in the numbers of the machine, and those of MIPS differ" })),
  { name: "a policy of a thousand rules is read in less than three seconds on a busy machine", where: ({ emulator }) => emulator.length > 0, why: "asserts on speed, which is the emulator's" },
  ...["a stack leads to this file", "an internal error: status 5, with a stack that leads to the sources"]
    .map((name) => ({ name, where: ({ quickjs }: Target) => quickjs === "2024-01-13", why: "this release has no columns in stacks, without which a position in a bundle leads nowhere" })),
];

/** The gaps that a file failed by: all of what failed in it, or none, so that whatever else goes wrong makes it count in full. */
export function knownGaps(target: Target, { output, failed }: Outcome): readonly Gap[] {
  const names = [...output.matchAll(/^ *FAIL +.* "(.*)"$/gm)].map((match) => match[1]);
  const known = gaps.filter(({ name, where }) => where(target) && names.includes(name));
  return known.length === failed && known.length === names.length ? known : [];
}
