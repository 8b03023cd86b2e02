// SPDX-License-Identifier: Apache-2.0
import { operation, type Operation } from "../operation.ts";
import { items, object } from "../schemas.ts";
import type { Room } from "./room.ts";

const key = { id: "0f1e2d3c4b5a6978", use: "sign", publicKey: "-----BEGIN PUBLIC KEY-----…", notBefore: 1795420800000, notAfter: 1858492800000 };

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
