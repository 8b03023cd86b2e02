// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259) that keeps 64-bit integers: beyond 2^53 they are bigint. OVSDB counts bytes and packets that way (RFC 7047 section 3.1: integers are 64 bits).
import { ProtocolError } from "./errors.ts";

export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Text for the wire. Members that are undefined are left out. Throws TypeError for NaN and infinities, which JSON lacks. */
export function encodeJson(value: Json): string {
  switch (typeof value) {
    case "bigint": return value.toString();
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
      return JSON.stringify(value);
    case "object": break;
    default: return JSON.stringify(value);
  }
  if (value === null) return "null";
  if (isArray(value)) return `[${value.map(encodeJson).join(",")}]`;
  const members: string[] = [];
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${encodeJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

/**
 * Value of a whole JSON text. `wide`: whether it may hold integers beyond 2^53; the engine's own parser is used without them.
 * Throws ProtocolError with the character offset.
 */
export function decodeJson(text: string, wide = true, maxDepth = 64): Json {
  if (wide) return new Parser(text, maxDepth).document();
  try {
    return JSON.parse(text) as Json;
  } catch {
    return new Parser(text, maxDepth).document(); // for an error with its offset
  }
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const number = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const space = /[ \t\n\r]*/y;
const words: Record<"t" | "f" | "n", [word: string, value: Json]> = { t: ["true", true], f: ["false", false], n: ["null", null] };

class Parser {
  #at = 0;
  constructor(readonly text: string, readonly maxDepth: number) {}

  document(): Json {
    const value = this.#value(0);
    this.#next();
    if (this.#at < this.text.length) this.#refuse("expected the end of the text");
    return value;
  }

  #value(depth: number): Json {
    if (depth > this.maxDepth) this.#refuse(`nested deeper than ${this.maxDepth}`);
    const first = this.#next();
    switch (first) {
      case "{": return this.#object(depth);
      case "[": return this.#array(depth);
      case '"': return this.#string();
      case "t": case "f": case "n": return this.#word(...words[first]);
      default: return this.#number();
    }
  }

  #object(depth: number): Json {
    const result: { [key: string]: Json } = {};
    this.#at++;
    if (this.#next() === "}") return this.#at++, result;
    for (;;) {
      if (this.#next() !== '"') this.#refuse("expected a member's name");
      const key = this.#string();
      if (this.#next() !== ":") this.#refuse("expected ':'");
      this.#at++;
      const value = this.#value(depth + 1);
      // A plain assignment of "__proto__" would change the prototype.
      if (key === "__proto__") Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true });
      else result[key] = value;
      if (!this.#more("}")) return result;
    }
  }

  #array(depth: number): Json {
    const result: Json[] = [];
    this.#at++;
    if (this.#next() === "]") return this.#at++, result;
    do result.push(this.#value(depth + 1));
    while (this.#more("]"));
    return result;
  }

  /** Passes over "," (true) or the closing character (false). */
  #more(close: string): boolean {
    const character = this.#next();
    if (character !== "," && character !== close) this.#refuse(`expected ',' or '${close}'`);
    this.#at++;
    return character === ",";
  }

  #string(): string {
    const token = this.#match(string);
    if (token === undefined) this.#refuse("malformed string");
    return token.includes("\\") ? (JSON.parse(token) as string) : token.slice(1, -1);
  }

  #word(word: string, value: Json): Json {
    if (!this.text.startsWith(word, this.#at)) this.#refuse(`expected ${word}`);
    this.#at += word.length;
    return value;
  }

  #number(): Json {
    number.lastIndex = this.#at;
    const match = number.exec(this.text);
    if (!match) this.#refuse(this.#at < this.text.length ? "expected a value" : "text ends early");
    this.#at = number.lastIndex;
    const value = Number(match[0]);
    if (match[1] === undefined && match[2] === undefined) return Number.isSafeInteger(value) ? value : BigInt(match[0]);
    if (!Number.isFinite(value)) this.#refuse("number out of range");
    return value;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #next(): string | undefined {
    this.#match(space);
    return this.text[this.#at];
  }

  #refuse(message: string): never {
    throw new ProtocolError(`JSON: ${message}`, this.#at);
  }
}
