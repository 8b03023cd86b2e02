// SPDX-License-Identifier: Apache-2.0
// What can be read with a passphrase and a 4-way handshake that was heard: the pairwise key of WPA2-PSK (IEEE 802.11-2020, 12.7.1.2, 12.7.1.3, 12.7.6; J.4.1 for the passphrase).
import { must } from "../../qemu/guest/command.ts";
import { bytes, concat, mac, toHex, hex } from "../lab/packet.ts";
import { type DataFrame, open, parse } from "./air.ts";
import type { Air } from "./field.ts";

/** EAPOL-Key frames without encryption: LLC, then version, type, length, descriptor and key information. */
const EAPOL = hex("aaaa03000000888e");
const [LLC, INFORMATION, NONCE, MIC, MIC_END] = [8, 5, 17, 81, 97];
const [ACKNOWLEDGE, HAS_MIC, SECURE] = [0x0080, 0x0100, 0x0200];

/** What the radio hears between an access point and one station. */
export class Handshake {
  #asked: Uint8Array | undefined;
  /** Message 2. */
  #answered: Uint8Array | undefined;
  /** From the station. */
  readonly encrypted: DataFrame[] = [];
  readonly #stop: () => void;

  constructor(air: Pick<Air, "watch">, readonly bssid: string, readonly station: string) {
    this.#stop = air.watch((frame) => this.#heard(parse(frame)));
  }

  get complete(): boolean { return this.#asked !== undefined && this.#answered !== undefined; }

  close(): void {
    this.#stop();
  }

  /** The key with which frames to and from the station are sealed, hex; undefined when the station proved another passphrase. */
  async key(ssid: string, passphrase: string): Promise<string | undefined> {
    if (!this.complete) throw new Error(`no handshake of ${this.station} was heard`);
    const master = /\bpsk=([0-9a-f]{64})/.exec(await must(["wpa_passphrase", ssid, passphrase]))![1]!;
    const message = this.#answered!;
    const ordered = (a: Uint8Array, b: Uint8Array): Uint8Array[] => (toHex(a) < toHex(b) ? [a, b] : [b, a]);
    const both = concat([...ordered(mac(this.bssid), mac(this.station)), ...ordered(this.#asked!.subarray(NONCE, NONCE + 32), message.subarray(NONCE, NONCE + 32))]);
    const label = concat([new TextEncoder().encode("Pairwise key expansion"), bytes(0), both]);
    const expanded = concat(await Promise.all([0, 1, 2].map((i) => sha1(master, concat([label, bytes(i)])))));
    const blank = message.slice();
    blank.fill(0, MIC, MIC_END);
    const proof = await sha1(toHex(expanded.subarray(0, 16)), blank);
    return toHex(proof.subarray(0, 16)) === toHex(message.subarray(MIC, MIC_END)) ? toHex(expanded.subarray(32, 48)) : undefined;
  }

  /** What was sent, as far as `key` opens it. */
  async texts(key: string): Promise<Uint8Array[]> {
    const opened = await Promise.all(this.encrypted.map((frame) => open(frame, key)));
    return opened.filter((text) => text !== undefined);
  }

  /** The nonces of the newest handshake count. */
  #heard(frame: DataFrame | undefined): void {
    if (!frame) return;
    if (frame.encrypted) return void (frame.toAccessPoint && this.encrypted.length < 16 && this.encrypted.push(frame));
    if (toHex(frame.body.subarray(0, LLC)) !== toHex(EAPOL)) return;
    const key = frame.body.subarray(LLC);
    const message = key.slice(0, 4 + ((key[2]! << 8) | key[3]!));
    const information = (message[INFORMATION]! << 8) | message[INFORMATION + 1]!;
    if (information & ACKNOWLEDGE && !(information & HAS_MIC)) [this.#asked, this.#answered] = [message, undefined];
    else if (information & HAS_MIC && !(information & (ACKNOWLEDGE | SECURE))) this.#answered = message;
  }
}

const sha1 = async (key: string, data: Uint8Array): Promise<Uint8Array> => hex((await must(["ciphers", "sha1", key, toHex(data)])).trim());
