// SPDX-License-Identifier: Apache-2.0
// Reads a YAML mapping field by field and collects what is wrong with line and column, instead of stopping at the first error.
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair, type YAMLMap } from "yaml";
import type { FileProblem } from "../control/protocol.ts";

export class Problems {
  readonly list: FileProblem[] = [];
  readonly #lines: LineCounter;
  constructor(lines: LineCounter) { this.#lines = lines; }

  add(field: string, message: string, offset?: number): void {
    const place = offset === undefined ? undefined : this.#lines.linePos(offset);
    this.list.push({ line: place?.line, column: place?.col, field, message });
  }
}

/** The document's top mapping; undefined (with problems) when the text is not YAML or not a mapping. */
export function readYaml(text: string): { fields: Fields | undefined; problems: Problems } {
  const lines = new LineCounter();
  const problems = new Problems(lines);
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, schema: "core", merge: false });
  for (const error of document.errors) problems.add("", error.message, error.pos[0]);
  if (problems.list.length > 0) return { fields: undefined, problems };
  if (isMap(document.contents)) return { fields: new Fields(document.contents, "", problems), problems };
  problems.add("", "expected a mapping", 0);
  return { fields: undefined, problems };
}

/** A function that turns a scalar into a value, or says what was expected instead. */
export type Check<T> = (value: unknown) => { value: T } | { expected: string };

/** One mapping. Every field that is asked for is marked; `end` reports those that nobody asked for. */
export class Fields {
  readonly #map: YAMLMap;
  readonly #path: string;
  readonly #problems: Problems;
  readonly #known = new Set<string>();

  constructor(map: YAMLMap, path: string, problems: Problems) {
    this.#map = map;
    this.#path = path;
    this.#problems = problems;
  }

  scalar<T, D>(name: string, check: Check<T>, otherwise: D): T | D {
    const node = this.#node(name);
    return node === undefined ? otherwise : this.#checked(this.#at(name), node, check) ?? otherwise;
  }

  list<T>(name: string, check: Check<T>): T[] {
    const node = this.#node(name);
    if (node === undefined) return [];
    if (!isSeq(node)) {
      this.#problem(this.#at(name), "expected a list", node);
      return [];
    }
    return node.items.map((item, index) => this.#checked(`${this.#at(name)}[${index}]`, item as Node, check)).filter((item) => item !== undefined);
  }

  /** A mapping below; an empty one when the field is absent or wrong. */
  fields(name: string): Fields {
    const node = this.#node(name);
    if (isMap(node)) return new Fields(node, this.#at(name), this.#problems);
    if (node !== undefined) this.#problem(this.#at(name), "expected a mapping", node);
    return new Fields({ items: [] } as unknown as YAMLMap, this.#at(name), this.#problems);
  }

  /** Names in the order of the file; asking for them does not mark them. */
  get names(): string[] { return this.#map.items.map((pair) => keyOf(pair)); }

  missing(name: string, message: string): void {
    this.#problems.add(this.#at(name), message, this.#map.range?.[0]);
  }

  end(): void {
    for (const pair of this.#map.items) {
      const name = keyOf(pair);
      if (!this.#known.has(name)) this.#problem(this.#at(name), `unknown field; expected one of ${[...this.#known].join(", ")}`, pair.key as Node);
    }
  }

  #node(name: string): Node | undefined {
    this.#known.add(name);
    const value = this.#map.items.find((pair) => keyOf(pair) === name)?.value as Node | null | undefined;
    return value === null || (isScalar(value) && value.value === null) ? undefined : value;
  }

  #checked<T>(path: string, node: Node, check: Check<T>): T | undefined {
    const result = isScalar(node) ? check(node.value) : { expected: "a single value" };
    if ("value" in result) return result.value;
    this.#problem(path, `expected ${result.expected}, found ${isScalar(node) ? JSON.stringify(node.value) : "a collection"}`, node);
    return undefined;
  }

  #problem(path: string, message: string, node: Node | null | undefined): void {
    this.#problems.add(path, message, node?.range?.[0]);
  }

  #at(name: string): string { return this.#path === "" ? name : `${this.#path}.${name}`; }
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : "?";
}
