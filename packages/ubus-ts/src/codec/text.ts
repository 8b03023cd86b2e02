// SPDX-License-Identifier: Apache-2.0
/*
 * Strings of ubus are C strings of unknown encoding: an SSID may hold any bytes. UTF-8 becomes text; a byte that is no UTF-8 becomes a lone
 * surrogate, U+DC00 plus the byte, as in Python's "surrogateescape", so that what was received can be sent back.
 */
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const escaped = /[\ud800-\udfff]/u;

/** Short ones, which most are, without the decoder: its call costs more on QuickJS than the text. */
export function decodeText(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > 32) return decodeWide(bytes);
  for (let i = 0; i < length; i++) if (bytes[i]! > 0x7f) return decodeWide(bytes);
  return String.fromCharCode.apply(undefined, bytes as never as number[]);
}

function decodeWide(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

/** Piece by piece: the longest sequence at each place that is UTF-8, else one byte escaped. */
function decodeEscaped(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at]!);
    const piece = sequence(bytes.subarray(at, at + length));
    parts.push(piece ?? String.fromCharCode(0xdc00 + bytes[at]!));
    at += piece === undefined ? 1 : length;
  }
  return parts.join("");
}

function sequenceLength(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function sequence(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** undefined: the text has a surrogate that is neither half of a pair nor an escaped byte. */
export function encodeText(text: string): Uint8Array | undefined {
  return escaped.test(text) ? encodeEscaped(text) : encoder.encode(text);
}

function encodeEscaped(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0xd800 || code > 0xdfff) bytes.push(...encoder.encode(character));
    else if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else return undefined;
  }
  return Uint8Array.from(bytes);
}
