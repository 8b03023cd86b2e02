// SPDX-License-Identifier: Apache-2.0
/*
 * UCI without ubus: the files of /etc/config themselves. For the time of a start at which no ubusd runs yet, and for tests. As a part of a transaction:
 * one write per package that really changes, atomic and durable at once. Uncommitted changes of others (/tmp/.uci) are left alone.
 */
import type { Files } from "quickjs-ts";
import { parseKey, putItem, readItem, type UciItem, type UciKey } from "./items.ts";
import type { UciPackage } from "./package.ts";
import { formatUci, parseUci } from "./text.ts";

export class UciFiles {
  readonly #files: Pick<Files, "status" | "readText" | "replace">;
  readonly #directory: string;
  readonly #changed: (packages: string[]) => void;

  /** `changed`: who reads these packages must be told (netifd, wifi). Called after they were written. */
  constructor(files: Pick<Files, "status" | "readText" | "replace">, directory = "/etc/config", changed: (packages: string[]) => void = () => {}) {
    this.#files = files;
    this.#directory = directory;
    this.#changed = changed;
  }

  /** Keys whose section does not exist are left out. Rejects with UciSyntaxError, RangeError, PlatformError. */
  async read(keys: readonly string[]): Promise<Record<string, UciItem>> {
    const packages = new Map<string, UciPackage>();
    const found = keys.map((key): [string, UciItem | undefined] => {
      const parsed = parseKey(key);
      if (!packages.has(parsed.package)) packages.set(parsed.package, this.load(parsed.package));
      return [key, readItem(packages.get(parsed.package)!, parsed)];
    });
    return Object.fromEntries(found.filter((each): each is [string, UciItem] => each[1] !== undefined));
  }

  async put(items: Readonly<Record<string, unknown>>): Promise<void> {
    const byPackage = new Map<string, [UciKey, unknown][]>();
    for (const [key, item] of Object.entries(items)) {
      const parsed = parseKey(key);
      byPackage.set(parsed.package, [...(byPackage.get(parsed.package) ?? []), [parsed, item]]);
    }
    const changed = [...byPackage].filter(([name, edits]) => this.#edit(name, edits)).map(([name]) => name);
    if (changed.length > 0) this.#changed(changed);
  }

  async sync(): Promise<void> {} // Files.replace is durable

  /** A package that does not exist has no sections. */
  load(name: string): UciPackage {
    const path = `${this.#directory}/${name}`;
    return this.#files.status(path) ? parseUci(this.#files.readText(path)) : [];
  }

  #edit(name: string, edits: [UciKey, unknown][]): boolean {
    const sections = this.load(name);
    const before = formatUci(sections);
    for (const [key, item] of edits) putItem(sections, key, item);
    const text = formatUci(sections);
    if (text === before) return false;
    this.#files.replace(`${this.#directory}/${name}`, text, { mode: 0o600 });
    return true;
  }
}
