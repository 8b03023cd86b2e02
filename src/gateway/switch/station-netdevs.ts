// SPDX-License-Identifier: Apache-2.0
// Interfaces that hostapd makes beside a BSS's own (../station-ports.ts), as the kernel has them now. They come and go with stations, so no configuration can name them.
import type { Files } from "quickjs-ts";
import type { PortRole } from "../../wifi-isolation/network.ts";
import { FIRST_STATION, originOf } from "../station-ports.ts";

export interface StationNetdevsParts {
  files: Pick<Files, "list">;
  configured(): Readonly<Record<string, PortRole>>;
  /** Of keys. A VLAN that is nobody's here is its owner's business. */
  vlans(): readonly number[];
  /** Ports where the radio says that stations are. */
  told(): readonly string[];
}

const NETDEVS = "/sys/class/net";

export class StationNetdevs {
  readonly #parts: StationNetdevsParts;

  constructor(parts: StationNetdevsParts) {
    this.#parts = parts;
  }

  /** Those that are there, or said to be. Empty, and the kernel not asked, without a BSS. */
  wanted(): Set<string> {
    const { told } = this.#parts;
    return new Set([...this.#present(), ...told()].filter((name) => this.isOurs(name)).sort());
  }

  isOurs(name: string): boolean {
    const vlan = originOf(name, this.#bsses)?.vlan ?? 0;
    return this.#parts.configured()[name] === undefined && (vlan >= FIRST_STATION || this.#parts.vlans().includes(vlan));
  }

  get #bsses(): string[] {
    const ports = this.#parts.configured();
    return Object.keys(ports).filter((name) => ports[name] === "bss");
  }

  #present(): string[] {
    if (this.#bsses.length === 0) return [];
    try {
      return this.#parts.files.list(NETDEVS);
    } catch {
      return []; // no Linux
    }
  }
}
