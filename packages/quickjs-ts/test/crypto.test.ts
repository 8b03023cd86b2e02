// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { bytes } from "./lib/streams.ts";

const test = suite("crypto");
const { crypto } = platform;
const hex = (data: Uint8Array): string => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

// FIPS 180-4 examples (NIST CSRC, SHA256.pdf), the empty string and a million times "a".
for (const [what, data, expected] of [
  ["nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
  ["a million a", "a".repeat(1e6), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
] as const) test(`SHA-256 of ${what}`, () => assert.is(hex(crypto.sha256(bytes(data))), expected));

// RFC 4231 section 4: key, data, HMAC-SHA-256.
for (const [number, key, data, expected] of [
  [1, "0b".repeat(20), "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [2, "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
  [3, "aa".repeat(20), "dd".repeat(50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
  [6, "aa".repeat(131), hex(bytes("Test Using Larger Than Block-Size Key - Hash Key First")), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"],
] as const) test(`HMAC, RFC 4231 case ${number}`, () => assert.is(hex(crypto.hmacSha256(fromHex(key), fromHex(data))), expected));

// RFC 6979 appendix A.2.5: P-256, SHA-256, message "sample".
const publicKey = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7
Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==
-----END PUBLIC KEY-----
`;
const signature = fromHex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");

test("ECDSA P-256: the signature of RFC 6979 holds, nothing near it does", () => {
  assert.is(crypto.verifyP256(publicKey, bytes("sample"), signature), true);
  assert.is(crypto.verifyP256(publicKey, bytes("samplf"), signature), false);
  for (const at of [0, 31, 32, 63]) {
    const wrong = signature.slice();
    wrong[at]! ^= 1;
    assert.is(crypto.verifyP256(publicKey, bytes("sample"), wrong), false, `byte ${at}`);
  }
  for (const size of [0, 1, 63, 65, 128]) assert.is(crypto.verifyP256(publicKey, bytes("sample"), new Uint8Array(size)), false, `size ${size}`);
  assert.is(crypto.verifyP256(publicKey, bytes("sample"), new Uint8Array(64)), false, "zeroes");
});

test("a key that is none, or of another curve, is the caller's error", () => {
  assert.throws(() => crypto.verifyP256("no key", bytes("x"), signature), (error: unknown) => error instanceof TypeError);
  const p384 = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE7DpOQVtOGaRWhhgCn0J/pdqai8SukuAu
BqrlKGswCJYVmIU3WWeBlu1dIXKJc+QbUW6LOnh1zCQXNq4bQG75CqkZD1nsXzAi
yOEvtIV/uFFjcP5YCUMoJZPPUVFgRDWg
-----END PUBLIC KEY-----
`;
  assert.throws(() => crypto.verifyP256(p384, bytes("x"), signature), (error: unknown) => error instanceof TypeError);
});

test("random bytes have the size asked for and differ", () => {
  assert.is(crypto.random(0).length, 0);
  const [a, b] = [crypto.random(1_000), crypto.random(1_000)];
  assert.is(a.length, 1_000);
  assert.ok(hex(a) !== hex(b));
  assert.ok(new Set(a).size > 200, "all byte values look alike");
});

// Written by openssl: ecparam -genkey (SEC 1), pkcs8 -topk8 of the same key, ec -pubout, and a key of another curve.
const openssl = {
  sec1: `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEICoGKxyERg1BWsE8GUDO4Iy1oSXe0nHsuc8y4K6A82N8oAoGCCqGSM49
AwEHoUQDQgAEGdrkx9YwC6nlp1t7U1e1gcb7ISfwgamPuv+6zWSShxO9WgxjrgRc
xkW5QSlq2ryqkjX774eSgBgKNiltTqQFyA==
-----END EC PRIVATE KEY-----
`,
  pkcs8: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKgYrHIRGDUFawTwZ
QM7gjLWhJd7Scey5zzLgroDzY3yhRANCAAQZ2uTH1jALqeWnW3tTV7WBxvshJ/CB
qY+6/7rNZJKHE71aDGOuBFzGRblBKWravKqSNfvvh5KAGAo2KW1OpAXI
-----END PRIVATE KEY-----
`,
  publicKey: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGdrkx9YwC6nlp1t7U1e1gcb7ISfw
gamPuv+6zWSShxO9WgxjrgRcxkW5QSlq2ryqkjX774eSgBgKNiltTqQFyA==
-----END PUBLIC KEY-----
`,
  p384: `-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDB/RZ1yLMNeG2z+YSFPo2UY4g0pPMb56CQoYlLkrtKodGmqDkZ/kcg/
gNACBefZ8KGgBwYFK4EEACKhZANiAAQ5vVaZCRIgOo3fe3nbAL3ZRT8iSQ955YJm
NwlYB9scL5Zx4T/5zIUrklySB5PmbTq/NDcL6XZx7K+xXCt6QAxJ5fBZwrfDXTJM
qM+bkRzZbloAw8dlmAkAAIzyNwOdRhQ=
-----END EC PRIVATE KEY-----
`,
};

test("ECDSA P-256: what a new key signs, its public half verifies, and another does not", () => {
  const [ours, other] = [crypto.generateP256(), crypto.generateP256()];
  assert.is.not(ours.privateKey, other.privateKey);
  assert.is(crypto.publicKeyOf(ours.privateKey), ours.publicKey);
  for (let i = 0; i < 64; i++) { // enough for integers with leading zeroes
    const signature = crypto.signP256(ours.privateKey, bytes(`message ${i}`));
    assert.is(signature.length, 64);
    assert.is(crypto.verifyP256(ours.publicKey, bytes(`message ${i}`), signature), true, `message ${i}`);
    assert.is(crypto.verifyP256(ours.publicKey, bytes(`message ${i + 1}`), signature), false);
    assert.is(crypto.verifyP256(other.publicKey, bytes(`message ${i}`), signature), false);
  }
});

for (const form of ["sec1", "pkcs8"] as const) {
  test(`openssl's private key is read: ${form}`, () => {
    assert.is(crypto.publicKeyOf(openssl[form]), openssl.publicKey);
    assert.is(crypto.verifyP256(openssl.publicKey, bytes("hello"), crypto.signP256(openssl[form], bytes("hello"))), true);
  });
}

test("what is no private P-256 key is told", () => {
  for (const key of ["", "hello", openssl.publicKey, openssl.p384, openssl.pkcs8.slice(0, 80), openssl.sec1.replace(/[A-Z]/g, "A")]) {
    assert.throws(() => crypto.signP256(key, bytes("x")), (error: Error) => error instanceof TypeError && error.message.startsWith("privateKey: expected a P-256 key"));
    assert.throws(() => crypto.publicKeyOf(key), (error: Error) => error instanceof TypeError);
  }
});

test.run();
