// SPDX-License-Identifier: Apache-2.0
// Canonical JSON (RFC 8785): one text for one value, so that digests and signatures can be made of it.

/** Throws TypeError for what JSON or I-JSON cannot say: undefined, functions, NaN, infinities, strings with half a surrogate pair (RFC 7493 section 2.1). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  switch (typeof value) {
    case "string": return canonicalString(value);
    case "boolean": return String(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${value} is no JSON number`);
      return JSON.stringify(value); // RFC 8785 section 3.2.2.3 is ECMAScript's own way of writing numbers
    case "object": return value === null ? "null" : canonicalObject(value as Record<string, unknown>);
    default: throw new TypeError(`${typeof value} is no JSON value`);
  }
}

/** Fields whose value is undefined are left out, as JSON.stringify does. */
function canonicalObject(value: Record<string, unknown>): string {
  // RFC 8785 section 3.2.3: by UTF-16 code units, as sort() does; not by way of an object, which would move keys that are indices.
  const fields = Object.keys(value).filter((key) => value[key] !== undefined).sort();
  return `{${fields.map((key) => `${canonicalString(key)}:${canonicalJson(value[key])}`).join(",")}}`;
}

function canonicalString(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError("a string has half a surrogate pair");
  return JSON.stringify(text);
}
