// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from "node:crypto";

export function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(data).digest());
}

/** For envelopes: 16 of [A-Za-z0-9_-]. */
export function messageId(): string {
  return randomBytes(12).toString("base64url");
}
