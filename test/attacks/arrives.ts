// SPDX-License-Identifier: Apache-2.0
// The plainest proof of a success: a frame is heard where it must not come.
import type { Party } from "./field.ts";
import { sleep } from "../../qemu/guest/command.ts";

/** How long a frame may take: longer than a packet is held for a verdict, on an emulated processor. Milliseconds. */
const PATIENCE = 700;
let attempts = 0;

/** Words that no other frame has. */
export const newNonce = (): string => `attempt ${++attempts} of ${Math.random().toString(36).slice(2)}`;

export function contains(frame: Uint8Array, mark: Uint8Array | string): boolean {
  const bytes = typeof mark === "string" ? new TextEncoder().encode(mark) : mark;
  return frame.some((_, at) => at + bytes.length <= frame.length && bytes.every((byte, i) => frame[at + i] === byte));
}

/**
 * Sends the frame three times from one party and listens at another for `mark`, `patience` milliseconds longer than the sending takes: where many
 * attempts go on side by side, a time from the start would be over before the last has left, and call blocked what was only late.
 */
export async function arrives(from: Party, frame: Uint8Array, at: Party, mark: Uint8Array | string, patience = PATIENCE): Promise<boolean> {
  const listener = at.listen(mark);
  for (let i = 0; i < 3; i++) {
    await from.send(frame);
    await sleep(30);
  }
  return (await listener.heard(patience)) !== undefined;
}

/** Whether any of the attempts succeeded; all come to their end. */
export async function any(...attempts: readonly Promise<boolean>[]): Promise<boolean> {
  return (await Promise.all(attempts)).includes(true);
}
