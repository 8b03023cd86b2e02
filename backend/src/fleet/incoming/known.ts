// SPDX-License-Identifier: Apache-2.0
import type { Queryable } from "../../ports.ts";

/** How long a revocation by another process may go unnoticed here; writes check the database's own row besides. Milliseconds. */
const BELIEVED = 5000;
const LIMIT = 20_000;

/** The networks of enrolled gateways, so that a message costs no query for it. */
export class Known {
  readonly #networks = new Map<string, { network: string; until: number }>();
  constructor(private readonly database: Queryable, private readonly now: () => number) {}

  async has(gateway: string, network: string): Promise<boolean> {
    const kept = this.#networks.get(gateway);
    if (kept && kept.until > this.now()) return kept.network === network;
    const [row] = await this.database.query<{ network: string }>("SELECT network FROM gateways WHERE id = $1 AND state = 'enrolled'", [gateway]);
    this.#networks.delete(gateway);
    if (row) this.#networks.set(gateway, { network: row.network, until: this.now() + BELIEVED });
    if (this.#networks.size > LIMIT) this.#networks.delete(this.#networks.keys().next().value!);
    return row?.network === network;
  }

  forget(gateway?: string): void {
    if (gateway === undefined) this.#networks.clear();
    else this.#networks.delete(gateway);
  }
}
