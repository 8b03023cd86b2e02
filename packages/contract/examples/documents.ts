// SPDX-License-Identifier: Apache-2.0
// A policy file becomes a signed document, and what a gateway says to it, and to five that somebody changed:
//   node tools/run.mjs tools/example.ts node|quickjs packages/contract/examples/documents.ts [FILE]
import { decodeDocument, encodeDocument, formatResult, judgeDocument, keyIdOf, parsePolicy, signDocument, type DocumentKnowledge, type PublicKey, type SignedDocument } from "@securebox/contract";
import { platform } from "quickjs-ts/platform";

const { crypto } = platform;
const now = Date.UTC(2026, 10, 23, 12);
const day = 86_400_000;

const { privateKey, publicKey } = crypto.generateP256();
const key: PublicKey = { id: keyIdOf(crypto, publicKey), use: "sign", publicKey, notBefore: now - 400 * day, notAfter: now + 365 * day };

function desired(): Omit<SignedDocument<"desired">, "v" | "key" | "digest" | "signature"> {
  const file = platform.processes.arguments[0] ?? "packages/contract/examples/home.yaml";
  const result = parsePolicy(platform.files.readText(file), file);
  if (!result.ok) throw new Error(formatResult(result).join("\n"));
  return { kind: "desired", network: "home", sequence: 8, issued: now, expires: now + 30 * day, body: { version: 3, policy: result.policy, settings: {} } };
}
const sign = (document: typeof plain): Uint8Array => encodeDocument(signDocument(crypto, privateKey, key.id, document));

/** What gateway gw-1 says, which has number `sequence` in force. */
function answer(bytes: Uint8Array, sequence = 7): string {
  const knowledge: DocumentKnowledge = { network: "home", gateway: "gw-1", keys: [key], revoked: [], sequence, now, notBefore: now };
  const result = decodeDocument(crypto, bytes);
  const refusal = result.ok ? judgeDocument(crypto, result.document, knowledge) : result.refusal;
  if (refusal) return `refused, ${refusal.code}: ${refusal.message}`;
  return result.ok && result.ignored.length > 0 ? `taken; not understood and ignored: ${result.ignored.join(", ")}` : "taken";
}

const plain = desired();
const bytes = sign(plain);
const changed = new TextEncoder().encode(new TextDecoder().decode(bytes).replace('"network":"home"', '"network":"hoax"'));
const settings = { curfew: "22:00" } as object;

console.log(`${bytes.length} bytes, signed by key ${key.id}`);
console.log("as it was signed:     ", answer(bytes));
console.log("a second time:        ", answer(bytes, 8));
console.log("one word changed:     ", answer(changed));
console.log("of last year:         ", answer(sign({ ...plain, issued: now - 365 * day, expires: now - 335 * day })));
console.log("from a newer backend: ", answer(sign({ ...plain, body: { ...plain.body, settings } })));
console.log("and that is critical: ", answer(sign({ ...plain, critical: ["body.settings.curfew"], body: { ...plain.body, settings } })));
