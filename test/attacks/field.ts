// SPDX-License-Identifier: Apache-2.0
// Where an attack takes place, the same on every target:
//
//   attacker  victim  peer      distant
//        BSS "home"           BSS "away" (another radio)        router
//             \______________________|________________________/
//
// The policy allows victim and peer to talk to each other, and both to distant; nothing else between stations. The attacker is a station with a key of its own.
import type { DeviceResult } from "../../src/gateway/control/protocol.ts";
import type { Target } from "./attack.ts";

/** A station or the router. */
export interface Party {
  readonly name: string;
  readonly mac: string;
  readonly v4: string;
  readonly v6: string;
  /** Sends a frame as it is, from its interface. */
  send(frame: Uint8Array): Promise<void>;
  /** Sends `count` frames; the 16-bit field at byte `countingAt` goes up by one each time (0: none does). Resolves when the last has left. */
  flood(frame: Uint8Array, count: number, perSecond: number, countingAt?: number): Promise<void>;
  /** Calls `watcher` for each frame that arrives, until the function it returns is called. */
  watch(watcher: (frame: Uint8Array) => void): () => void;
  /** Listens from now on for a frame that contains `mark`; `heard` gives it, or undefined after `patience` milliseconds, and ends the listening. */
  listen(mark: Uint8Array | string): { heard(patience: number): Promise<Uint8Array | undefined> };
  /** The first arriving frame that contains `mark`, undefined after `deadline` milliseconds. Listens from the call on. */
  hears(mark: Uint8Array | string, deadline?: number): Promise<Uint8Array | undefined>;
}

export type BssName = "home" | "away";

/** Frames of the air. */
export interface Air {
  send(frame: Uint8Array): Promise<void>;
  watch(watcher: (frame: Uint8Array) => void): () => void;
  close(): void;
}

export interface Join {
  bss?: BssName;
  mac?: string;
  /** Passphrase. */
  secret?: string;
  /** It gives up after so many milliseconds, or as soon as it is thrown out. */
  within?: number;
}

/** A party with a radio. */
export interface Station extends Party {
  /** The network device of its radio, inside `namespace`. */
  readonly device: string;
  readonly namespace: string;
  /** Its passphrase. */
  readonly secret: string;
  /** Runs a program in its namespace to its end. */
  run(argv: readonly string[], deadline?: number): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Leaves, and asks to be let in at a BSS with this address and key; whether it is let in. Its own place, address and key by default. */
  join(how?: Join): Promise<boolean>;
  /** Leaves, with its own address from then on. */
  leave(): Promise<void>;
  /** Words for its wpa_supplicant, as of wpa_cli; what that says. */
  ask(...words: readonly string[]): Promise<string>;
  /** What its radio hears, whomever it is for, as far as `filter` takes it (tcpdump's words); what is sent leaves as it is. 802.11 frames with radiotap headers (air.ts). */
  monitor(filter: string): Promise<Air>;
  /** Back at its own place with its own address and key, and known to the switch again. */
  restore(): Promise<void>;
  /** Out of the others' reach, as behind a wall: nobody is told. */
  outOfReach(yes: boolean): Promise<void>;
}

/** Traffic of an allowed pair, while an attack goes on. */
export interface Traffic {
  /** Resolves at the first answer. Rejects when there is none in ten seconds. */
  flows(): Promise<void>;
  stop(): Promise<{ sent: number; lost: number }>;
}

export interface Field {
  readonly target: Target;
  readonly attacker: Station;
  /** On the attacker's BSS. */
  readonly victim: Station;
  /** On the attacker's BSS. Victim and peer may talk. */
  readonly peer: Station;
  /** On another radio of the same network. */
  readonly distant: Station;
  /** On the wire; forwards between its networks as any router does. */
  readonly router: Party;
  readonly network: { readonly broadcast4: string; readonly prefix4: string; readonly prefix6: string };
  /** Access points of the field, for attacks on the radio. */
  readonly bss: Readonly<Record<BssName, { bssid: string; ssid: string; channel: number }>>;
  /** Any station may use it, beside the passphrase of its own that each has. */
  readonly sharedPassphrase: string;
  /** Echo requests of an allowed pair, 50 a second. */
  allowed(from: Station, to: Party): Traffic;
  /** Of the gateway, where there is one: resident megabytes (10^6 bytes), events of its log since the field was made, and what it knows of devices. */
  gateway?: { memory(): number; log(): string; devices(): Promise<DeviceResult[]> };
  say(text: string): void;
}
