// SPDX-License-Identifier: Apache-2.0
// Which addresses a policy's DNS names stand for.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeDns, dnsMessage, encodeDns } from "../../../packets/index.ts";
import { payloadsOf } from "../../../packets/test/payloads.ts";
import { NameTable, resolve } from "../index.ts";
import { answer, record } from "./answers.ts";

const test = suite("names: table");

function table(...patterns: string[]): NameTable {
  const names = new NameTable(["10.0.0.0/24", "2001:db8:1::/64"]);
  names.setPatterns(patterns);
  return names;
}

function learnt(names: NameTable, ...[name, ...records]: [string, ...string[]]): string {
  return names.answer(answer(name, ...records), 0).names.map(({ pattern, addresses }) => `${pattern}=${addresses.join()}`).join(" ");
}

const CASES: [what: string, name: string, records: string[], learnt: string][] = [
  ["the name itself", "example.org", ["example.org 60 192.0.2.1"], "example.org=192.0.2.1"],
  ["in any case, with a final dot", "EXAMPLE.org.", ["Example.ORG 60 192.0.2.1"], "example.org=192.0.2.1"],
  ["IPv6", "example.org", ["example.org 60 2001:db8::1"], "example.org=2001:db8::1"],
  ["many addresses", "example.org", ["example.org 60 192.0.2.1", "example.org 60 192.0.2.2"], "example.org=192.0.2.1,192.0.2.2"],
  ["a name below a wildcard", "a.b.cdn.net", ["a.b.cdn.net 60 192.0.2.3"], "*.cdn.net=192.0.2.3"],
  ["not the wildcard's own name", "cdn.net", ["cdn.net 60 192.0.2.3"], ""],
  ["not a name that only ends alike", "evilcdn.net", ["evilcdn.net 60 192.0.2.3"], ""],
  ["another name", "example.com", ["example.com 60 192.0.2.9"], ""],
  ["through aliases", "example.org", ["example.org 60 CNAME x.cdn.com", "x.cdn.com 60 CNAME y.cdn.com", "y.cdn.com 60 192.0.2.4"], "example.org=192.0.2.4"],
  ["in any order", "example.org", ["y.cdn.com 60 192.0.2.4", "example.org 60 CNAME y.cdn.com"], "example.org=192.0.2.4"],
  ["an alias that fits a pattern of its own", "example.org", ["example.org 60 CNAME x.cdn.net", "x.cdn.net 60 192.0.2.5"], "example.org=192.0.2.5 *.cdn.net=192.0.2.5"],
  ["not what the question did not lead to", "example.com", ["example.com 60 192.0.2.9", "example.org 60 192.0.2.66"], ""],
  ["not from an alias back to the question", "example.com", ["example.org 60 CNAME example.com", "example.com 60 192.0.2.66"], ""],
  ["not round and round", "example.org", ["example.org 60 CNAME a.org", "a.org 60 CNAME example.org"], ""],
];

test("which patterns an answer is for", () => {
  for (const [what, name, records, expected] of CASES) assert.is(learnt(table("example.org", "*.cdn.net"), name, ...records), expected, what);
});

test("sixteen aliases are followed, not seventeen", () => {
  const chain = (aliases: number): string[] => [...Array.from({ length: aliases }, (_, i) => `n${i}.org 60 CNAME n${i + 1}.org`), `n${aliases}.org 60 192.0.2.1`];
  assert.is(learnt(table("n0.org"), "n0.org", ...chain(16)), "n0.org=192.0.2.1");
  assert.is(learnt(table("n0.org"), "n0.org", ...chain(17)), "");
});

test("what is no positive answer to one question teaches nothing", () => {
  const good = answer("example.org", "example.org 60 192.0.2.1");
  const question = good.questions[0]!;
  const wrong = [{ response: false }, { rcode: 3 }, { opcode: 4 }, { questions: [] }, { questions: [question, question] }, { questions: [{ ...question, class: 3 }] }, { answers: [{ ...record("example.org 60 192.0.2.1"), class: 3 }] }, { answers: [], additionals: good.answers }];
  for (const change of wrong) assert.equal(resolve({ ...good, ...change }), [], JSON.stringify(change));
  assert.is(resolve(good).length, 1);
});

test("recorded answers of dnsmasq", () => {
  const names = table("www.example.test", "many.example.test");
  const outcome = payloadsOf("dns").filter(({ payload }) => payload.length > 12).map(({ payload }) => names.answer(decodeDns(payload), 0));
  assert.equal(names.bindings.map(({ pattern, addresses }) => [pattern, addresses.length]), [["www.example.test", 2], ["many.example.test", 9]]);
  assert.ok(outcome.some(({ names }) => names.length === 1));
});

test("no answer opens the network itself, or what nobody has", () => {
  for (const address of ["10.0.0.9", "2001:db8:1::9", "127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "ff02::1", "::ffff:10.0.0.9"]) {
    const { names, events } = table("example.org").answer(answer("example.org", `example.org 60 ${address}`), 0);
    assert.equal([names, events], [[], [{ type: "name-refused", pattern: "example.org", name: "example.org", address }]], address);
  }
});

test("an address counts for its TTL, 30 s at least, a day at most, and a minute more", () => {
  const lifetime = (ttl: number): number => {
    const names = table("example.org");
    names.answer(answer("example.org", `example.org ${ttl} 192.0.2.1`), 1000);
    let seconds = 0;
    for (let step = 65_536; step >= 1; step /= 2) {
      const probe = table("example.org");
      probe.answer(answer("example.org", `example.org ${ttl} 192.0.2.1`), 1000);
      probe.tick(1000 + (seconds + step) * 1000);
      if (probe.size > 0) seconds += step;
    }
    return seconds + 1;
  };
  assert.equal([0, 10, 30, 300, 3600, 86_400, 2_000_000_000].map(lifetime), [90, 90, 90, 360, 3660, 86_460, 86_460]);
});

test("the least TTL on the way counts", () => {
  const names = table("example.org");
  names.answer(answer("example.org", "example.org 40 CNAME a.net", "a.net 9999 192.0.2.1"), 0);
  assert.equal([names.tick(99_999).names.length, names.tick(100_000).names], [0, [{ pattern: "example.org", addresses: [] }]]);
});

test("a later answer adds and prolongs, it does not replace nor shorten", () => {
  const names = table("example.org");
  names.answer(answer("example.org", "example.org 600 192.0.2.1"), 0);
  assert.equal(names.answer(answer("example.org", "example.org 60 192.0.2.2"), 1000).names, [{ pattern: "example.org", addresses: ["192.0.2.1", "192.0.2.2"] }]);
  assert.equal(names.answer(answer("example.org", "example.org 60 192.0.2.1", "example.org 300 192.0.2.2"), 2000), { names: [], events: [] });
  names.tick(361_999);
  assert.equal(names.bindings, [{ pattern: "example.org", addresses: ["192.0.2.1", "192.0.2.2"] }]);
  assert.equal(names.tick(362_000).names, [{ pattern: "example.org", addresses: ["192.0.2.1"] }]);
});

test("traffic keeps an address only where the limit says so", () => {
  const lasts = (inUse: number): number => {
    const names = new NameTable([], { inUse });
    names.setPatterns(["example.org"]);
    names.answer(answer("example.org", "example.org 30 192.0.2.1"), 0);
    let now = 0;
    while (names.size > 0) {
      now += 10_000;
      names.used("192.0.2.1", now);
      names.tick(now);
    }
    return now / 1000;
  };
  assert.equal([0, 60_000, 300_000].map(lasts), [90, 150, 390]);
});

test("a pattern that leaves the policy leaves nothing; a new prefix takes its addresses", () => {
  const names = table("example.org", "*.cdn.net");
  learnt(names, "example.org", "example.org 60 192.0.2.1", "example.org 60 198.51.100.1");
  learnt(names, "a.cdn.net", "a.cdn.net 60 192.0.2.1");
  assert.equal(names.setPatterns(["example.org"]).names, [{ pattern: "*.cdn.net", addresses: [] }]);
  assert.equal(names.setPrefixes(["198.51.100.0/24"]).names, [{ pattern: "example.org", addresses: ["192.0.2.1"] }]);
  assert.is(names.size, 1);
});

test("a full pattern gives up what would expire first; so does a full table", () => {
  const names = new NameTable([], { perPattern: 3, total: 4 });
  names.setPatterns(["a.org", "b.org"]);
  names.answer(answer("a.org", "a.org 500 192.0.2.1", "a.org 100 192.0.2.2", "a.org 300 192.0.2.3"), 0);
  const { names: changed, events } = names.answer(answer("a.org", "a.org 400 192.0.2.4"), 0);
  assert.equal(changed, [{ pattern: "a.org", addresses: ["192.0.2.1", "192.0.2.3", "192.0.2.4"] }]);
  assert.equal(events, [{ type: "name-full", pattern: "a.org", dropped: "192.0.2.2" }]);
  const other = names.answer(answer("b.org", "b.org 1000 192.0.2.5", "b.org 1000 192.0.2.6"), 0);
  assert.equal(other.names.map(({ pattern, addresses }) => [pattern, addresses.length]).sort(), [["a.org", 2], ["b.org", 2]]);
  assert.is(names.size, 4);
});

test("a message of 4,000 addresses is bounded too", () => {
  const names = table("example.org");
  const records = Array.from({ length: 4000 }, (_, i) => record(`example.org 60 198.18.${i >> 8}.${i & 255}`));
  names.answer(decodeDns(encodeDns(dnsMessage({ response: true, questions: [{ name: "example.org", type: 1, class: 1 }], answers: records }))), 0);
  assert.is(names.size, 256);
});

test.run();
