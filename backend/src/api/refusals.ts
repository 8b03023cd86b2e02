// SPDX-License-Identifier: Apache-2.0
// Refused attempts are logged, counted, and written to the audit log, as far as somebody who tries all day cannot fill the disk with them.
import type { FastifyRequest } from "fastify";
import type { Fleet } from "../ports.ts";
import type { Caller, Log } from "./types.ts";

/** Refusals that one address, and all together, may write to the audit log in a minute. Those beyond are counted only. */
const PER_ADDRESS = 30;
const ALTOGETHER = 300;
const MINUTE = 60_000;

export interface Refused { status: number; message: string; action?: string; target?: string; actor?: string; network?: string }

export class Refusals {
  readonly #written = new Map<string, number>();
  #minute = 0;
  #total = 0;
  #suppressed = 0;

  constructor(private readonly deps: { fleet: Pick<Fleet, "record">; log: Log; now: () => number; count: (status: number) => void }) {}

  add(request: FastifyRequest, caller: Caller | undefined, refused: Refused): void {
    this.deps.count(refused.status);
    if (!this.#spend(request.ip)) return;
    const action = refused.action ?? `${request.method} ${request.routeOptions?.url ?? "unknown path"}`;
    const actor = refused.actor ?? caller?.actor.name ?? "nobody";
    const detail = { status: refused.status, reason: refused.message, path: request.url.split("?")[0]!.slice(0, 200) };
    this.deps.log("warn", "api-refused", { actor, action, target: refused.target, remote: request.ip, ...detail });
    const entry = { actor, action, target: refused.target ?? detail.path, outcome: "refused" as const, detail, remote: request.ip };
    this.deps.fleet.record(refused.network ? { ...entry, network: refused.network } : entry)
      .catch((error: Error) => this.deps.log("error", "audit-failed", { message: error.message }));
  }

  #spend(address: string): boolean {
    const minute = Math.floor(this.deps.now() / MINUTE);
    if (minute !== this.#minute) this.#nextMinute(minute);
    const mine = this.#written.get(address) ?? 0;
    if (mine >= PER_ADDRESS || this.#total >= ALTOGETHER) {
      this.#suppressed++;
      return false;
    }
    this.#written.set(address, mine + 1);
    this.#total++;
    return true;
  }

  #nextMinute(minute: number): void {
    if (this.#suppressed > 0) this.deps.log("warn", "api-refused-more", { count: this.#suppressed });
    this.#written.clear();
    [this.#minute, this.#total, this.#suppressed] = [minute, 0, 0];
  }
}
