// SPDX-License-Identifier: Apache-2.0

/** Which of a policy's patterns a name fits: "example.org" itself, "*.example.org" every name below it (not itself). */
export class Patterns {
  /** Pattern in lower case -> as the policy writes it. */
  readonly #known: Map<string, string>;

  constructor(patterns: Iterable<string>) {
    this.#known = new Map(Array.from(patterns, (pattern) => [pattern.toLowerCase(), pattern]));
  }

  has(pattern: string): boolean { return this.#known.get(pattern.toLowerCase()) === pattern; }

  /** `name` in lower case, without final dot. */
  matching(name: string): string[] {
    const found: string[] = [];
    const exact = this.#known.get(name);
    if (exact !== undefined) found.push(exact);
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const wild = dot > 0 && name[dot - 1] !== "\\" ? this.#known.get(`*${name.slice(dot)}`) : undefined;
      if (wild !== undefined) found.push(wild);
    }
    return found;
  }
}
