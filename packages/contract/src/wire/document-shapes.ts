// SPDX-License-Identifier: Apache-2.0
// The shapes of signed documents: documents.ts, declared for the reader.
import { DOCUMENT_VERSION, type DocumentKind } from "../documents.ts";
import { validatePolicy } from "../parse.ts";
import { NAME } from "../topics.ts";
import { flag, integer, list, object, oneOf, optional, pattern, type Shape, ShapeError, text } from "./shape.ts";

export const name = pattern(NAME, "a name: 1 to 63 of a-z, 0-9 and -");
export const digest = pattern(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
export const keyId = pattern(/^[0-9a-f]{16}$/, "16 hexadecimal digits");
export const instant = integer(0, 8_640_000_000_000_000);
const base64 = pattern(/^[A-Za-z0-9+/]{85}[AQgw]==$/, "64 bytes in base64");

/** Policies have rules of their own, and JSON Schema cannot say all of them. */
const policy: Shape = {
  schema: { $ref: "policy-1.json" },
  check(value, path, ignored) {
    const result = validatePolicy(value, { unknownFields: "ignore" });
    if (!result.ok) {
      const first = result.problems[0]!;
      throw new PolicyError(`${path}.${first.field}`, first.message, first.expected);
    }
    for (const { field, message } of result.warnings) if (message.startsWith("unknown field")) ignored.push(`${path}.${field}`);
  },
};

/** The document is well formed, its policy is not. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  constructor(path: string, message: string, expected: string) { super(`${path}: ${message}${expected === "" ? "" : `; expected ${expected}`}`); }
}

export const publicKey = object({ id: keyId, use: oneOf("sign", "recovery"), publicKey: text(1000, 100), notBefore: instant, notAfter: instant });
const intelEntry = object({ value: text(253, 1), verdict: oneOf("deny", "allow"), origin: text(200), until: instant });

const bodies: Record<DocumentKind, Shape> = {
  desired: object({ version: integer(0), policy, settings: object({ events: optional(oneOf("debug", "info", "warn", "error")), askDevices: optional(flag) }) }),
  keys: object({ keys: list(publicKey, 16) }),
  revocation: object({ keys: list(keyId, 256) }),
  time: object({ nonce: text(64, 8), now: instant }),
  "intel-list": object({ list: name, entries: list(intelEntry, 100_000) }),
  "intel-delta": object({ list: name, base: integer(0), add: list(intelEntry, 10_000), remove: list(text(253, 1), 10_000) }),
};
export const documentKinds = Object.keys(bodies) as DocumentKind[];

export const documentShapes = Object.fromEntries(documentKinds.map((kind) => [kind, object({
  v: oneOf(DOCUMENT_VERSION), kind: oneOf(kind), network: name, gateway: optional(name), sequence: integer(0), epoch: optional(integer(0)), issued: instant, expires: instant,
  key: keyId, critical: optional(list(text(200, 1), 32)), digest, body: bodies[kind], signature: base64,
})])) as Record<DocumentKind, Shape>;

export { ShapeError };
