// SPDX-License-Identifier: Apache-2.0
// YAML nodes -> plain JSON values.
// Duplicate keys and aliases are handled here and not by the library: its key check takes quadratic time, its aliases expand without memory of size.
import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Pair } from "yaml";
import { LIMITS } from "./limits.ts";
import { describe, quote, type Path, type Report } from "./problem.ts";

/** Converts nodes to plain values, counting what aliases expand to. */
export class Values {
  readonly #report: Report;
  readonly #anchors = new Map<string, { value: unknown; nodes: number }>();
  #nodes = 0;
  #full = false;

  constructor(report: Report) {
    this.#report = report;
  }

  read(node: unknown, path: Path = []): unknown {
    if (this.#nodes > LIMITS.nodes) return undefined;
    const before = this.#nodes++;
    const value = this.#convert(node, path);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    // Registered once it is complete, so an alias within its own anchor finds nothing.
    if (anchor !== undefined && !isAlias(node)) this.#anchors.set(anchor, { value, nodes: this.#nodes - before });
    if (this.#nodes > LIMITS.nodes && !this.#full) {
      this.#full = true;
      this.#report.error(path, `the document has more than ${LIMITS.nodes} values, aliases (*) expanded`, "fewer; that is the limit");
    }
    return value;
  }

  #convert(node: unknown, path: Path): unknown {
    if (isScalar(node)) return node.value;
    if (isAlias(node)) return this.#alias(node.source, path);
    if (!isSeq(node) && !isMap(node)) return null;
    if (path.length >= LIMITS.depth) return this.#refuse(path, "lists and mappings are nested too deeply", `at most ${LIMITS.depth} levels`);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index]));
    return this.#map(node.items, path);
  }

  #alias(name: string, path: Path): unknown {
    const target = this.#anchors.get(name);
    if (!target) return this.#refuse(path, `*${name} refers to nothing before it`, 'a preceding &anchor, or quotes around a text that begins with *');
    this.#nodes += target.nodes;
    return target.value;
  }

  #map(pairs: Pair<unknown, unknown>[], path: Path): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    for (const pair of pairs) {
      const key = keyText(pair);
      if (key === undefined) this.#refuse(path, `${isScalar(pair.key) ? "nothing" : describe([])} stands as a name before a colon`, "a name");
      else if (entries.has(key)) this.#report.error([...path, key], `${quote(key)} stands twice in this mapping`, "each name once", undefined, "key");
      else entries.set(key, this.read(pair.value, [...path, key]));
    }
    return Object.fromEntries(entries);
  }

  #refuse(path: Path, message: string, expected: string): undefined {
    this.#report.error(path, message, expected);
  }
}

/** A key as written: 1.0 stays "1.0". */
export function keyText(pair: Pair<unknown, unknown>): string | undefined {
  const { key } = pair;
  if (!isScalar(key) || key.value === null) return undefined;
  return typeof key.value === "string" ? key.value : key.source ?? String(key.value);
}
