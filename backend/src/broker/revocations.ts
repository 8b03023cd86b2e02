// SPDX-License-Identifier: Apache-2.0
/*
 * An external broker's list of revoked certificates (RFC 5280, PEM), kept up to date: written at the start, after each revocation by any process, and daily, since a
 * list ends. Then the broker is told by a command of the operator's, and whoever was revoked since is disconnected: a broker asks its list at the handshake only.
 */
import { execFile } from "node:child_process";
import { chmod, rename, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Broker, Database, Pki } from "../ports.ts";

/** Notified with each transaction that revokes. */
export const REVOKED = "securebox_revoked";
const DAILY = 86_400_000;
const RETRY = 10_000;
const COMMAND_DEADLINE = 10_000;

export interface RevocationsOptions {
  file: string;
  /** For /bin/sh; absent: the broker notices by itself. */
  reload?: string;
  database: Database;
  pki: Pick<Pki, "crl">;
  broker: Pick<Broker, "disconnect">;
  log(level: "info" | "warn", event: string, fields?: Record<string, unknown>): void;
}

/** Resolves when the list is written. Rejects when it cannot be, or the database is not reached. A command that fails is tried again. */
export async function keepRevocations(options: RevocationsOptions): Promise<{ close(): Promise<void> }> {
  const keeper = new Keeper(options);
  await keeper.write();
  const silence = await options.database.listen(REVOKED, () => keeper.due(0));
  keeper.due(0);
  return { close: async () => { keeper.close(); await silence(); } };
}

class Keeper {
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  #again = false;
  /** Serial numbers whose gateways were disconnected; undefined before the first time. */
  #told: Set<string> | undefined;
  #closed = false;

  constructor(private readonly options: RevocationsOptions) {}

  /** After this many milliseconds, or after the work that is under way. */
  due(delay: number): void {
    if (this.#closed) return;
    if (this.#working) return void (this.#again = true);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#work(), delay).unref();
  }

  async #work(): Promise<void> {
    this.#working = true;
    this.#again = false;
    let next = DAILY;
    try {
      const revoked = await this.#revoked();
      await this.write();
      await this.#reload();
      await this.#disconnect(revoked);
    } catch (error) {
      this.options.log("warn", "revocations.failed", { error: (error as Error).message });
      next = RETRY;
    }
    this.#working = false;
    this.due(this.#again ? 0 : next);
  }

  /** At once whole: the broker may read it at any time, as another user. */
  async write(): Promise<void> {
    const { file, pki } = this.options;
    const text = await pki.crl();
    await writeFile(`${file}.new`, text);
    await chmod(`${file}.new`, 0o644);
    await rename(`${file}.new`, file);
  }

  async #reload(): Promise<void> {
    if (this.options.reload !== undefined) await promisify(execFile)("/bin/sh", ["-c", this.options.reload], { timeout: COMMAND_DEADLINE, killSignal: "SIGKILL" });
  }

  async #revoked(): Promise<{ serial: string; gateway: string; gone: boolean }[]> {
    return this.options.database.query(
      `SELECT r.serial, r.gateway, coalesce(g.state = 'revoked', true) AS gone FROM revoked_certificates r LEFT JOIN gateways g ON g.id = r.gateway WHERE r.not_after > $1`, [Date.now()]);
  }

  /** The first time, what was revoked while nobody looked: a gateway that has another certificate by now is left alone. */
  async #disconnect(revoked: { serial: string; gateway: string; gone: boolean }[]): Promise<void> {
    const gateways = revoked.filter(({ serial, gone }) => (this.#told ? !this.#told.has(serial) : gone)).map(({ gateway }) => gateway);
    this.#told = new Set(revoked.map(({ serial }) => serial));
    for (const gateway of new Set(gateways)) await this.options.broker.disconnect(gateway);
    if (gateways.length > 0) this.options.log("info", "revocations.told", { gateways: new Set(gateways).size });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
