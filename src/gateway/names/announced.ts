// SPDX-License-Identifier: Apache-2.0
// What devices call themselves by mDNS (RFC 6762 §8.3): the switch sends copies of their frames to the group, few a second for each device. Anybody may
// announce any name, so it proves nothing: it is shown beside the device, and finds none in commands or rules. A machine without I/O.
import { decodeDns, DecodeError, dissect } from "../../packets/index.ts";
import type { Device, Mac } from "../../wifi-isolation/network.ts";
import type { Millis } from "quickjs-ts";

export interface AnnouncedName {
  name: string;
  /** The device whose name looks the same. */
  alike?: Mac;
}

/** Frames looked at: at once, and one more each so many milliseconds. What comes beyond is said again. */
const BURST = 40;
const INTERVAL: Millis = 50;
const PORT = 5353;
const SUFFIX = ".local";
const MAX_NAME = 63;

export class AnnouncedNames {
  /** Least recently learnt first. */
  readonly #names = new Map<Mac, string>();
  readonly #limit: number;
  /** When the bucket of frames is full again. */
  #fullAt: Millis = 0;

  /** `limit`: names kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A frame of the device. True: it calls itself otherwise than before. */
  hear(device: Device, frame: Uint8Array, now: Millis): boolean {
    const fullAt = Math.max(this.#fullAt, now) + INTERVAL;
    if (fullAt - now > BURST * INTERVAL) return false;
    this.#fullAt = fullAt;
    const name = nameIn(frame, device);
    if (name === undefined || this.#names.get(device.mac) === name) return false;
    this.#names.delete(device.mac);
    this.#names.set(device.mac, name);
    if (this.#names.size > this.#limit) this.#names.delete(this.#names.keys().next().value!);
    return true;
  }

  /** Of those of `devices`, which are all that are known, that have announced one. */
  namesOf(devices: readonly Device[]): Map<Mac, AnnouncedName> {
    const found = new Map<Mac, AnnouncedName>();
    if (this.#names.size === 0) return found;
    const looks = this.#looks(devices);
    for (const { mac } of devices) {
      const name = this.#names.get(mac);
      if (name === undefined) continue;
      const alike = looks.get(lookOf(name))?.find((other) => other !== mac);
      found.set(mac, alike === undefined ? { name } : { name, alike });
    }
    return found;
  }

  /** Who has a name that looks so, proved or announced. */
  #looks(devices: readonly Device[]): Map<string, Mac[]> {
    const looks = new Map<string, Mac[]>();
    for (const { mac, name } of devices) {
      for (const one of [name, this.#names.get(mac)]) {
        if (one === undefined) continue;
        const look = lookOf(one);
        const known = looks.get(look);
        if (known) known.push(mac);
        else looks.set(look, [mac]);
      }
    }
    return looks;
  }
}

/** The name.local that a response gives to one of the device's own addresses; undefined: none. A malformed message has none either. */
function nameIn(frame: Uint8Array, { addresses }: Device): string | undefined {
  try {
    const { network } = dissect(frame);
    if (network.type !== "ip" || network.upper.type !== "udp" || network.upper.udp.sourcePort !== PORT) return undefined;
    const { response, answers, additionals } = decodeDns(network.upper.udp.payload);
    if (!response) return undefined;
    // A goodbye (TTL 0) takes nothing away: it is the name that it had.
    const own = [...answers, ...additionals].find(({ name, ttl, data }) => ttl > 0 && data.type === "address" && addresses.includes(data.address) && name.toLowerCase().endsWith(SUFFIX));
    return own && cleaned(own.name.slice(0, -SUFFIX.length));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Letters, digits, hyphens and underscores; anything else, which the decoder has escaped, is a question mark. undefined: nothing is left. */
function cleaned(label: string): string | undefined {
  const name = label.replace(/(\\\d{3}|\\.|[^A-Za-z0-9_-])+/g, "?").slice(0, MAX_NAME);
  return /[A-Za-z0-9]/.test(name) ? name : undefined;
}

const ALIKE: readonly [RegExp, string][] = [[/[^a-z0-9]/g, ""], [/rn/g, "m"], [/vv/g, "w"], [/0/g, "o"], [/[1i|]/g, "l"], [/5/g, "s"], [/2/g, "z"], [/8/g, "b"]];

/** Names that a person may take for one another look the same. */
function lookOf(name: string): string {
  return ALIKE.reduce((text, [pattern, by]) => text.replace(pattern, by), name.toLowerCase());
}
