// SPDX-License-Identifier: Apache-2.0
/*
 * What answers rest on, per network, in memory. Live events say when it changed: an answer is at most as old as a notification takes, some 30 ms, and 60 s
 * when notifications fail; but never from an older policy than the one that the asking gateway has in force. Devices, which change often and matter little here, are read again at most each 5 s.
 */
import type { Policy } from "@securebox/contract";
import type { Database, LiveEvent, VerdictRow } from "../ports.ts";
import { listVerdicts } from "../fleet/verdict-rows.ts";

export interface NetworkKnowledge { policy: Policy | undefined; version: number; rows: VerdictRow[]; deviceAt: Map<string, string> }
interface Kept { rules: Promise<Omit<NetworkKnowledge, "deviceAt">>; rulesUntil: number; devices: Promise<Map<string, string>>; devicesUntil: number }

const BELIEVED = 60_000;
const DEVICES_APART = 5000;
const LIMIT = 500;

export class Networks {
  readonly #kept = new Map<string, Kept>();
  constructor(private readonly database: Database, private readonly now: () => number) {}

  /** Without a query when nothing changed. Rejects when the database is away and nothing is known. */
  async get(network: string, atLeast = 0): Promise<NetworkKnowledge> {
    const now = this.now();
    const kept: Kept = this.#kept.get(network) ?? { rules: undefined!, rulesUntil: 0, devices: undefined!, devicesUntil: 0 };
    if (kept.rulesUntil <= now) Object.assign(kept, { rules: forgetOnFailure(this.#readRules(network), kept, "rulesUntil"), rulesUntil: now + BELIEVED });
    if (kept.devicesUntil <= now) Object.assign(kept, { devices: forgetOnFailure(this.#readDevices(network), kept, "devicesUntil"), devicesUntil: now + BELIEVED });
    this.#kept.delete(network);
    this.#kept.set(network, kept);
    if (this.#kept.size > LIMIT) this.#kept.delete(this.#kept.keys().next().value!);
    if ((await kept.rules).version < atLeast) Object.assign(kept, { rules: forgetOnFailure(this.#readRules(network), kept, "rulesUntil"), rulesUntil: now + BELIEVED });
    const [rules, deviceAt] = await Promise.all([kept.rules, kept.devices]);
    return { ...rules, deviceAt };
  }

  take(event: LiveEvent): void {
    if (event.kind !== "network" && event.kind !== "policy" && event.kind !== "devices") return;
    const kept = this.#kept.get(event.network);
    if (!kept) return;
    if (event.kind === "devices") kept.devicesUntil = Math.min(kept.devicesUntil, this.now() + DEVICES_APART);
    else kept.rulesUntil = 0;
  }

  forget(): void {
    this.#kept.clear();
  }

  async #readRules(network: string): Promise<Omit<NetworkKnowledge, "deviceAt">> {
    const [row] = await this.database.query<{ policy: Policy; version: number }>("SELECT policy, version FROM policies WHERE network = $1 ORDER BY version DESC LIMIT 1", [network]);
    return { policy: row?.policy, version: row?.version ?? 0, rows: await listVerdicts(this.database, network, this.now()) };
  }

  async #readDevices(network: string): Promise<Map<string, string>> {
    const rows = await this.database.query<{ mac: string; address: string }>(
      "SELECT mac, jsonb_array_elements_text(addresses) AS address FROM devices WHERE network = $1 AND associated ORDER BY last_seen LIMIT 20000", [network]);
    return new Map(rows.map(({ mac, address }) => [address, mac]));
  }
}

function forgetOnFailure<T>(reading: Promise<T>, kept: Kept, until: "rulesUntil" | "devicesUntil"): Promise<T> {
  reading.catch(() => { kept[until] = 0; });
  return reading;
}
