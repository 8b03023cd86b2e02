// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatService, parseMac, parsePrefix, parseService, patternCovers, prefixHolds, type ServiceTerm } from "../src/index.ts";
import { formatIp, parseIp } from "../src/address.ts";
import { nearest } from "../src/nearest.ts";

const service = suite("service");

/** Text, canonical text, term. */
const terms: [string, string, ServiceTerm][] = [
  ["all", "all", { kind: "all" }],
  ["mdns", "mdns", { kind: "discovery", protocol: "mdns" }],
  ["ssdp", "ssdp", { kind: "discovery", protocol: "ssdp" }],
  ["tcp", "tcp", { kind: "traffic", protocol: "tcp" }],
  ["icmp", "icmp", { kind: "traffic", protocol: "icmp" }],
  ["tcp/631", "tcp/631", { kind: "traffic", protocol: "tcp", ports: { first: 631, last: 631 } }],
  ["udp/1-65535", "udp/1-65535", { kind: "traffic", protocol: "udp", ports: { first: 1, last: 65535 } }],
  ["tcp/00080-80", "tcp/80", { kind: "traffic", protocol: "tcp", ports: { first: 80, last: 80 } }],
  ["10.1.0.0/16", "10.1.0.0/16", { kind: "traffic", prefix: "10.1.0.0/16" }],
  ["0.0.0.0/0", "0.0.0.0/0", { kind: "traffic", prefix: "0.0.0.0/0" }],
  ["192.0.2.7", "192.0.2.7", { kind: "traffic", prefix: "192.0.2.7/32" }],
  ["192.0.2.7:443", "192.0.2.7:443", { kind: "traffic", prefix: "192.0.2.7/32", ports: { first: 443, last: 443 } }],
  ["192.0.2.0/24:80-90", "192.0.2.0/24:80-90", { kind: "traffic", prefix: "192.0.2.0/24", ports: { first: 80, last: 90 } }],
  ["2001:DB8:0:0::/32", "2001:db8::/32", { kind: "traffic", prefix: "2001:db8::/32" }],
  ["::1", "::1", { kind: "traffic", prefix: "::1/128" }],
  ["[2001:db8::7]:443", "[2001:db8::7]:443", { kind: "traffic", prefix: "2001:db8::7/128", ports: { first: 443, last: 443 } }],
  ["[2001:db8::/32]:1-2", "[2001:db8::/32]:1-2", { kind: "traffic", prefix: "2001:db8::/32", ports: { first: 1, last: 2 } }],
  ["tcp/443@192.0.2.0/24", "tcp/443@192.0.2.0/24", { kind: "traffic", protocol: "tcp", ports: { first: 443, last: 443 }, prefix: "192.0.2.0/24" }],
  ["icmp@2001:db8::1", "icmp@2001:db8::1", { kind: "traffic", protocol: "icmp", prefix: "2001:db8::1/128" }],
  ["dns:Example.Org.", "dns:example.org", { kind: "traffic", name: "example.org" }],
  ["dns:*.example.org", "dns:*.example.org", { kind: "traffic", name: "*.example.org" }],
  ["udp/443@dns:*.org", "udp/443@dns:*.org", { kind: "traffic", protocol: "udp", ports: { first: 443, last: 443 }, name: "*.org" }],
];

for (const [text, canonical, term] of terms) {
  service(`${text} is read and written`, () => {
    assert.equal(parseService(text), { ok: true, value: term });
    assert.is(formatService(term), canonical);
    assert.equal(parseService(canonical), { ok: true, value: term });
  });
}

service("what was probably meant is named", () => {
  const guesses = { "80": "tcp/80", "80/udp": "udp/80", "udp:53": "udp/53", "tpc/80": "tcp/80", upd: "udp", HTTPS: "tcp/443", ping: "icmp", bonjour: "mdns", mdsn: "mdns", "*": "all", "Example.org": "dns:example.org" };
  for (const [text, guess] of Object.entries(guesses)) {
    const result = parseService(text);
    assert.is(!result.ok && result.suggestion, guess, text);
  }
});
service("no guess is made where nothing is near, nor from properties of objects", () => {
  for (const text of ["", "gopher", "constructor", "toString", "tcp/constructor", " ", "@", "dns:"]) {
    const result = parseService(text);
    assert.is(result.ok, false, text);
    assert.is(!result.ok && result.suggestion, undefined, text);
  }
});
service("any text gives an answer in short time", () => {
  for (const text of ["a".repeat(100_000), "1".repeat(100_000), `dns:${"a.".repeat(50_000)}`, ":".repeat(100_000), `tcp/${"9".repeat(100_000)}`, `${"[".repeat(50_000)}:1`]) {
    const before = Date.now();
    const result = parseService(text);
    assert.is(result.ok, false);
    assert.ok(!result.ok && result.message.length < 300, `message of ${!result.ok && result.message.length} characters`);
    assert.ok(Date.now() - before < 1000, `${Date.now() - before} ms`);
  }
});
service.run();

const address = suite("address");
address("IPv6 is written as RFC 5952 says", () => {
  const forms = {
    "2001:db8:0:0:0:0:2:1": "2001:db8::2:1", "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1", "2001:0:0:1:0:0:0:1": "2001:0:0:1::1", "2001:db8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "::": "::", "0:0:0:0:0:0:0:1": "::1", "1::": "1::", "FE80::ABCD": "fe80::abcd", "::ffff:192.0.2.1": "::ffff:c000:201", "1:2:3:4:5:6:7:8": "1:2:3:4:5:6:7:8",
  };
  for (const [text, canonical] of Object.entries(forms)) assert.is(formatIp(parseIp(text)!), canonical);
});
address("what is no address is none", () => {
  for (const text of ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.-4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1.2.3", "1.2.3.4::", "fe80::1%wlan0"]) {
    assert.is(parseIp(text), undefined, text);
  }
});
address("prefixes hold the addresses of their family", () => {
  const holds: [string, string, boolean][] = [
    ["10.0.0.0/8", "10.255.0.1", true], ["10.0.0.0/8", "11.0.0.0", false], ["0.0.0.0/0", "::1", false], ["::/0", "2001:db8::1", true], ["2001:db8::/33", "2001:db8:8000::", false],
    ["192.0.2.7/32", "192.0.2.7", true], ["192.0.2.6/31", "192.0.2.7", true], ["192.0.2.6/31", "192.0.2.8", false], ["::ffff:0:0/96", "192.0.2.1", false], ["10.0.0.0/8", "nonsense", false],
  ];
  for (const [prefix, ip, expected] of holds) assert.is(prefixHolds(prefix, ip), expected, `${prefix} ${ip}`);
});
address("a prefix may have no bits beyond its length", () => {
  const ok = parsePrefix("10.128.0.0/9");
  assert.equal(ok, { ok: true, value: "10.128.0.0/9" });
  const bad = parsePrefix("10.128.0.0/8");
  assert.is(bad && !bad.ok && bad.suggestion, "10.0.0.0/8");
  assert.is(parsePrefix("example.org"), undefined);
});
address("a MAC is lower case with colons, of one device", () => {
  assert.equal(parseMac("AA-BB-CC-DD-EE-0f"), { ok: true, value: "aa:bb:cc:dd:ee:0f" });
  for (const text of ["", "aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:0f:01", "ab:bb:cc:dd:ee:0f", "ff:ff:ff:ff:ff:ff", "aa:bb:cc:dd:ee:0g", "a:bb:cc:dd:ee:0ff"]) assert.is(parseMac(text).ok, false, text);
});
address("patterns cover names by whole labels, without regard to case", () => {
  const covers: [string, string, boolean][] = [
    ["example.org", "example.org", true], ["example.org", "EXAMPLE.org.", true], ["example.org", "a.example.org", false], ["*.example.org", "a.example.org", true],
    ["*.example.org", "a.b.example.org", true], ["*.example.org", "example.org", false], ["*.example.org", "notexample.org", false], ["*.example.org", ".example.org", false],
  ];
  for (const [pattern, name, expected] of covers) assert.is(patternCovers(pattern, name), expected, `${pattern} ${name}`);
});
address.run();

const near = suite("nearest");
near("slips are recognised, other words are not", () => {
  assert.is(nearest("famly", ["family", "printers"]), "family");
  assert.is(nearest("allwo", ["allow", "all"]), "allow");
  assert.is(nearest("Family", ["family"]), "family");
  assert.is(nearest("tv", ["pc"]), undefined);
  assert.is(nearest("guests", ["family", "printers"]), undefined);
});
near.run();
