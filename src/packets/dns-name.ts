// SPDX-License-Identifier: Apache-2.0
// Domain names: labels on the wire (RFC 1035 §3.1, compression §4.1.4), text with escapes (§5.1) elsewhere, without the final dot.
import { EncodeError } from "./error.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/**
 * Reads a name at the reader's place and moves behind it. Every pointer must lead to a place before the part that holds it,
 * so the walk ends; the name itself is at most 255 bytes.
 */
export function decodeName(reader: Reader): string {
  const labels: string[] = [];
  let size = 1;
  let limit = reader.offset;
  let behind = -1;
  for (;;) {
    const length = reader.u8();
    if (length === 0) break;
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | reader.u8();
      if (target >= limit) reader.fail(`name points to byte ${target}, not backwards`, reader.offset - 2);
      if (behind < 0) behind = reader.offset;
      reader.offset = limit = target;
      continue;
    }
    if (length > 63) reader.fail(`label type ${length >> 6}`, reader.offset - 1);
    size += length + 1;
    if (size > 255) reader.fail("name longer than 255 bytes", reader.offset - 1);
    labels.push(labelText(reader.take(length)));
  }
  if (behind >= 0) reader.offset = behind;
  return labels.join(".");
}

function labelText(label: Uint8Array): string {
  let text = "";
  for (const byte of label) {
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}

/** Writes a name without compression; a final dot makes no difference. Throws EncodeError. */
export function encodeName(writer: Writer, name: string): void {
  const labels = nameLabels(name);
  if (labels.reduce((size, label) => size + label.length + 1, 1) > 255) throw new EncodeError("dns", "name", "longer than 255 bytes");
  for (const label of labels) {
    if (label.length === 0 || label.length > 63) throw new EncodeError("dns", "name", `label of ${label.length} bytes in "${name}"`);
    writer.u8(label.length).put(label);
  }
  writer.u8(0);
}

/** The bytes of each label; none for the root. */
function nameLabels(name: string): number[][] {
  const labels: number[][] = [[]];
  for (let i = 0; i < name.length; i++) {
    if (name[i] === ".") labels.push([]);
    else if (name[i] !== "\\") labels.at(-1)!.push(name.charCodeAt(i));
    else if (/^\d{3}$/.test(name.slice(i + 1, i + 4))) {
      labels.at(-1)!.push(Number(name.slice(i + 1, i + 4)));
      i += 3;
    } else labels.at(-1)!.push(name.charCodeAt(++i));
  }
  if (labels.at(-1)!.length === 0) labels.pop();
  return labels;
}

/** For comparing: lower case (RFC 4343: ASCII letters only), no final dot. */
export function normaliseName(name: string): string {
  return (name.endsWith(".") ? name.slice(0, -1) : name).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
