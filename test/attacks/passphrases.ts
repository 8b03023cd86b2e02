// SPDX-License-Identifier: Apache-2.0
// Reading what another station sends, with a passphrase and its handshake.
import { sleep } from "../../qemu/guest/command.ts";
import { nonceFrame } from "../lab/packet.ts";
import { contains, newNonce } from "./arrives.ts";
import type { Field } from "./field.ts";
import { Handshake } from "./handshakes.ts";

/** For the monitor's last frames. Milliseconds. */
const LISTENS = 500;

/** The victim joins with `secret` under an address of its own (a device keeps its key), sends something to the router, and the attacker reads it with the passphrase it knows. */
export async function readsVictim({ attacker, victim, router, bss, say }: Field, secret: string, known: string): Promise<boolean> {
  const { bssid, ssid } = bss.home;
  const address = secret === victim.secret ? victim.mac : "02:00:00:00:88:13";
  const air = await attacker.monitor(`type data and (wlan addr1 ${address} or wlan addr2 ${address})`);
  const handshake = new Handshake(air, bssid, address);
  try {
    if (!(await victim.join({ mac: address, secret }))) throw new Error("the victim is not let in");
    handshake.encrypted.length = 0;
    const nonce = newNonce();
    for (let i = 0; i < 3; i++) await victim.send(nonceFrame({ from: address, to: router.mac }, victim.v4, router.v4, nonce));
    await sleep(LISTENS);
    const key = await handshake.key(ssid, known);
    const read = key === undefined ? [] : await handshake.texts(key);
    say(`${handshake.encrypted.length} frames heard, ${key === undefined ? "the passphrase does not fit" : `${read.length} opened`}`);
    return read.some((text) => contains(text, nonce));
  } finally {
    handshake.close();
    air.close();
    await victim.join();
    await victim.restore();
  }
}
