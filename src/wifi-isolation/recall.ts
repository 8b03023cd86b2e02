// SPDX-License-Identifier: Apache-2.0
// The way back from flows to devices: whom the switch lets in, where, and with which addresses. For a gateway that was killed before its
// state was on flash.
import type { Flow } from "node-openvswitch/openflow";
import { formatIp, formatMac } from "../packets/index.ts";
import { ownerOf } from "./cookie.ts";
import type { Device, Ip, Mac, Topology } from "./network.ts";
import { TABLE } from "./pipeline.ts";
import { SOURCE } from "./registers.ts";

/** The tables that `Recall` needs; other flows are no harm. */
export const RECALLED_TABLES: readonly number[] = [TABLE.source, TABLE.binding];

/** A device that is cut (blocked, quarantined) is left out: its flows tell neither why nor what it may do afterwards. */
export class Recall {
  readonly #places = new Map<number, { port: number; mac: Mac }>();
  readonly #addresses = new Map<number, Ip[]>();

  add({ table, match, instructions, cookie }: Pick<Flow, "table" | "match" | "instructions" | "cookie">): void {
    const owner = ownerOf(cookie);
    if (owner?.kind !== "device" || !instructions.some(({ type }) => type === "goto")) return;
    const { id } = owner;
    const { in_port: port, eth_src: mac, eth_type: _type, [SOURCE]: source, ip_src: ip4, ipv6_src: ip6, ...others } = match;
    if (Object.keys(others).length > 0) return;
    if (table === TABLE.source && typeof port === "number" && mac instanceof Uint8Array) this.#places.set(id, { port, mac: formatMac(mac) });
    const address = typeof ip4 === "number" ? bytesOf(ip4) : ip6;
    if (table === TABLE.binding && source === id && address instanceof Uint8Array) this.#addresses.set(id, [...(this.#addresses.get(id) ?? []), formatIp(address)]);
  }

  /** Devices at ports that are still there. */
  devices({ ports }: Pick<Topology, "ports">): Device[] {
    return [...this.#places].flatMap(([id, { port: number, mac }]) => {
      const port = ports.find((candidate) => candidate.number === number)?.name;
      return port === undefined ? [] : [{ id, mac, port, addresses: this.#addresses.get(id) ?? [] }];
    });
  }
}

function bytesOf(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
