// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { Renewal, renewAt } from "../renewal.ts";
import { readCertificate } from "../x509/certificate.ts";
import { readElements, writeElement, writeInteger } from "../x509/der.ts";
import { decodePem, encodePem } from "../x509/pem.ts";
import { certificateRequest } from "../x509/request.ts";
import { CERTIFICATE, FAR, PRIVATE_KEY, RENEWED } from "./certificate-vectors.ts";
import { Authority, openssl } from "./openssl.ts";

const { crypto } = platform;
const x509 = suite("x509");

x509("openssl's certificates: dates as UTCTime and GeneralizedTime, serial, key", () => {
  const facts = readCertificate(CERTIFICATE);
  assert.is(facts.serial, "f1e2d3c4b5a697");
  assert.is(facts.notBefore, Date.UTC(2026, 10, 23, 8, 41, 54));
  assert.is(facts.notAfter, Date.UTC(2027, 10, 23, 8, 41, 54));
  assert.is(facts.publicKey, crypto.publicKeyOf(PRIVATE_KEY));
  assert.is(readCertificate(RENEWED).serial, "1b");
  assert.is(readCertificate(FAR).notAfter, Date.UTC(3026, 2, 26, 8, 40, 45));
});

x509("whatever is cut off or changed: a RangeError or TypeError, never another", () => {
  const der = decodePem("CERTIFICATE", CERTIFICATE);
  for (let size = 0; size < der.length; size++) assert.throws(() => readCertificate(encodePem("CERTIFICATE", der.subarray(0, size))), RangeError);
  for (let at = 0; at < der.length; at++) {
    const changed = der.slice();
    changed[at] = changed[at]! ^ 0xff;
    try {
      readCertificate(encodePem("CERTIFICATE", changed));
    } catch (error) {
      assert.instance(error, RangeError);
    }
  }
  assert.throws(() => readCertificate("no PEM"), /no CERTIFICATE/);
  assert.throws(() => readElements(Uint8Array.of(0x30, 0x85, 1, 1, 1, 1, 1)), /length at byte 1/);
});

x509("DER: lengths of one to three bytes, integers without needless zeros (X.690 section 8.3)", () => {
  for (const size of [0, 127, 128, 255, 256, 65_535]) assert.is(readElements(writeElement(4, new Uint8Array(size)))[0]!.content.length, size);
  assert.throws(() => writeElement(4, new Uint8Array(65_536)), /65536 bytes/);
  assert.equal([...writeInteger(Uint8Array.of(0, 0, 5))], [2, 1, 5]);
  assert.equal([...writeInteger(Uint8Array.of(0x80))], [2, 2, 0, 0x80]);
  assert.equal([...writeInteger(Uint8Array.of(0, 0))], [2, 1, 0]);
});

x509("openssl verifies our requests, and what it issues for them has our key", async () => {
  const authority = await Authority.make("x509");
  for (let count = 0; count < 4; count++) {
    const { privateKey, publicKey } = crypto.generateP256();
    const { certificate, said } = await authority.issue(certificateRequest(crypto, privateKey, "attic-ö"), 90);
    assert.match(said, /verify OK/i);
    assert.match(said, /CN ?= ?attic/);
    const facts = readCertificate(certificate);
    assert.is(facts.publicKey.trim(), publicKey.trim());
    assert.is(facts.notAfter - facts.notBefore, 90 * 86_400_000);
    const dates = await openssl("x509", "-in", `${authority.directory}/issued.pem`, "-noout", "-serial");
    assert.is(BigInt(`0x${/serial=(\w+)/.exec(dates)![1]}`), BigInt(`0x${facts.serial}`));
  }
  authority.remove();
});

x509("a request changed after it was signed is none for openssl", async () => {
  const authority = await Authority.make("forged");
  const der = decodePem("CERTIFICATE REQUEST", certificateRequest(crypto, crypto.generateP256().privateKey, "attic"));
  const at = der.findIndex((byte, index) => byte === 0x61 && der[index + 1] === 0x74);
  der[at] = 0x62;
  let refused = "";
  await authority.issue(encodePem("CERTIFICATE REQUEST", der), 1).catch((error: Error) => { refused = error.message; });
  authority.remove();
  assert.match(refused, /verify fail|Signature did not match/i);
});

x509("renewal: from two thirds of the life on, with back-off from a minute to an hour, never without a trusted clock", () => {
  const life = readCertificate(CERTIFICATE);
  const at = renewAt(life);
  assert.is(at, life.notBefore + (life.notAfter - life.notBefore) * 2 / 3);
  const renewal = new Renewal();
  assert.not(renewal.due(life, at - 1, 0));
  assert.not(renewal.due(life, undefined, 0));
  const tries: number[] = [];
  for (let now = 0; now < 5 * 3_600_000; now += 1000) if (renewal.due(life, at + now, now)) tries.push(now / 60_000);
  assert.equal(tries, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  renewal.renewed();
  assert.ok(renewal.due(life, at, 5 * 3_600_000));
});

x509("renewal of a short life: ten tries between two thirds and its end", () => {
  const renewal = new Renewal();
  const tries: number[] = [];
  for (let now = 0; now < 120; now++) if (renewal.due({ notBefore: 0, notAfter: 120_000 }, now * 1000, now * 1000)) tries.push(now);
  assert.equal(tries, [80, 84, 88, 92, 96, 100, 104, 108, 112, 116]);
});

x509.run();
