// SPDX-License-Identifier: Apache-2.0
// Verification of a server's chain where the wall clock does not count, or an authority is known by its digest alone. Node's own verification knows neither.
import { createHash, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type tls from "node:tls";
import type { TlsOptions } from "../ports/tls.ts";

const LONGEST = 8;
/** RFC 5280 section 4.2.1.12: id-kp-serverAuth, anyExtendedKeyUsage. */
const SERVER_USES = ["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"];

/** Whether the options need it. */
export function isSpecial({ ca, validAt }: TlsOptions): boolean {
  return typeof ca !== "string" || validAt !== undefined;
}

/** Why the server is not believed; undefined: it is. */
export function distrust(socket: tls.TLSSocket, name: string, { ca, validAt }: TlsOptions): string | undefined {
  const chain = presented(socket);
  const [leaf] = chain;
  if (!leaf) return "the server showed no certificate";
  if ((isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) === undefined) return `the certificate's names do not match ${name}`;
  // Absent: for everything. Without this check a gateway's own certificate would make a server.
  const uses = leaf.keyUsage as string[] | undefined;
  if (uses && !SERVER_USES.some((each) => uses.includes(each))) return "the certificate's usage is not that of a server";
  const anchors = typeof ca === "string" ? certificatesIn(ca) : chain.filter((each) => createHash("sha256").update(each.raw).digest("hex") === ca.pin.toLowerCase());
  return unproved(leaf, chain, anchors, validAt);
}

/** From the leaf to an anchor: each signed by the next, each within its time. */
function unproved(leaf: X509Certificate, chain: X509Certificate[], anchors: X509Certificate[], validAt: TlsOptions["validAt"]): string | undefined {
  let at = leaf;
  for (let depth = 0; depth < LONGEST; depth++) {
    const wrongTime = outOfTime(at, validAt);
    if (wrongTime) return wrongTime;
    if (anchors.some((anchor) => anchor.raw.equals(at.raw))) return undefined;
    const issuer = [...anchors, ...chain].find((each) => each.ca && !each.raw.equals(at.raw) && at.checkIssued(each) && at.verify(each.publicKey));
    if (!issuer) return "the certificate is signed by no authority that is trusted";
    at = issuer;
  }
  return "the chain of certificates is too long";
}

function outOfTime({ validFrom, validTo }: X509Certificate, validAt: TlsOptions["validAt"] = { now: Date.now() }): string | undefined {
  const notBefore = "now" in validAt ? validAt.now : validAt.notBefore;
  if (Date.parse(validTo) < notBefore) return `the certificate expired ${validTo}`;
  return "now" in validAt && Date.parse(validFrom) > validAt.now ? `the certificate is valid only from ${validFrom}` : undefined;
}

function presented(socket: tls.TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  for (; at?.raw && chain.length < LONGEST; at = at.issuerCertificate === at ? undefined : at.issuerCertificate) chain.push(new X509Certificate(at.raw));
  return chain;
}

function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((text) => new X509Certificate(text));
}
