// SPDX-License-Identifier: Apache-2.0
// Where station events come from. Now: JSON lines of a unix stream socket; later hostapd's ubus behind the same interface. After each
// (re)connect the source sends one snapshot per BSS first, so nothing that happened meanwhile is missed.
import type { Millis, Platform, Stream, StreamHandlers, Timer } from "quickjs-ts";
import type { Mac } from "../wifi-isolation/network.ts";
import { encodeLine, LineReader } from "./lines.ts";
import type { Log } from "./log.ts";

/**
 * `key`: the identity of the key that the station proved (its PSK's name), when the radio tells it. `vlan`: hostapd's number of the netdev by which its frames come,
 * where that is not the BSS's own (station-ports.ts).
 */
export interface Station { address: Mac; key?: string; vlan?: number }

export type StationEvent =
  /** All stations of one BSS as they are now; replaces what was known of it. */
  | { event: "stations"; bss: string; stations: Station[] }
  | ({ event: "associated"; bss: string } & Station)
  | { event: "disassociated"; bss: string; address: Mac };

export interface StationSource {
  readonly connected: boolean;
  /** `receive` gets every event; `lost` is called when the connection broke: what is known may be stale until the next snapshots. */
  start(receive: (event: StationEvent) => void, lost: () => void): void;
  /** `reason`: IEEE 802.11 reason code. Dropped while not connected: the next snapshot tells whether the station is still there. */
  deauthenticate(bss: string, address: Mac, reason: number): void;
  close(): void;
}

const MAX_LINE = 262_144;
const FIRST_DELAY: Millis = 100;
const MAX_DELAY: Millis = 5000;

export class JsonLinesStations implements StationSource {
  readonly #platform: Pick<Platform, "net" | "timers">;
  readonly #path: string;
  readonly #log: Log;
  #stream: Stream | undefined;
  #timer: Timer | undefined;
  #delay = FIRST_DELAY;
  #connected = false;
  #closed = false;

  constructor(platform: Pick<Platform, "net" | "timers">, path: string, log: Log) {
    this.#platform = platform;
    this.#path = path;
    this.#log = log;
  }

  get connected(): boolean { return this.#connected; }

  start(receive: (event: StationEvent) => void, lost: () => void): void {
    this.#stream = this.#platform.net.connect({ unix: this.#path }, this.#handlers(receive, lost), { timeout: 2000 });
  }

  deauthenticate(bss: string, address: Mac, reason: number): void {
    if (this.#connected) this.#stream?.write(encodeLine({ request: "deauthenticate", bss, address, reason }));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#stream?.destroy();
  }

  #handlers(receive: (event: StationEvent) => void, lost: () => void): StreamHandlers {
    const reader = new LineReader(MAX_LINE);
    return {
      open: () => {
        this.#connected = true;
        this.#delay = FIRST_DELAY;
        this.#log.info("station events connected", { path: this.#path });
      },
      data: (chunk) => {
        try {
          for (const line of reader.push(chunk)) if (line.trim() !== "") receive(decodeStationEvent(line));
        } catch (error) {
          this.#log.error("station event refused", { reason: (error as Error).message });
          this.#stream?.destroy();
        }
      },
      end: () => this.#stream?.destroy(),
      close: (error) => {
        if (this.#closed) return;
        this.#log.warn("station events lost", { path: this.#path, reason: error?.code, retry: `${this.#delay}ms` });
        if (this.#connected) lost();
        this.#connected = false;
        this.#timer = this.#platform.timers.after(this.#delay, () => this.start(receive, lost));
        this.#delay = Math.min(MAX_DELAY, this.#delay * 2);
      },
    };
  }
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** Throws TypeError naming the field. */
export function decodeStationEvent(line: string): StationEvent {
  const value = JSON.parse(line) as Record<string, unknown>;
  const bss = text(value["bss"], "bss");
  if (value["event"] === "stations") {
    if (!Array.isArray(value["stations"])) throw new TypeError("stations: expected a list");
    return { event: "stations", bss, stations: value["stations"].map(decodeStation) };
  }
  if (value["event"] === "associated") return { event: "associated", bss, ...decodeStation(value) };
  if (value["event"] === "disassociated") return { event: "disassociated", bss, address: decodeStation(value).address };
  throw new TypeError(`event: unknown event ${JSON.stringify(value["event"])}`);
}

function decodeStation(value: unknown): Station {
  const { address, key, vlan } = (value ?? {}) as { address?: unknown; key?: unknown; vlan?: unknown };
  const mac = text(address, "address").toLowerCase();
  if (!MAC.test(mac)) throw new TypeError(`address: expected a MAC address, found ${JSON.stringify(address)}`);
  if (vlan !== undefined && !isVlan(vlan)) throw new TypeError(`vlan: expected hostapd's number of an interface, found ${JSON.stringify(vlan)}`);
  return { address: mac, ...(key === undefined || key === null ? {} : { key: text(key, "key") }), ...(vlan === undefined ? {} : { vlan }) };
}

/** 1 to 4094, or an interface of one station; interface names have room for six digits. */
export function isVlan(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 1_000_000 && value !== 4095;
}

function text(value: unknown, field: string): string {
  if (typeof value !== "string" || value === "" || value.length > 256) throw new TypeError(`${field}: expected a short text, found ${JSON.stringify(value)}`);
  return value;
}
