// SPDX-License-Identifier: Apache-2.0
// What policies mean: per case a policy, then questions and their answers "VERDICT REASON", where a number is the deciding rule counted from 1.
import { decide, type Decision, type Override, parsePolicy, type Policy, type World } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";

import { MACS, question, withMacs } from "./questions.ts";

interface Case {
  name: string;
  /** Groups, rules and quarantine, as YAML with {device}. */
  policy: string;
  overrides?: Override[];
  resolvers?: string[];
  /** "ann -> bob tcp/80 : allow 1" */
  asks: string[];
}

const GROUPS = `
groups:
  family: [ { mac: {ann} }, { mac: {bob} } ]
  printers: [ { mac: {printer} } ]
  cameras: [ { mac: {cam} } ]
`;

const cases: Case[] = [
  {
    name: "what no rule allows is denied, internet and gateway included",
    policy: `${GROUPS}rules: []`,
    asks: ["ann -> bob tcp/80 : deny default", "ann -> 192.0.2.1 tcp/443 : deny default", "192.0.2.1 -> ann tcp/22 : deny default", "ann -> gateway tcp/80 : deny default", "gateway -> ann tcp/80 : deny default", "ann -> bob mdns : deny default"],
  },
  {
    name: "a rule opens its services from one end to the other, not back",
    policy: `${GROUPS}rules: [ { from: family, to: printers, allow: [tcp/631, tcp/9100, mdns] } ]`,
    asks: ["ann -> printer tcp/631 : allow 1", "bob -> printer tcp/9100 : allow 1", "ann -> printer mdns : allow 1", "ann -> printer ssdp : deny default",
      "ann -> printer tcp/632 : deny default", "ann -> printer udp/631 : deny default", "printer -> ann tcp/631 : deny default", "cam -> printer tcp/631 : deny default", "printer -> ann mdns : deny default"],
  },
  {
    name: "a protocol alone is all its ports, a range its ports; only all covers other protocols",
    policy: `${GROUPS}rules:
  - { from: {ann}, to: {bob}, allow: [tcp, icmp] }
  - { from: {ann}, to: {cam}, allow: [udp/5000-5010] }
  - { from: {ann}, to: {printer}, allow: all }`,
    asks: ["ann -> bob tcp/1 : allow 1", "ann -> bob tcp : allow 1", "ann -> bob icmp : allow 1", "ann -> bob udp/1 : deny default", "ann -> bob other : deny default",
      "ann -> cam udp/4999 : deny default", "ann -> cam udp/5000 : allow 2", "ann -> cam udp/5010 : allow 2", "ann -> cam udp/5011 : deny default", "ann -> cam udp : deny default",
      "ann -> printer other : allow 3", "ann -> printer udp/7 : allow 3", "ann -> printer mdns : allow 3"],
  },
  {
    name: "unicast to port 5353 is not discovery, and udp does not open discovery",
    policy: `${GROUPS}rules: [ { from: family, to: printers, allow: [udp/5353] }, { from: family, to: cameras, allow: [mdns] }, { from: family, to: family, allow: [udp] } ]`,
    asks: ["ann -> printer udp/5353 : allow 1", "ann -> printer mdns : deny default", "ann -> cam udp/5353 : deny default", "ann -> cam mdns : allow 2", "ann -> bob mdns : deny default"],
  },
  {
    name: "within a group: every pair, both ways, never a device and itself",
    policy: `${GROUPS}rules: [ { from: family, to: family, allow: all } ]`,
    asks: ["ann -> bob tcp/1 : allow 1", "bob -> ann tcp/1 : allow 1", "ann -> ann tcp/1 : deny same device", "ann -> cam tcp/1 : deny default"],
  },
  {
    name: "a device in both groups is covered at either end",
    policy: `groups: { a: [ { mac: {ann} }, { mac: {bob} } ], b: [ { mac: {bob} }, { mac: {cam} } ] }
rules: [ { from: a, to: b, allow: [tcp/1] } ]`,
    asks: ["ann -> bob tcp/1 : allow 1", "bob -> cam tcp/1 : allow 1", "ann -> cam tcp/1 : allow 1", "bob -> ann tcp/1 : deny default", "cam -> bob tcp/1 : deny default"],
  },
  {
    name: "the first rule that decides wins: a rule without otherwise passes on what it does not list",
    policy: `${GROUPS}rules:
  - { from: family, to: printers, allow: [tcp/631] }
  - { from: {ann}, to: printers, otherwise: deny }
  - { from: family, to: all, allow: all }`,
    asks: ["ann -> printer tcp/631 : allow 1", "ann -> printer tcp/80 : deny 2", "bob -> printer tcp/80 : allow 3", "ann -> cam tcp/80 : allow 3"],
  },
  {
    name: "otherwise: deny and allow decide all that allow does not list",
    policy: `${GROUPS}rules:
  - { from: cameras, to: internet, allow: [tcp/443], otherwise: deny }
  - { from: cameras, to: internet, allow: all }
  - { from: family, to: internet, otherwise: allow }
  - { from: family, to: internet, otherwise: deny }`,
    asks: ["cam -> 192.0.2.1 tcp/443 : allow 1", "cam -> 192.0.2.1 tcp/80 : deny 1", "ann -> 2001:db8::1 udp/1 : allow 3"],
  },
  {
    name: "ask holds a flow; its fallback is deny unless the rule says allow",
    policy: `${GROUPS}rules:
  - { from: family, to: internet, allow: [tcp/443], otherwise: ask }
  - { from: cameras, to: internet, otherwise: ask, fallback: allow }
  - { from: family, to: family, otherwise: ask, fallback: allow }`,
    asks: ["ann -> 192.0.2.1 tcp/443 : allow 1", "ann -> 192.0.2.1 tcp/80 : ask/deny 1", "cam -> 192.0.2.1 tcp/80 : ask/allow 2", "ann -> bob mdns : deny 3", "ann -> bob tcp/1 : ask/allow 3"],
  },
  {
    name: "reserved ends: all is every device and nothing else, unknown is a device that no group names",
    policy: `${GROUPS}rules:
  - { from: all, to: printers, allow: [tcp/631] }
  - { from: unknown, to: internet, allow: [tcp/80] }
  - { from: internet, to: {ann}, allow: [tcp/22] }
  - { from: all, to: gateway, allow: [tcp/443] }
  - { from: gateway, to: all, allow: [tcp/23] }`,
    asks: ["stranger -> printer tcp/631 : allow 1", "192.0.2.1 -> printer tcp/631 : deny default", "gateway -> printer tcp/631 : deny default", "stranger -> 192.0.2.1 tcp/80 : allow 2", "ann -> 192.0.2.1 tcp/80 : deny default",
      "192.0.2.1 -> ann tcp/22 : allow 3", "192.0.2.1 -> bob tcp/22 : deny default", "ann -> gateway tcp/443 : allow 4", "ann -> internet tcp/443 : deny default", "gateway -> ann tcp/23 : allow 5", "192.0.2.1 -> gateway tcp/443 : deny no device"],
  },
  {
    name: "a device that only a rule names is still unknown",
    policy: `${GROUPS}rules: [ { from: unknown, to: {stranger}, allow: [tcp/1] }, { from: {stranger}, to: printers, allow: [tcp/2] } ]`,
    asks: ["visitor -> stranger tcp/1 : allow 1", "stranger -> printer tcp/2 : allow 2", "visitor -> printer tcp/2 : deny default", "ann -> stranger tcp/1 : deny default"],
  },
  {
    name: "internet by address, prefix, port and name, IPv4 and IPv6 alike",
    policy: `${GROUPS}rules:
  - { from: family, to: internet, allow: [ "192.0.2.0/24", "2001:db8::/32", "198.51.100.7:443", "udp/123@203.0.113.0/24" ] }
  - { from: cameras, to: internet, allow: [ "dns:api.vendor.example", "dns:*.cdn.example", "tcp/443@dns:*.shop.example" ] }`,
    asks: ["ann -> 192.0.2.255 other : allow 1", "ann -> 192.0.3.0 tcp/1 : deny default", "ann -> 2001:db8:ffff::1 icmp : allow 1", "ann -> 2001:db9::1 icmp : deny default",
      "ann -> 198.51.100.7 tcp/443 : allow 1", "ann -> 198.51.100.7 udp/443 : allow 1", "ann -> 198.51.100.7 tcp/80 : deny default", "ann -> 198.51.100.8 tcp/443 : deny default", "ann -> 198.51.100.7 icmp : deny default",
      "ann -> 203.0.113.9 udp/123 : allow 1", "ann -> 203.0.113.9 tcp/123 : deny default", "ann -> internet tcp/443 : deny default",
      "cam -> 203.0.113.1=api.vendor.example tcp/1 : allow 2", "cam -> 203.0.113.1=API.Vendor.Example. tcp/1 : allow 2", "cam -> 203.0.113.1=x.api.vendor.example tcp/1 : deny default", "cam -> 203.0.113.1 tcp/1 : deny default",
      "cam -> 203.0.113.1=a.b.cdn.example udp/9 : allow 2", "cam -> 203.0.113.1=cdn.example udp/9 : deny default", "cam -> 203.0.113.1=evilcdn.example udp/9 : deny default",
      "cam -> 203.0.113.1=other.example=www.shop.example tcp/443 : allow 2", "cam -> 203.0.113.1=www.shop.example tcp/80 : deny default"],
  },
  {
    name: "infrastructure is always allowed, and only that",
    policy: `${GROUPS}rules: [ { from: all, to: gateway, otherwise: deny }, { from: all, to: internet, otherwise: deny } ]`,
    resolvers: ["10.0.0.1", "9.9.9.9", "10.0.0.53"],
    asks: ["ann -> gateway udp/67 : allow infrastructure", "ann -> gateway udp/547 : allow infrastructure", "gateway -> ann udp/68 : allow infrastructure", "gateway -> ann udp/546 : allow infrastructure", "ann -> gateway icmp : allow infrastructure",
      "ann -> gateway@10.0.0.1 udp/53 : allow infrastructure", "ann -> gateway@10.0.0.1 tcp/53 : allow infrastructure", "ann -> 9.9.9.9 udp/53 : allow infrastructure", "ann -> printer@10.0.0.53 udp/53 : allow infrastructure",
      "ann -> 9.9.9.9 tcp/853 : deny 2", "ann -> 8.8.8.8 udp/53 : deny 2", "ann -> gateway@10.0.0.2 udp/53 : deny 1", "ann -> gateway tcp/67 : deny 1", "ann -> bob udp/67 : deny default", "ann -> bob icmp : deny default", "gateway -> ann icmp : deny default", "ann -> 9.9.9.9 icmp : deny 2"],
  },
  {
    name: "quarantine and blocking come before everything, at either end, infrastructure included",
    policy: `${GROUPS}rules: [ { from: all, to: all, allow: all }, { from: all, to: internet, allow: all } ]
quarantine: [ {cam} ]`,
    resolvers: ["9.9.9.9"],
    overrides: [{ kind: "quarantine", device: MACS["bob"]! }, { kind: "allow", a: MACS["cam"]!, b: "printers", service: "all" }],
    asks: ["cam -> printer tcp/1 : deny quarantine", "printer -> cam tcp/1 : deny quarantine", "cam -> gateway udp/67 : deny quarantine", "gateway -> cam udp/68 : deny quarantine", "cam -> 9.9.9.9 udp/53 : deny quarantine",
      "bob -> printer tcp/1 : deny quarantine", "printer -> bob mdns : deny quarantine", "ann! -> printer tcp/1 : deny blocked", "printer -> ann! tcp/1 : deny blocked", "ann! -> gateway icmp : deny blocked", "ann -> printer tcp/1 : allow 1"],
  },
  {
    name: "an operator's allow comes before the rules, one way, for its service",
    policy: `${GROUPS}rules: [ { from: all, to: all, otherwise: deny }, { from: cameras, to: internet, otherwise: ask } ]`,
    overrides: [{ kind: "allow", a: MACS["ann"]!, b: MACS["cam"]!, service: "tcp/554" }, { kind: "allow", a: "cameras", b: "internet", service: "dns:*.vendor.example" }, { kind: "allow", a: "family", b: "printers", service: "nonsense" }],
    asks: ["ann -> cam tcp/554 : allow override", "ann -> cam tcp/80 : deny 1", "cam -> ann tcp/554 : deny 1", "bob -> cam tcp/554 : deny 1", "cam -> 192.0.2.1=api.vendor.example tcp/1 : allow override", "cam -> 192.0.2.1 tcp/1 : ask/deny 2", "ann -> printer tcp/1 : deny 1"],
  },
  {
    name: "an operator's deny comes before all rules, in its direction and for its service alone; DHCP and the gateway's ping stay",
    policy: `${GROUPS}rules: [ { from: all, to: all, allow: all }, { from: all, to: internet, allow: all }, { from: all, to: gateway, allow: all } ]`,
    overrides: [{ kind: "deny", a: MACS["ann"]!, b: MACS["cam"]!, service: "all" }, { kind: "deny", a: MACS["bob"]!, b: "internet", service: "tcp/25" }, { kind: "deny", a: MACS["cam"]!, b: "gateway", service: "all" }],
    asks: ["ann -> cam tcp/554 : deny override", "cam -> ann tcp/554 : allow 1", "bob -> cam tcp/554 : allow 1", "bob -> 192.0.2.1 tcp/25 : deny override", "bob -> 192.0.2.1 tcp/443 : allow 2", "cam -> gateway tcp/80 : deny override", "cam -> gateway icmp : allow infrastructure"],
  },
  {
    name: "isolated: no other device either way, internet and gateway as the rules say",
    policy: `${GROUPS}rules: [ { from: all, to: all, allow: all }, { from: all, to: internet, allow: [tcp/443] } ]`,
    overrides: [{ kind: "isolate", device: MACS["cam"]! }],
    asks: ["cam -> ann tcp/1 : deny override", "ann -> cam tcp/1 : deny override", "ann -> cam mdns : deny override", "ann -> bob tcp/1 : allow 1", "cam -> 192.0.2.1 tcp/443 : allow 2", "cam -> 192.0.2.1 tcp/80 : deny default", "cam -> gateway icmp : allow infrastructure"],
  },
  {
    name: "of allow, deny and isolate the newest that covers the flow decides; a quarantine is stronger, however old",
    policy: `${GROUPS}rules: []`,
    overrides: [{ kind: "quarantine", device: MACS["printer"]! }, { kind: "isolate", device: MACS["cam"]! }, { kind: "allow", a: MACS["ann"]!, b: MACS["cam"]!, service: "all" }, { kind: "deny", a: MACS["ann"]!, b: MACS["cam"]!, service: "tcp/22" }, { kind: "allow", a: MACS["ann"]!, b: MACS["printer"]!, service: "all" }],
    asks: ["ann -> cam tcp/554 : allow override", "ann -> cam tcp/22 : deny override", "cam -> ann tcp/554 : deny override", "bob -> cam tcp/554 : deny override", "ann -> printer tcp/1 : deny quarantine"],
  },
  {
    name: "an operator's allow gives nothing to members that cannot be told yet, to no known end, or by addresses between devices",
    policy: `groups: { family: [ { psk: alice } ], printers: [ { mac: {printer} } ] }
rules: []`,
    overrides: [{ kind: "allow", a: "family", b: "printers", service: "tcp/1" }, { kind: "allow", a: "constructor", b: "printers", service: "all" }, { kind: "allow", a: "all", b: "printers", service: "10.0.0.0/8" }],
    asks: ["stranger -> printer tcp/1 : deny default", "ann -> printer@10.0.0.5 tcp/2 : deny default"],
  },
  {
    name: "a prefix is of its family, and holds no discovery",
    policy: `${GROUPS}rules: [ { from: family, to: internet, allow: [ "0.0.0.0/0" ] }, { from: cameras, to: internet, allow: [ "::/0" ] } ]`,
    asks: ["ann -> 203.0.113.1 tcp/1 : allow 1", "ann -> 2001:db8::1 tcp/1 : deny default", "cam -> 2001:db8::1 tcp/1 : allow 2", "cam -> 0.0.0.0 tcp/1 : deny default", "ann -> 203.0.113.1 mdns : deny default"],
  },
  {
    name: "members that cannot be told yet gain nothing",
    policy: `groups: { family: [ { psk: alice }, { mac: {ann} } ], printers: [ { fingerprint: printer } ] }
rules: [ { from: family, to: internet, allow: [tcp/443] }, { from: all, to: printers, allow: all }, { from: family, to: {bob}, otherwise: allow } ]`,
    asks: ["ann -> 192.0.2.1 tcp/443 : allow 1", "stranger -> 192.0.2.1 tcp/443 : deny default", "ann -> printer tcp/1 : deny default", "ann -> bob tcp/1 : allow 3", "stranger -> bob tcp/1 : deny default"],
  },
  {
    name: "a restriction of members that cannot be told yet holds for every unknown device",
    policy: `groups: { cameras: [ { mud: "https://vendor.example/c.json" }, { mac: {cam} } ], family: [ { mac: {ann} } ] }
rules:
  - { from: cameras, to: internet, allow: [tcp/443], otherwise: deny }
  - { from: all, to: internet, allow: all }
  - { from: family, to: cameras, otherwise: ask, fallback: allow }
  - { from: family, to: all, allow: all }`,
    asks: ["cam -> 192.0.2.1 tcp/443 : allow 1", "cam -> 192.0.2.1 tcp/80 : deny 1", "stranger -> 192.0.2.1 tcp/443 : deny 1", "stranger -> 192.0.2.1 tcp/80 : deny 1", "ann -> 192.0.2.1 tcp/80 : allow 2",
      "ann -> cam tcp/1 : ask/allow 3", "ann -> stranger tcp/1 : ask/deny 3", "ann -> ann tcp/1 : deny same device"],
  },
  {
    name: "analysis that is not there: mirroring changes nothing, redirected flows do not pass",
    policy: `${GROUPS}rules:
  - { from: unknown, to: internet, analyse: ids, how: mirror, fallback: allow }
  - { from: family, to: internet, allow: [tcp/80], analyse: ids, how: mirror }
  - { from: cameras, to: internet, allow: [tcp/443], analyse: ips, how: redirect }
  - { from: printers, to: internet, otherwise: ask, analyse: ips, how: redirect, fallback: allow }
  - { from: all, to: internet, allow: [tcp/443, tcp/444] }`,
    asks: ["stranger -> 192.0.2.1 tcp/80 : deny default", "ann -> 192.0.2.1 tcp/80 : allow 2", "cam -> 192.0.2.1 tcp/443 : deny 3", "cam -> 192.0.2.1 tcp/444 : allow 5", "printer -> 192.0.2.1 tcp/444 : deny 4"],
  },
  {
    name: "groups named like properties of objects are groups like others",
    policy: `groups: { constructor: [ { mac: {ann} } ], toString: [ { mac: {bob} } ] }
rules: [ { from: constructor, to: toString, allow: [tcp/1] } ]`,
    asks: ["ann -> bob tcp/1 : allow 1", "bob -> ann tcp/1 : deny default"],
  },
];

function world({ policy, overrides, resolvers }: Case): World {
  const result = parsePolicy(`network: test\n${withMacs(policy)}`);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { policy: result.policy, lines: result.lines, overrides, resolvers };
}

function answer({ verdict, fallback, because, rule }: Decision): string {
  return `${verdict}${fallback ? `/${fallback}` : ""} ${rule === undefined ? because : rule + 1}`;
}

const test = suite("decide");
for (const item of cases) {
  test(item.name, () => {
    const given = world(item);
    const got = item.asks.map((ask) => {
      const text = ask.split(" : ")[0]!;
      return `${text} : ${answer(decide({ ...given, ...question(text) }))}`;
    });
    assert.equal(got, item.asks);
  });
}

test("reasons name the rule as people count, its line and its ends", () => {
  const given = world({ name: "", policy: `${GROUPS}rules:\n  - { from: family, to: printers, allow: [tcp/631] }\n  - { from: all, to: internet, otherwise: ask }`, asks: [] });
  const reason = (text: string) => decide({ ...given, ...question(text) }).reason;
  assert.is(reason("ann -> printer tcp/631"), "rule 1 (line 8) allows tcp/631 from family to printers");
  assert.is(reason("ann -> internet tcp/1"), "rule 2 (line 9) asks about what it does not list from all to internet");
  assert.is(reason("ann -> bob tcp/1"), "no rule allows it");
  assert.is(decide({ ...given, lines: undefined, ...question("ann -> printer tcp/631") }).reason, "rule 1 allows tcp/631 from family to printers");
});

test("widening never comes from members that cannot be told yet", () => {
  // Every rule shape, with and without an unenforced member: adding one may only take away.
  const verdicts = { deny: 0, ask: 1, allow: 2 };
  for (const otherwise of [undefined, "deny", "ask", "allow"] as const) {
    for (const fallback of ["allow", "deny"] as const) {
      for (const to of ["internet", "family", "x", "unknown", "all"]) {
        const rules: Policy["rules"] = [{ from: "x", to, allow: ["tcp/1"], ...(otherwise && { otherwise }), fallback }, { from: "all", to: "all", allow: ["tcp/2"] }];
        const base: Policy = { version: 1, network: "n", mode: "intelligent-edge", groups: { x: [{ mac: MACS["cam"]! }], family: [{ mac: MACS["ann"]! }] }, rules, quarantine: [] };
        const more: Policy = { ...base, groups: { ...base.groups, x: [{ mac: MACS["cam"]! }, { psk: "k" }] } };
        for (const text of ["cam", "ann", "stranger"].flatMap((a) => ["internet", "ann", "cam", "visitor"].flatMap((b) => ["tcp/1", "tcp/2", "tcp/3"].map((s) => `${a} -> ${b} ${s}`)))) {
          const [before, after] = [base, more].map((policy) => decide({ policy, ...question(text) }));
          const widened = verdicts[after!.verdict] > verdicts[before!.verdict] && !(after!.verdict === "ask" && after!.fallback === "deny");
          assert.not.ok(widened, `${text}: ${before!.reason} -> ${after!.reason} with ${JSON.stringify(rules[0])}`);
        }
      }
    }
  }
});

test.run();
