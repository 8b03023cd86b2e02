// SPDX-License-Identifier: Apache-2.0
// Floods. The attacker sends many frames that none of its rights cover, each another than the last. It has succeeded when others notice:
//  - a hundredth of its frames, or more, arrives at a station that it may not reach: their airtime is gone;
//  - an allowed pair loses a hundredth of its packets, or a new allowed flow of another station its first one (lost, or later than a second);
//  - the gateway, where there is one, needs more memory than its budget.
// The rate is one that the emulated machine bears: a control sends as many frames that end at the attacker's own uplink, and must harm nobody.
import { ethernet, udp } from "../lab/packet.ts";
import { sleep } from "../../qemu/guest/command.ts";
import { newNonce } from "./arrives.ts";
import type { Field, Party, Station } from "./field.ts";

/** Frames of one kind. `countingAt`: the byte of a 16-bit field that goes up by one each time. `count`: its share of the flood when absent. */
export interface Wave { what: string; frame: Uint8Array; countingAt?: number }

/** Who is where: of a field, or of another network that bears more. */
export type Scene = Readonly<Record<"attacker" | "victim" | "distant" | "router", Pick<Party, "mac" | "v4" | "v6">>> & Pick<Field, "network">;

const [PER_SECOND, FRAMES] = [500, 750];
const SHARE = 0.01;
/** A new flow's first packet. Milliseconds. */
const FIRST_WITHIN = 1000;
const FIRST_EVERY = 250;
/** Resident, under load. 10^6 bytes. */
const MEMORY = 10;
/** Where a frame without options has the last two bytes of its addresses, and its ports. */
export const offset = { sourceMac: 10, ip4Source: 28, ip4Destination: 32, ip6Source: 36, ip6Destination: 52, port4From: 34, port4To: 36, arpSender: 30, arpTarget: 40, ndTarget: 76 } as const;

/** Nobody listens to it; what sees it first drops it. */
const NO_PROTOCOL = 0x88b5;
export const harmless = ({ attacker, router }: Scene): Wave => ({ what: "control", frame: ethernet({ from: attacker.mac, to: router.mac }, NO_PROTOCOL, new Uint8Array(60)), countingAt: 14 });

/** A datagram without checksum, so that its ports and addresses may count. */
export function uncheckedUdp(source: string, destination: string, ports: { from: number; to: number }, payload: Uint8Array, hops?: number): Uint8Array {
  const datagram = udp(source, destination, ports, payload, hops);
  if (!source.includes(":")) datagram.fill(0, 26, 28);
  return datagram;
}

interface Harm { arrived: number; sent: number; lost: number; asked: number; late: number; flows: number; memory: number }

/** Frames that the kernel of a station has received. */
async function received(station: Station): Promise<number> {
  const { stdout } = await station.run(["cat", `/sys/class/net/${station.device}/statistics/rx_packets`]);
  return Number(stdout);
}

/** New flows from one station to another, one after the other until `over`: each is the first packet of its own. */
async function firstPackets(from: Station, to: Party, over: () => boolean): Promise<{ flows: number; late: number }> {
  const count = { flows: 0, late: 0 };
  const arrivals: Promise<unknown>[] = [];
  while (!over()) {
    const nonce = newNonce();
    const frame = ethernet({ from: from.mac, to: to.mac }, 0x0800, udp(from.v4, to.v4, { from: 20_000 + nextPort++, to: 7 }, new TextEncoder().encode(nonce)));
    arrivals.push(to.hears(nonce, FIRST_WITHIN).then((frame) => void (frame ?? count.late++)));
    count.flows++;
    await from.send(frame);
    await sleep(FIRST_EVERY);
  }
  await Promise.all(arrivals);
  return count;
}
let nextPort = 0;

/** Every wave by one sender, after each other, while peer and distant talk and begin new flows. */
async function measure(field: Field, waves: readonly Wave[], sender: Party): Promise<Harm> {
  const { victim, peer, distant, gateway } = field;
  const count = Math.ceil(FRAMES / waves.length);
  const traffic = field.allowed(peer, distant);
  await traffic.flows();
  let over = false;
  const flows = firstPackets(peer, distant, () => over);
  const before = await received(victim);
  for (const { frame, countingAt } of waves) await sender.flood(frame, count, PER_SECOND, countingAt);
  const arrived = (await received(victim)) - before;
  over = true;
  const [first, talk] = [await flows, await traffic.stop()];
  return { arrived, sent: count * waves.length, lost: talk.lost, asked: talk.sent, ...first, memory: gateway?.memory() ?? 0 };
}

const harmful = ({ arrived, sent, lost, asked, late, memory }: Harm): boolean => arrived >= SHARE * sent || lost >= SHARE * asked || late > 0 || memory > MEMORY;

const told = ({ arrived, sent, lost, asked, late, flows, memory }: Harm): string =>
  `${arrived} of ${sent} frames arrived at the victim; ${lost} of ${asked} allowed packets lost; ${late} of ${flows} new flows lost or late${memory ? `; the gateway has ${memory.toFixed(1)} MB` : ""}`;

let controlled: Promise<void> | undefined;

/** Rejects when the machine is too slow for as many frames that harm nobody. */
async function control(field: Field): Promise<void> {
  const harm = await measure(field, [harmless(field)], field.attacker);
  field.say(`control: ${told(harm)}`);
  if (harmful(harm)) throw new Error(`${PER_SECOND} harmless frames a second are too many for this machine: ${told(harm)}`);
}

/** Whether the waves did harm. The victim takes no part in the allowed traffic (`takesVictim`). */
export async function flooded(field: Field, waves: readonly Wave[], sender: Party = field.attacker): Promise<boolean> {
  await (controlled ??= control(field));
  const harm = await measure(field, waves, sender);
  field.say(told(harm));
  return harmful(harm);
}
