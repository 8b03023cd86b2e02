// SPDX-License-Identifier: Apache-2.0
// What we read of our own certificate (RFC 5280 section 4.1): its number, its life, its key. Whether it is valid is for TLS to say.
import type { Instant } from "@securebox/contract";
import { decodePem, encodePem } from "./pem.ts";
import { inside, readElements, TAG, type Element } from "./der.ts";

export interface CertificateFacts {
  /** Hexadecimal, lower case, without leading zeros beyond a whole byte. */
  serial: string;
  notBefore: Instant;
  notAfter: Instant;
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
}

/** Of the first certificate in the text. Throws RangeError when it is none. */
export function readCertificate(pem: string): CertificateFacts {
  const [certificate] = readElements(decodePem("CERTIFICATE", pem));
  const [tbs] = inside(certificate, TAG.sequence, "certificate");
  const fields = inside(tbs, TAG.sequence, "tbsCertificate");
  if (fields[0]?.tag === TAG.context0) fields.shift();
  const [serial, , , validity, , publicKey] = fields;
  const [notBefore, notAfter] = inside(validity, TAG.sequence, "validity");
  if (serial?.tag !== TAG.integer || publicKey?.tag !== TAG.sequence) throw new RangeError("DER: tbsCertificate: expected a serial number and a public key");
  return { serial: hex(serial.content), notBefore: readTime(notBefore), notAfter: readTime(notAfter), publicKey: encodePem("PUBLIC KEY", publicKey.whole) };
}

function hex(bytes: Uint8Array): string {
  const digits = bytes.length > 1 && bytes[0] === 0 ? bytes.subarray(1) : bytes;
  return Array.from(digits, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** UTCTime until 2049, GeneralizedTime after it (RFC 5280 section 4.1.2.5). Both with seconds, in UTC. */
function readTime(element: Element | undefined): Instant {
  const text = String.fromCharCode(...(element?.content ?? []));
  const form = element?.tag === TAG.utcTime ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : element?.tag === TAG.generalizedTime ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : undefined;
  const digits = form?.exec(text);
  if (!digits) throw new RangeError(`DER: validity: expected a time, found ${JSON.stringify(text)}`);
  const [year, month, day, hour, minute, second] = digits.slice(1).map(Number) as [number, number, number, number, number, number];
  return Date.UTC(year >= 100 ? year : year < 50 ? 2000 + year : 1900 + year, month - 1, day, hour, minute, second);
}
