// SPDX-License-Identifier: Apache-2.0
// Lies and what shows that they were believed: what the victim's kernel holds afterwards, not what was sent.
import { concat, ethernet, groupMac, ip, type Link, mac, noncePort, toHex, udp } from "../lab/packet.ts";
import { sleep } from "../../qemu/guest/command.ts";
import { arrives, newNonce } from "./arrives.ts";
import type { Field, Party, Station } from "./field.ts";

export const families = ["v4", "v6"] as const;
export type Family = (typeof families)[number];

/** A kernel that changed an entry a moment ago keeps it for a second (arp(7), locktime). Times and milliseconds. */
const [TIMES, PAUSE] = [4, 350];

/** Sends the frames again and again until `seen`. */
export async function believed(from: Party, lies: readonly Uint8Array[], seen: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < TIMES; i++) {
    for (const lie of lies) await from.send(lie);
    await sleep(PAUSE);
    if (await seen()) return true;
  }
  return false;
}

/** Whether what a program of the station says contains `text`. */
export async function says(station: Station, argv: readonly string[], text: string): Promise<boolean> {
  return (await station.run(argv)).stdout.includes(text);
}

/** Attempts by name, side by side; all come to their end. The log tells which of them succeeded. */
export async function anyOf({ say }: Field, attempts: Readonly<Record<string, Promise<boolean>>>): Promise<boolean> {
  const outcomes = await Promise.all(Object.entries(attempts).map(async ([name, outcome]) => [name, await outcome] as const));
  const names = (wanted: boolean): string => outcomes.filter(([, outcome]) => outcome === wanted).map(([name]) => name).join(", ") || "none";
  say(`succeeded: ${names(true)}; failed: ${names(false)}`);
  return outcomes.some(([, outcome]) => outcome);
}

/** Builds a frame around a nonce of its own and looks whether the victim's radio receives it. */
export function delivered(from: Party, at: Party, frame: (nonce: Uint8Array) => Uint8Array): Promise<boolean> {
  const nonce = newNonce();
  return arrives(from, frame(new TextEncoder().encode(nonce)), at, nonce);
}

/** An IP packet to `noncePort`. */
export const datagram = (source: string, destination: string, nonce: Uint8Array): Uint8Array => udp(source, destination, { from: noncePort, to: noncePort }, nonce);

/** The address that a kernel forms from its link-layer address (RFC 4291, appendix A), as `ip` prints it. */
export function linkLocal({ mac: address }: Party): string {
  const b = mac(address);
  return `fe80::${[[b[0]! ^ 2, b[1]!], [b[2]!, 0xff], [0xfe, b[3]!], [b[4]!, b[5]!]].map(([high, low]) => ((high! << 8) | low!).toString(16)).join(":")}`.replace("::0:", "::");
}

/** The group at which a node is asked for its address (RFC 4291, 2.7.1). */
export function solicitedNode(address: string): string {
  const tail = toHex(ip(address).subarray(13));
  return `ff02::1:ff${tail.slice(0, 2)}:${tail.slice(2)}`;
}

/** Tags (802.1Q 0x8100, 802.1ad 0x88a8) in front of what a frame carries, the outermost first. */
export function tagged(link: Link, tags: readonly (readonly [type: number, vlan: number])[], type: number, payload: Uint8Array): Uint8Array {
  const head = [...tags.slice(1).map(([next]) => next), type];
  const inner = concat(tags.flatMap(([, vlan], i) => [Uint8Array.of(vlan >> 8, vlan & 255), Uint8Array.of(head[i]! >> 8, head[i]! & 255)]));
  return ethernet(link, tags[0]![0], concat([inner, payload]));
}

export const allNodes = { mac: groupMac("ff02::1"), ip: "ff02::1" };
