// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { broadcastOf, eui64, formatIp, formatMac, inPrefix, isGroupMac, isLinkLocal, isMulticast, isStationMac, linkLocalOf, multicastMac, normaliseIp, parseIp, parseMac, parsePrefix, solicitedNode } from "../index.ts";

const test = suite("packets: addresses");

/** RFC 5952 §1, §2, §4 and §5. */
const CANONICAL: [written: string, canonical: string][] = [
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], ["2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], ["2001:db8::1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"], ["2001:0db8::1:0:0:1", "2001:db8::1:0:0:1"], ["2001:db8:0:0:1::1", "2001:db8::1:0:0:1"],
  ["2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"], ["2001:db8:aaaa:bbbb:cccc:dddd:eeee:001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["0:0:0:0:0:0:0:0", "::"], ["0:0:0:0:0:0:0:1", "::1"], ["fe80:0:0:0:0:0:0:0", "fe80::"], ["1:0:0:0:0:0:0:0", "1::"],
  ["::ffff:c000:201", "::ffff:192.0.2.1"], ["::ffff:192.0.2.1", "::ffff:192.0.2.1"], ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"], ["192.0.2.1", "192.0.2.1"],
];

test("text is canonical as RFC 5952 wants it", () => {
  for (const [written, canonical] of CANONICAL) assert.is(normaliseIp(written), canonical, written);
});

test("what is no address is refused", () => {
  const wrong = ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "1.2.3.-4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8",
    "12345::", "g::", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "fe80::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", "::/0"];
  for (const text of wrong) assert.is(parseIp(text), undefined, text);
});

test("every pattern of zero groups survives text and back", () => {
  for (let bits = 0; bits < 256; bits++) {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => (i & 1 && (bits >> (i >> 1)) & 1 ? 0xa0 + i : 0));
    assert.equal(parseIp(formatIp(bytes)), bytes, formatIp(bytes));
  }
});

test("MAC addresses", () => {
  assert.equal(parseMac("02:00:00:00:00:1F"), Uint8Array.of(2, 0, 0, 0, 0, 0x1f));
  assert.equal(parseMac("02-00-00-00-00-1f"), Uint8Array.of(2, 0, 0, 0, 0, 0x1f));
  assert.is(formatMac(Uint8Array.of(9, 0xff, 0, 1, 2, 3, 4), 1), "ff:00:01:02:03:04");
  for (const text of ["", "02:00:00:00:00", "02:00:00:00:00:11:22", "02:00:00:00:00:1g", "02:00-00:00:00:11", "020000000011"]) assert.is(parseMac(text), undefined, text);
  assert.equal([isGroupMac("01:00:5e:00:00:fb"), isGroupMac("02:00:00:00:00:01"), isStationMac("00:00:00:00:00:00"), isStationMac("02:00:00:00:00:01")], [true, false, false, true]);
});

test("prefixes", () => {
  const table: [address: string, prefix: string, inside: boolean][] = [
    ["10.0.0.1", "10.0.0.0/24", true], ["10.0.1.1", "10.0.0.0/24", false], ["10.0.0.129", "10.0.0.128/25", true], ["10.0.0.127", "10.0.0.128/25", false],
    ["192.0.2.7", "192.0.2.7/32", true], ["192.0.2.6", "192.0.2.7/32", false], ["8.8.8.8", "0.0.0.0/0", true], ["2001:db8:1::1", "2001:db8::/32", true],
    ["2001:db9::1", "2001:db8::/32", false], ["2001:db8::1", "0.0.0.0/0", false], ["fe80::1", "fe80::/10", true], ["febf::1", "fe80::/10", true], ["fec0::1", "fe80::/10", false],
  ];
  for (const [address, prefix, inside] of table) assert.is(inPrefix(address, prefix), inside, `${address} in ${prefix}`);
  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "::/129", "x/8", "/8"]) assert.is(parsePrefix(text), undefined, text);
  assert.is(formatIp(parsePrefix("10.1.2.3/12")!.bytes), "10.0.0.0");
  assert.is(formatIp(broadcastOf(parsePrefix("10.1.2.0/23")!)!), "10.1.3.255");
  assert.is(broadcastOf(parsePrefix("10.1.2.0/31")!), undefined);
});

test("kinds of addresses", () => {
  assert.equal(["fe80::1", "febf::1", "fec0::1", "169.254.0.1"].map(isLinkLocal), [true, true, false, false]);
  assert.equal(["ff02::1", "224.0.0.251", "239.255.255.250", "240.0.0.1", "223.255.255.255", "2001:db8::1"].map(isMulticast), [true, true, true, false, false, false]);
});

test("addresses made of others", () => {
  assert.is(formatIp(solicitedNode(parseIp("2001:db8::12:3456")!)), "ff02::1:ff12:3456");
  assert.is(multicastMac(parseIp("ff02::1:ff12:3456")!), "33:33:ff:12:34:56");
  assert.is(multicastMac(parseIp("239.255.255.250")!), "01:00:5e:7f:ff:fa");
  // RFC 4291 appendix A: 34-56-78-9A-BC-DE -> 36-56-78-FF-FE-9A-BC-DE.
  assert.is(linkLocalOf("34:56:78:9a:bc:de"), "fe80::3656:78ff:fe9a:bcde");
  assert.is(eui64(parsePrefix("2001:db8::/64")!, "nonsense"), undefined);
});

test.run();
