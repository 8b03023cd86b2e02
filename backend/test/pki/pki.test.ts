// SPDX-License-Identifier: Apache-2.0
// The authority against openssl, and the signing keys against the contract's judge: what a gateway would say.
import { spawnSync } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeDocument, encodeDocument, judgeDocument, keyIdOf, type DocumentKnowledge, type PublicKey, type SignedDocument } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openPki, type OwnPki } from "../../src/pki/index.ts";
import { signer } from "../../src/pki/signer.ts";
import { RequestError, type Database } from "../../src/ports.ts";
import { enrol, makeRequest, memoryDatabase, memoryPki } from "../broker/fixture.ts";

const test = suite("pki");
const directory = mkdtempSync(join(tmpdir(), "securebox-pki-"));
let database: Database;
test.before(async () => { database = await memoryDatabase(); });
test.after(() => rmSync(directory, { recursive: true }));
const DAY = 86_400_000;

function openssl(...args: string[]): string {
  const { stdout, stderr } = spawnSync("openssl", args, { encoding: "utf8", cwd: directory });
  return stdout + stderr;
}

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return name;
}

test("openssl verifies what the authority issues, each for its purpose alone", async () => {
  const pki = await memoryPki({ database });
  file("ca.pem", pki.caPem);
  const gateway = await enrol(pki, "attic", "home");
  file("gateway.pem", gateway.certificate.pem);
  file("server.pem", (await pki.serverCertificate()).certificate);
  const verify = (purpose: string, certificate: string): string => openssl("verify", "-x509_strict", "-CAfile", "ca.pem", "-purpose", purpose, certificate);
  assert.match(verify("sslclient", "gateway.pem"), /: OK/);
  assert.match(verify("sslserver", "server.pem"), /: OK/);
  assert.match(verify("sslserver", "gateway.pem"), /unsuitable certificate purpose|unsupported certificate purpose/);
  assert.match(verify("sslclient", "server.pem"), /unsuitable certificate purpose|unsupported certificate purpose/);
  const text = openssl("x509", "-in", "gateway.pem", "-noout", "-subject", "-serial", "-fingerprint", "-sha256");
  assert.match(text, /subject=CN = attic, OU = home/);
  assert.match(text.toLowerCase(), new RegExp(`serial=${gateway.certificate.serial}`));
  assert.match(text.toLowerCase().replaceAll(":", ""), new RegExp(gateway.certificate.fingerprint));
  assert.match(openssl("x509", "-in", "server.pem", "-noout", "-ext", "subjectAltName"), /DNS:backend.example.*IP Address:127\.0\.0\.1.*IP Address:0:0:0:0:0:0:0:1/s);
  assert.match(openssl("x509", "-in", "ca.pem", "-noout", "-fingerprint", "-sha256").toLowerCase().replaceAll(":", ""), new RegExp(pki.caFingerprint));
});

test("the revocation list names who was revoked, and openssl refuses that one", async () => {
  const pki = await memoryPki({ database });
  const [good, bad] = [await enrol(pki, "good"), await enrol(pki, "bad")];
  await pki.database.query("INSERT INTO revoked_certificates (serial, gateway, not_after, reason) VALUES ($1, 'bad', $2, 'stolen')", [bad.certificate.serial, bad.certificate.notAfter]);
  file("ca2.pem", pki.caPem);
  file("crl.pem", await pki.crl());
  const verify = (certificate: string): string => openssl("verify", "-CAfile", "ca2.pem", "-CRLfile", "crl.pem", "-crl_check", certificate);
  assert.match(verify(file("good.pem", good.certificate.pem)), /: OK/);
  assert.match(verify(file("bad.pem", bad.certificate.pem)), /certificate revoked/);
});

test("a certificate lives as long as the option says, and at least 2^120 serial numbers are drawn from", async () => {
  const pki = await memoryPki({ database, gatewayLifetime: 3 * DAY, now: () => Date.UTC(2027, 0, 1) });
  const [one, two] = [await enrol(pki, "one"), await enrol(pki, "two")];
  assert.is(one.certificate.notAfter, Date.UTC(2027, 0, 4));
  assert.ok(one.certificate.notBefore < Date.UTC(2027, 0, 1));
  assert.match(one.certificate.serial, /^[4-7][0-9a-f]{31}$/);
  assert.is.not(one.certificate.serial, two.certificate.serial);
});

test("requests that prove nothing are refused, with the reason", async () => {
  const pki = await memoryPki({ database });
  const { csr } = await makeRequest();
  const der = Buffer.from(csr.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
  const forged = Buffer.from(der);
  forged[forged.length - 3]! ^= 1;
  const otherKey = Buffer.from(der);
  otherKey[der.indexOf(Buffer.from("034200", "hex")) + 10]! ^= 1;
  const pem = (bytes: Buffer): string => `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
  openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "rsa.key", "-subj", "/CN=x", "-out", "rsa.csr");
  const rsa = spawnSync("cat", [join(directory, "rsa.csr")], { encoding: "utf8" }).stdout;
  const cases: [string, RegExp][] = [
    [pem(forged), /signature was not made by its own key/], [pem(otherKey), /not on P-256|signature was not made/], [(await makeRequest("x", "P-384")).csr, /not on P-256/], [rsa, /not on P-256/],
    ["", /expected one PEM block/], [pem(der.subarray(0, 40)), /no PKCS #10/], [csr + csr, /expected one PEM block/], [`${csr}${" ".repeat(5000)}`, /at most 4096/],
  ];
  for (const [text, reason] of cases) {
    const error = await pki.issueGateway(text, "attic", "home").then(() => assert.unreachable(`accepted although ${reason}`), (e: Error) => e);
    assert.instance(error, RequestError);
    assert.match((error as Error).message, reason);
  }
});

test("a certificate begins in the past, for clocks that are behind, by an hour or a tenth of its life: after two thirds of what it shows, a third is left", async () => {
  for (const [gatewayLifetime, backdate] of [[90 * DAY, 3_600_000], [60_000, 6_000]] as const) {
    const { certificate } = await enrol(await memoryPki({ database, gatewayLifetime, now: () => Date.UTC(2027, 0, 1) }), "one");
    assert.is(certificate.notBefore, Date.UTC(2027, 0, 1) - backdate);
    assert.is(certificate.notAfter, Date.UTC(2027, 0, 1) + gatewayLifetime);
  }
});

test("the subject that a request asks for counts for nothing", async () => {
  const pki = await memoryPki({ database });
  const { csr } = await makeRequest("administrator");
  assert.is(new X509Certificate((await pki.issueGateway(csr, "attic", "home")).pem).subject, "CN=attic\nOU=home");
});

test("the server's certificate is renewed after two thirds of its life", async () => {
  let now = Date.UTC(2027, 0, 1);
  const pki = await memoryPki({ database, now: () => now });
  const first = (await pki.serverCertificate()).certificate;
  now += 59 * DAY;
  assert.is((await pki.serverCertificate()).certificate, first);
  now += 2 * DAY;
  const next = (await pki.serverCertificate()).certificate;
  assert.is.not(next, first);
  assert.ok(Date.parse(new X509Certificate(next).validTo) > now + 80 * DAY);
});

test("two that start at the same time on one database have one authority, and the recovery key is given once", async () => {
  const database = await memoryDatabase();
  const given: string[] = [];
  const open = (): Promise<OwnPki> => openPki({ database, names: ["x"], keepRecoveryKey: async (key) => void given.push(key) });
  const [one, two] = await Promise.all([open(), open()]);
  assert.is(one.caFingerprint, two.caFingerprint);
  assert.equal(one.keys, two.keys);
  assert.is(one.secretFor("x"), two.secretFor("x"));
  assert.is.not(one.secretFor("x"), one.secretFor("y"));
  assert.is(given.length, 1);
  const recovery = one.keys.find(({ use }) => use === "recovery")!;
  assert.is(keyIdOf(signer, createPublicKey(given[0]!).export({ type: "spki", format: "pem" }) as string), recovery.id);
  assert.equal(await database.query("SELECT private_pem FROM keys WHERE use = 'recovery'"), [{ private_pem: null }]);
});

test("when the recovery key cannot be kept, nothing was made", async () => {
  const database = await memoryDatabase();
  const error = await openPki({ database, names: ["x"], keepRecoveryKey: async () => { throw new Error("disk full"); } }).then(() => undefined, (e: Error) => e.message);
  assert.is(error, "disk full");
  assert.equal(await database.query("SELECT (SELECT count(*)::int FROM keys) AS keys, (SELECT count(*)::int FROM authority) AS authority"), [{ keys: 0, authority: 0 }]);
});

const knowing = (keys: readonly PublicKey[], revoked: string[] = []): DocumentKnowledge => ({ network: "home", gateway: "attic", keys, revoked, sequence: undefined, now: Date.now(), notBefore: 0 });
const header = { network: "home", gateway: "attic", sequence: 1, issued: Date.now(), expires: Date.now() + DAY };

/** As a gateway: "ok", or the code of the refusal. */
function judged(document: SignedDocument, knowledge: DocumentKnowledge): string {
  const read = decodeDocument(signer, encodeDocument(document));
  return read.ok ? (judgeDocument(signer, read.document, knowledge)?.code ?? "ok") : read.refusal.code;
}

test("a gateway follows a rotation by a document of the key that it believes", async () => {
  const pki = await memoryPki({ database });
  const before = pki.keys;
  const { keys, revocation } = await pki.rotate({ revoke: false });
  assert.is(revocation, undefined);
  assert.is(keys.keys.length, 3, "old, new, recovery");
  const ids = before.map(({ id }) => id);
  const document = pki.sign<"keys">({ kind: "keys", ...header, body: keys }, "sign", ids);
  assert.is(judged(document, knowing(before)), "ok");
  const time = pki.sign<"time">({ kind: "time", ...header, sequence: 0, body: { nonce: "0123456789abcdef", now: Date.now() } });
  assert.is(judged(time, knowing(before)), "unknown-key");
  assert.is(judged(time, knowing(keys.keys)), "ok");
});

test("a gateway that was away during two rotations, the second with revocation, is led to the present", async () => {
  const pki = await memoryPki({ database });
  const before = pki.keys;
  await pki.rotate({ revoke: false });
  const middle = pki.keys.find(({ id, use }) => use === "sign" && !before.some((key) => key.id === id))!;
  const { keys, revocation } = await pki.rotate({ revoke: true });
  assert.equal(revocation, { keys: [middle.id] });
  assert.not(keys.keys.some(({ id }) => id === middle.id));
  const document = pki.sign<"keys">({ kind: "keys", ...header, body: keys }, "sign", before.map(({ id }) => id));
  assert.is(judged(document, knowing(before)), "ok");
  const revoking = pki.sign<"revocation">({ kind: "revocation", ...header, body: revocation! });
  assert.is(judged(revoking, knowing(keys.keys)), "ok");
  const byRevoked = pki.sign<"keys">({ kind: "keys", ...header, body: keys }, "sign", [middle.id]);
  assert.is(judged(byRevoked, knowing(keys.keys, revocation!.keys)), "revoked-key");
});

test("another process signs with the new key after it heard of the rotation", async () => {
  const heard: (() => void)[] = [];
  const shared: Database = { ...database, listen: async (_channel, received) => { heard.push(() => received("")); return async () => {}; }, notify: async () => heard.forEach((tell) => tell()) };
  const open = (): Promise<OwnPki> => openPki({ database: shared, names: ["x"], keepRecoveryKey: async () => {} });
  const [one, two] = [await open(), await open()];
  await one.rotate({ revoke: true });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(two.keys, one.keys);
});

test.run();
