// SPDX-License-Identifier: Apache-2.0
// Texts of packages for the comparison with libuci: what people write, what a program writes, and what neither should. The same seed gives the same texts.

export class Random {
  #state: number;

  constructor(seed: number) { this.#state = seed >>> 0; }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  of<T>(choices: readonly T[]): T { return choices[this.below(choices.length)]!; }

  many<T>(least: number, most: number, make: () => T): T[] { return Array.from({ length: least + this.below(most - least + 1) }, make); }
}

const WORDS = ["a", "b", "lan", "x_1", "a-b", "ü", "é世", "0", "1", "''", '""', "config", "option", "a.b", "@s[0]", "$HOME", "`id`", "=", "!", "\u007f"];
const JOINTS = ["'", "'", '"', '"', "\\", "\\\\", "#", ";", "\\'", '\\"', "\\\n", "\n", "\r\n", "\r", " ", "\t", "\v", "\f", "", "", "\u0001"];
const BLANKS = [" ", " ", " ", "\t", "  ", " \\\n ", "\r", "\v", ""];
const ENDS = ["\n", "\n", "\n", "\n", "\n\n", "\r\n", ";", "; ", " # end\n", "#\n", " ;\n", ""];

/** What a careful person writes: names that are names, values in some quotes. */
function careful(random: Random): string {
  const quoted = (): string => {
    const text = random.many(1, 4, () => random.of([...WORDS, " ", "#", ";", "\n", "\\"])).join("");
    return random.below(2) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text.replace(/["\\]/g, "\\$&")}"`;
  };
  const name = (): string => random.of(["a", "b", "c_1", "dns"]);
  const option = (): string => `\t${random.of(["option", "option", "list", "o", "l"])} ${name()} ${quoted()}\n`;
  return random.many(1, 4, () => `config ${random.of(["s", "t", "wifi-iface", "!x"])} ${random.of(["", "n", "'m'", '"k"'])}\n${random.many(0, 4, option).join("")}\n`).join("");
}

/** Commands whose words are glued together of quotes, escapes and blanks. */
function hostile(random: Random): string {
  const word = (): string => random.many(1, 4, () => random.below(3) ? random.of(WORDS) : random.of(JOINTS)).join("");
  const command = (): string => random.of(["config s", "config s n", "config t 'n'", "option a", "option", "list a", "list b", "o b", "package p", "p", "c", "l", "optio", "", " "]) +
    random.many(0, 2, () => random.of(BLANKS) + word()).join("") + random.of(ENDS);
  return random.of(["", "config s\n", "config s n\n"]) + random.many(1, 5, command).join("");
}

/** A careful text with some characters changed. */
function damaged(random: Random): string {
  let text = careful(random);
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(text.length + 1);
    text = text.slice(0, at) + random.of(["", ...JOINTS, ...WORDS]) + text.slice(at + random.below(3));
  }
  return text;
}

export function packageTexts(seed: number, count: number): string[] {
  const random = new Random(seed);
  const kinds = [careful, hostile, hostile, damaged];
  return Array.from({ length: count }, (_, index) => kinds[index % kinds.length]!(random));
}
