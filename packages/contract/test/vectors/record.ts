// SPDX-License-Identifier: Apache-2.0
// node tools/run.mjs packages/contract/test/vectors/record.ts: signs documents with keys and signatures made by the openssl command, so that neither of our
// engines vouches for itself.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, type DocumentKind, keyIdOf, type PublicKey, signDocument } from "@securebox/contract";

const directory = mkdtempSync(join(tmpdir(), "vectors-"));
const openssl = (...argv: string[]): Buffer => execFileSync("openssl", argv, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
const sha256 = (data: Uint8Array): Uint8Array => createHash("sha256").update(data).digest();

/** Two INTEGERs in a SEQUENCE (RFC 3279 section 2.2.3) as r and s of 32 bytes each. */
function plain(der: Buffer): Uint8Array {
  const out = new Uint8Array(64);
  for (let i = 0, at = 2; i < 2; i++) {
    const length = der[at + 1]!;
    const value = der.subarray(at + 2, at + 2 + length);
    const trimmed = value.subarray(Math.max(0, value.length - 32));
    out.set(trimmed, 32 * i + 32 - trimmed.length);
    at += 2 + length;
  }
  return out;
}

const crypto = {
  sha256,
  signP256(key: string, data: Uint8Array): Uint8Array {
    writeFileSync(join(directory, "data"), data);
    return plain(openssl("dgst", "-sha256", "-sign", key, "data"));
  },
};

function key(file: string, use: PublicKey["use"]): PublicKey {
  openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file);
  const publicKey = openssl("pkey", "-in", file, "-pubout").toString();
  return { id: keyIdOf(crypto, publicKey), use, publicKey, notBefore: 1_700_000_000_000, notAfter: 2_000_000_000_000 };
}

const keys = { first: key("first", "sign"), second: key("second", "sign"), recovery: key("recovery", "recovery"), stranger: key("stranger", "sign"), "second recovery": key("second recovery", "recovery") };
const policy = { version: 1, network: "home", mode: "intelligent-edge", groups: { printers: [{ mac: "02:00:00:00:00:13" }] }, rules: [{ from: "all", to: "printers", allow: ["tcp/631", "mdns"] }], quarantine: [] };
const desired = { version: 3, policy, settings: {} };
const header = { network: "home", gateway: "gw-1", sequence: 7, issued: 1_800_000_000_000, expires: 1_802_592_000_000 };

const sign = (by: keyof typeof keys, kind: DocumentKind, body: unknown, more: object = {}): string =>
  canonicalJson(signDocument(crypto, by, keys[by].id, { ...header, kind, body, ...more } as never));

const documents = {
  desired: sign("first", "desired", desired),
  keys: sign("recovery", "keys", { keys: [keys.second, keys.recovery] }),
  revocation: sign("second", "revocation", { keys: [keys.first.id] }),
  time: sign("first", "time", { nonce: "0123456789abcdef", now: header.issued }, { sequence: 0 }),
  "a new signing key": sign("first", "keys", { keys: [keys.first, keys.second, keys.recovery] }),
  "the recovery key dropped": sign("first", "keys", { keys: [keys.first] }),
  "the recovery key replaced": sign("first", "keys", { keys: [keys.first, keys["second recovery"]] }),
  "the recovery key joined": sign("first", "keys", { keys: [keys.first, keys.recovery, keys["second recovery"]] }),
  "the recovery key shortened": sign("first", "keys", { keys: [keys.first, { ...keys.recovery, notAfter: header.issued }] }),
  "the recovery key for signing": sign("first", "keys", { keys: [keys.first, { ...keys.recovery, use: "sign" }] }),
  "the recovery key twice": sign("first", "keys", { keys: [keys.first, { ...keys.stranger, id: keys.recovery.id }, keys.recovery] }),
  "the recovery key revoked": sign("first", "revocation", { keys: [keys.recovery.id] }),
  "another recovery key by the recovery key": sign("recovery", "keys", { keys: [keys.first, keys["second recovery"]] }),
  "sequence 2^50": sign("first", "keys", { keys: [keys.first, keys.recovery] }, { sequence: 2 ** 50 }),
  "an epoch by a signing key": sign("first", "keys", { keys: [keys.first, keys.recovery] }, { epoch: 5, sequence: 2 ** 50 }),
  "an epoch by the recovery key": sign("recovery", "keys", { keys: [keys.second, keys.recovery] }, { epoch: 5, sequence: 1 }),
  "desired in an epoch": sign("second", "desired", desired, { epoch: 5 }),
  "revocation in an epoch": sign("recovery", "revocation", { keys: [keys.first.id] }, { epoch: 5 }),
  "for the whole network": sign("first", "desired", desired, { gateway: undefined }),
  "unknown fields": sign("first", "desired", { ...desired, curfew: "22-6", settings: { colour: "red" } }, { note: "hello" }),
  "critical, known": sign("first", "desired", desired, { critical: ["body.policy", "body.policy.rules[0].allow"] }),
  "critical, unknown": sign("first", "desired", { ...desired, curfew: { from: 22 } }, { critical: ["body.curfew.from"] }),
  "critical, absent": sign("first", "desired", desired, { critical: ["body.nothing"] }),
  "by a stranger": sign("stranger", "desired", desired),
  "by a recovery key": sign("recovery", "desired", desired),
  "before the key's time": sign("first", "desired", desired, { issued: 1_600_000_000_000 }),
  "revokes itself": sign("first", "revocation", { keys: [keys.first.id] }),
  "expires before it is issued": sign("first", "desired", desired, { expires: header.issued }),
  "policy with a mistake": sign("first", "desired", { ...desired, policy: { ...policy, rules: [{ from: "all", to: "printers", allow: ["tcp/99999"] }] } }),
};
writeFileSync("packages/contract/test/vectors/documents.json", JSON.stringify({ keys, documents }, null, 1) + "\n");
rmSync(directory, { recursive: true });
