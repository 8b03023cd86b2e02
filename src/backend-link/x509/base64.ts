// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648 sections 4 and 5) and PEM (RFC 7468), neither of which QuickJS has.
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));

export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const letters = [18, 12, 6, 0].map((shift) => ALPHABET[(group >> shift) & 63]!);
    text += letters.slice(0, Math.min(4, bytes.length - at + 1)).join("").padEnd(4, "=");
  }
  return text;
}

/** RFC 4648 section 5, without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Either alphabet, with or without padding. Throws RangeError naming the character. */
export function decodeBase64(text: string): Uint8Array {
  const letters = text.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  if (letters.length % 4 === 1) throw new RangeError(`base64: ${text.length} characters is no length of base64`);
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let bits = 0;
  let size = 0;
  let at = 0;
  for (const letter of letters) {
    const value = VALUES.get(letter);
    if (value === undefined) throw new RangeError(`base64: character ${JSON.stringify(letter)}`);
    bits = ((bits << 6) | value) & 0xffff;
    size += 6;
    if (size >= 8) bytes[at++] = (bits >> (size -= 8)) & 0xff;
  }
  return bytes;
}

export function encodePem(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${encodeBase64(der).replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
}

/** The first block of that label. Throws RangeError when there is none. */
export function decodePem(label: string, text: string): Uint8Array {
  const found = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  if (!found) throw new RangeError(`PEM: no ${label}`);
  return decodeBase64(found[1]!.replace(/\s+/g, ""));
}
