// SPDX-License-Identifier: Apache-2.0
// A packet that waits in our hands: what the switch said of it, and what gives it back.
import { Port, type Match, type NxPacketIn2, type NxResume } from "node-openvswitch/openflow";
import { reasonOf, type ReasonName } from "../../wifi-isolation/index.ts";

export interface HeldFrame {
  reason: ReasonName;
  /** OpenFlow number of the port it came in at. */
  port: number;
  /** Device ids as the pipeline knew them; 0: none. */
  source: number;
  destination: number;
  bytes: Uint8Array;
  /** Gives it back to the switch, which goes on where it paused. */
  resume: NxResume;
}

/** undefined: not held by our pipeline. Copies what the packet-in only lends. */
export function holdFrame(packetIn: NxPacketIn2): HeldFrame | undefined {
  const { metadata = {}, continuation } = packetIn;
  const reason = reasonOf(register(metadata, "reg3"));
  if (!reason || !continuation) return undefined;
  const bytes = packetIn.packet.slice();
  return {
    reason, port: register(metadata, "in_port"), source: register(metadata, "reg0"), destination: register(metadata, "reg1"), bytes,
    resume: { type: "nx-resume", packet: bytes, cookie: packetIn.cookie, table: packetIn.table, reason: packetIn.reason, metadata: copyMatch(metadata), continuation: continuation.slice() },
  };
}

/** The id of the device that sent the packet, as the pipeline knew it; 0: none. */
export function sourceOf({ metadata = {} }: NxPacketIn2): number {
  return register(metadata, "reg0");
}

/** OpenFlow writes LOCAL with 32 bits; the switch's numbers elsewhere have 16. */
function register(metadata: Match, field: string): number {
  const value = metadata[field];
  const number = typeof value === "number" ? value : typeof value === "object" && "value" in value && typeof value.value === "number" ? value.value : 0;
  return field === "in_port" && (number & 0xffff) === (Port.LOCAL & 0xffff) ? Port.LOCAL : number;
}

function copyMatch(match: Match): Match {
  const copy: Match = {};
  for (const [field, value] of Object.entries(match)) copy[field] = value instanceof Uint8Array ? value.slice() : value;
  for (const [field, value] of Object.entries(copy)) {
    if (typeof value === "object" && "value" in value && value.value instanceof Uint8Array) copy[field] = { value: value.value.slice(), mask: (value.mask as Uint8Array).slice() };
  }
  return copy;
}

/** The frame with another destination address: a broadcast DHCP answer becomes the one station's. */
export function redirect(frame: HeldFrame, destination: Uint8Array): void {
  frame.bytes.set(destination, 0);
}
