// SPDX-License-Identifier: Apache-2.0
// Packages of UCI in a directory, with changes that belong to a session until they are applied: for the stand-in of rpcd.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StatusError } from "ubus-ts";
import type { UciSection } from "../../src/openwrt/uci/package.ts";
import { formatUci, parseUci } from "../../src/openwrt/uci/text.ts";

export type Values = Record<string, string | string[]>;
export type Change =
  | { kind: "add"; type: string; name: string | undefined; values: Values }
  | { kind: "set"; section: string; values: Values }
  | { kind: "delete"; section: string; options: string[] | undefined }
  | { kind: "order"; sections: string[] };

/** `id`: its name, or what rpcd calls an anonymous one. */
interface Section { id: string; it: UciSection }
type Pending = Map<string, { sections: Section[]; said: string[][] }>;

export class UciStore {
  readonly #pending = new Map<string, Pending>();
  #added = 0;

  constructor(readonly directory: string) {}

  has(config: string): boolean { return existsSync(this.#path(config)); }

  /** As rpcd's "get" has it: id -> options beside .type, .name, .anonymous and .index. */
  values(session: string, config: string): Record<string, Record<string, unknown>> {
    return Object.fromEntries(this.#sections(session, config).map(({ id, it }, index) => [id, { ".anonymous": it.name === undefined, ".type": it.type, ".name": id, ".index": index, ...Object.fromEntries(it.options) }]));
  }

  /** What a session has changed and not applied, by package, in the manner of `uci changes`. */
  changes(session: string): Record<string, string[][]> {
    return Object.fromEntries([...this.#pending.get(session) ?? []].map(([config, { said }]) => [config, said]));
  }

  /** The section's id. Throws StatusError "not-found". */
  change(session: string, config: string, change: Change): string {
    const sections = this.#sections(session, config);
    const pending = this.#pending.get(session) ?? new Map<string, { sections: Section[]; said: string[][] }>();
    this.#pending.set(session, pending);
    const { said } = pending.get(config) ?? { said: [] };
    pending.set(config, { sections, said });
    return this.#put(sections, said, change);
  }

  #put(sections: Section[], said: string[][], change: Change): string {
    if (change.kind === "add") {
      const id = change.name ?? `new${(++this.#added).toString(16).padStart(6, "0")}`;
      sections.push({ id, it: { type: change.type, name: change.name, options: new Map(Object.entries(change.values)) } });
      said.push(["add", id, change.type], ...Object.entries(change.values).map(([name, value]) => ["set", id, name, String(value)]));
      return id;
    }
    if (change.kind === "order") {
      sections.sort((a, b) => change.sections.indexOf(a.id) - change.sections.indexOf(b.id));
      said.push(...change.sections.map((id, index) => ["order", id, String(index)]));
      return "";
    }
    const section = sections.find(({ id }) => id === change.section);
    if (!section) throw new StatusError("not-found");
    if (change.kind === "set") for (const [name, value] of Object.entries(change.values)) section.it.options.set(name, value), said.push(["set", section.id, name, String(value)]);
    else if (change.options === undefined) sections.splice(sections.indexOf(section), 1), said.push(["remove", section.id]);
    else for (const name of change.options) section.it.options.delete(name), said.push(["remove", section.id, name]);
    return section.id;
  }

  /** Everything that a session changed goes to the files. */
  apply(session: string): void {
    for (const [config, { sections }] of this.#pending.get(session) ?? []) writeFileSync(this.#path(config), formatUci(sections.map(({ it }) => it)));
    this.#pending.delete(session);
  }

  #sections(session: string, config: string): Section[] {
    const changed = this.#pending.get(session)?.get(config)?.sections;
    return changed ?? parseUci(readFileSync(this.#path(config), "utf8")).map((it, index) => ({ id: it.name ?? `cfg${index.toString(16).padStart(2, "0")}${it.type.length.toString(16).padStart(4, "0")}`, it }));
  }

  #path(config: string): string { return join(this.directory, config); }
}
