// SPDX-License-Identifier: Apache-2.0
import { operation, type Operation } from "../operation.ts";
import type { SignedDocument } from "@securebox/contract";
import { items, list, object, ref } from "../schemas.ts";
import type { Room } from "./room.ts";

const key = { id: "0f1e2d3c4b5a6978", use: "sign", publicKey: "-----BEGIN PUBLIC KEY-----…", notBefore: 1795420800000, notAfter: 1858492800000 };

const plan = { kind: "keys", network: "home", epoch: 1795420800, sequence: 1795420800, issued: 1795420800000, expires: 2426140800000, body: { keys: [key] } };

export function keyRoutes({ pki, fleet, done }: Room): Operation[] {
  return [
    operation({
      method: "GET", path: "/api/v1/keys", tag: "keys", access: "viewer", summary: "List signing keys", description: "The public keys that gateways trust for documents.", answer: items("PublicKey"),
      example: { answer: { items: [key] } }, run: async () => ({ items: pki.keys }),
    }),
    operation<{}, {}, { revoke?: boolean }>({
      method: "POST", path: "/api/v1/keys/rotate", tag: "keys", access: "administrator", everywhere: true, summary: "Change the signing key",
      description: "Makes a new key, tells all gateways in a document signed by the old one, and signs with the new one from then on. `revoke`: the old one is never trusted again, for a key that may be stolen.",
      body: object({ revoke: { type: "boolean", default: false } }, ["revoke"]), answer: items("PublicKey"), example: { body: { revoke: false }, answer: { items: [key] } },
      async run({ body, actor, request }) {
        await pki.rotate({ revoke: body.revoke ?? false });
        await fleet.keysChanged();
        await done(request, actor, "keys.rotate", pki.keys.map(({ id }) => id).join(" "), { revoke: body.revoke ?? false });
        return { items: pki.keys };
      },
    }),
    operation({
      method: "POST", path: "/api/v1/keys/recovery", tag: "keys", access: "administrator", everywhere: true, summary: "Begin a recovery from stolen signing keys",
      description: "Makes the signing key that is to take over, and answers with the documents that the recovery key has to sign for it, one for each network. Nothing changes until they come back. Only the last recovery that was begun can be finished.",
      answer: ref("RecoveryPlan"), example: { answer: { documents: [plan] } }, run: () => fleet.planRecovery(),
    }),
    operation<{}, {}, { documents: SignedDocument<"keys">[] }>({
      method: "PUT", path: "/api/v1/keys/recovery", tag: "keys", access: "administrator", everywhere: true, summary: "Finish it",
      description: "Takes the documents, signed by the recovery key, whose private half never comes here. From then on only the new key signs, all others are revoked, and gateways get everything again; those that are away when they come back.",
      body: object({ documents: list({ type: "object", additionalProperties: true }, { minItems: 1, maxItems: 10_000 }) }), answer: items("PublicKey"),
      example: { body: { documents: [{ v: 1, ...plan, key: "9f8e7d6c5b4a3928", digest: "e3b0c4…", signature: "MEUCIQ…" }] }, answer: { items: [key] } },
      async run({ body, actor }) {
        await fleet.recoverKeys(actor, body.documents);
        return { items: pki.keys };
      },
    }),
    operation({
      method: "GET", path: "/ca.pem", tag: "keys", access: "open", summary: "The certificate authority", description: "The certificate that signed this backend's own and the gateways' ones, PEM. Compare its SHA-256 with the one printed at the first start.",
      produces: "application/x-pem-file", answer: { type: "string" }, example: { answer: "-----BEGIN CERTIFICATE-----…" },
      async run({ reply }) {
        reply.type("application/x-pem-file");
        return pki.caPem;
      },
    }),
    operation({
      method: "GET", path: "/crl.pem", tag: "keys", access: "open", summary: "Revoked certificates", description: "Certificate revocation list (RFC 5280), PEM, for an external broker.",
      produces: "application/x-pem-file", answer: { type: "string" }, example: { answer: "-----BEGIN X509 CRL-----…" },
      async run({ reply }) {
        reply.type("application/x-pem-file");
        return pki.crl();
      },
    }),
  ];
}
