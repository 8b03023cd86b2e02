// SPDX-License-Identifier: Apache-2.0

/** Two lower-case digits a byte. */
export function hexadecimal(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
