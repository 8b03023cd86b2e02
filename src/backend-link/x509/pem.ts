// SPDX-License-Identifier: Apache-2.0
// PEM (RFC 7468).
import { decodeBase64, encodeBase64 } from "@securebox/contract";

export function encodePem(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${encodeBase64(der).replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
}

/** The first block of that label. Throws RangeError when there is none, TypeError when it is not base64. */
export function decodePem(label: string, text: string): Uint8Array {
  const found = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  if (!found) throw new RangeError(`PEM: no ${label}`);
  return decodeBase64(found[1]!.replace(/\s+/g, ""));
}
