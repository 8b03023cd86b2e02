// SPDX-License-Identifier: Apache-2.0
// What a person types at the gateway: "sbx1." and base64url of {"u": address of the API, "s": secret, "p": SHA-256 of the certificate authority}.
import { decodeBase64 } from "@securebox/contract";

export interface Token { api: string; host: string; port: number; secret: string; pin: string }

/** Throws RangeError with a sentence for whoever typed it. */
export function parseToken(text: string): Token {
  const trimmed = text.replace(/\s+/g, "");
  if (!trimmed.startsWith("sbx1.")) throw new RangeError('token: expected "sbx1." and what follows; copy the whole line from the console');
  if (trimmed.length > 1024) throw new RangeError(`token: ${trimmed.length} characters, expected at most 1024`);
  const { u, s, p } = readFields(trimmed.slice(5));
  if (typeof u !== "string" || typeof s !== "string" || typeof p !== "string") throw new RangeError("token: incomplete; copy the whole line from the console");
  if (!/^[0-9a-f]{64}$/i.test(p)) throw new RangeError("token: the authority's digest has to be 64 hexadecimal digits");
  if (!/^[\x21-\x7e]{8,256}$/.test(s)) throw new RangeError("token: the secret has to be 8 to 256 printable characters");
  return { ...parseApi(u), secret: s, pin: p.toLowerCase() };
}

function readFields(encoded: string): Record<string, unknown> {
  const letters = encoded.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, ""); // RFC 4648 section 5
  const padded = letters.padEnd(Math.ceil(letters.length / 4) * 4, "=");
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(decodeBase64(padded)));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new RangeError("token: damaged; copy the whole line from the console");
}

/** https://HOST[:PORT]; HOST may be a literal IPv6 address in brackets. Throws RangeError. */
export function parseApi(text: string): { api: string; host: string; port: number } {
  return { api: text.replace(/\/+$/, ""), ...parseAddress(text, "https", 443) };
}

/** mqtts://HOST[:PORT]. Throws RangeError. */
export function parseBroker(text: string): { host: string; port: number } {
  return parseAddress(text, "mqtts", 8883);
}

function parseAddress(text: string, scheme: string, usual: number): { host: string; port: number } {
  const found = /^([a-z]+):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?\/*$/.exec(text);
  const port = found?.[4] === undefined ? usual : Number(found[4]);
  if (found?.[1] !== scheme || port < 1 || port > 65_535) throw new RangeError(`${JSON.stringify(text.slice(0, 80))}: expected ${scheme}://HOST:PORT`);
  return { host: (found[2] ?? found[3])!, port };
}
