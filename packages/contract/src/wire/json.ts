// SPDX-License-Identifier: Apache-2.0
// JSON from the network: bounded in size and depth before anything recursive touches it.
import { MAX_PAYLOAD } from "../topics.ts";

/** Deeper than any document of ours. */
export const MAX_DEPTH = 32;

/** What cannot be read at all. `message` names the byte or character. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  constructor(readonly code: "too-large" | "malformed", message: string) { super(message); }
}

/** Throws JsonError. */
export function readJson(bytes: Uint8Array): { text: string; value: unknown } {
  if (bytes.length > MAX_PAYLOAD) throw new JsonError("too-large", `${bytes.length} bytes; at most ${MAX_PAYLOAD} are read`);
  const text = decodeText(bytes);
  checkDepth(text);
  try {
    return { text, value: JSON.parse(text) as unknown };
  } catch (error) {
    throw new JsonError("malformed", bytes.length === 0 ? "empty" : `not JSON: ${(error as Error).message}`);
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonError("malformed", "not UTF-8");
  }
}

function checkDepth(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > MAX_DEPTH) throw new JsonError("malformed", `nested deeper than ${MAX_DEPTH} at character ${i}`);
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
}
