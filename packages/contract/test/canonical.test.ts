// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { canonicalJson, decodeBase64, encodeBase64 } from "@securebox/contract";

const test = suite("canonical JSON and base64");

test("RFC 8785 section 3.2.4: the example", () => {
  const value = JSON.parse('{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}') as unknown;
  assert.is(canonicalJson(value), '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
});

test("RFC 8785 section 3.2.3: fields in the order of their UTF-16 code units, indices too", () => {
  const keys = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6", "10", "2"];
  const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
  assert.equal([...text.matchAll(/"((?:[^"\\]|\\.)*)":0/g)].map(([, key]) => JSON.parse(`"${key}"`) as string), ["\r", "1", "10", "2", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"]);
});

test("RFC 8785 appendix B: numbers", () => {
  for (const [value, text] of [[0, "0"], [-0, "0"], [5e-324, "5e-324"], [1.7976931348623157e308, "1.7976931348623157e+308"], [9007199254740992, "9007199254740992"],
    [295147905179352830000, "295147905179352830000"], [9.999999999999997e22, "9.999999999999997e+22"], [1e23, "1e+23"], [999999999999999700000, "999999999999999700000"], [1e21, "1e+21"],
    [9.999999999999997e-7, "9.999999999999997e-7"], [0.000001, "0.000001"], [333333333.33333325, "333333333.33333325"], [1424953923781206.2, "1424953923781206.2"]] as const) assert.is(canonicalJson(value), text);
});

test("what JSON cannot say is refused", () => {
  for (const value of [NaN, Infinity, "\ud800", { "\udc00": 1 }, [undefined], () => 1, 5n]) assert.throws(() => canonicalJson(value), (error: Error) => error instanceof TypeError);
});

test("RFC 4648 section 10: base64 both ways, and what is none", () => {
  for (const [text, coded] of [["", ""], ["f", "Zg=="], ["fo", "Zm8="], ["foo", "Zm9v"], ["foob", "Zm9vYg=="], ["fooba", "Zm9vYmE="], ["foobar", "Zm9vYmFy"]] as const) {
    assert.is(encodeBase64(new TextEncoder().encode(text)), coded);
    assert.is(new TextDecoder().decode(decodeBase64(coded)), text);
  }
  for (const text of ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v\n", "Z===", "Zm9_", "=Zm9"]) assert.throws(() => decodeBase64(text), /not base64/, text);
});

test.run();
