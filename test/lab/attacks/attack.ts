// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from "node:crypto";
import { sleep } from "../command.ts";
import type { Frames } from "../frames.ts";
import type { Topology } from "../topology.ts";

/** What an attack is about, as the acceptance demands name it. */
export type Kind =
  | "plain unicast" | "IP spoofing" | "ARP spoofing" | "ND spoofing" | "MAC of a peer" | "MAC of the uplink" | "re-association"
  | "broadcast reflection" | "gateway bouncing" | "rogue DHCP server" | "rogue RA";

export interface Attack {
  kind: Kind;
  /** The variant: who, to whom, by which protocol. */
  name: string;
  /** Sends real frames; true when it succeeded: its frame was seen where it must not come, with a nonce of this attempt in it. */
  run(topology: Topology): Promise<boolean>;
  /** Moves stations about: runs alone, and puts everything back. */
  alone?: boolean;
}

/** Whoever has raw frames: a station or the uplink. */
export interface Place {
  frames(): Promise<Frames>;
}

/** How long a frame may take: longer than a packet is held for a verdict. */
const patience = 400;

export function newNonce(): string {
  return randomUUID();
}

/** Sends the frame three times from one place and watches another for `mark`. */
export async function arrives(from: Place, frame: Uint8Array, at: Place, mark: string | Uint8Array): Promise<boolean> {
  const [sender, receiver] = await Promise.all([from.frames(), at.frames()]);
  const arrival = receiver.next((seen) => seen.includes(typeof mark === "string" ? mark : Buffer.from(mark)), patience);
  for (let i = 0; i < 3; i++) {
    await transmit(sender, frame);
    await sleep(30);
  }
  return (await arrival) !== undefined;
}

/** Sends; that the radio threw the sender out meanwhile is a defence at work, not a failure of the attempt. */
export async function transmit(sender: Frames, frame: Uint8Array): Promise<void> {
  await sender.send(frame).catch((error: Error) => {
    if (!error.message.includes("Network is down")) throw error;
  });
}
