// SPDX-License-Identifier: Apache-2.0
// Sound policy files, each with what they become.
import type { Policy } from "../src/index.ts";

export interface GoodPolicy {
  name: string;
  text: string;
  policy: Policy;
  /** Parts of the warnings, in order. */
  warnings?: string[];
}

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const policy = (more: Partial<Policy>): Policy => ({ version: 1, network: "home", mode: "intelligent-edge", groups: {}, rules: [], quarantine: [], ...more });

export const goodPolicies: GoodPolicy[] = [
  { name: "the least", text: "network: home\nrules: []\n", policy: policy({}) },
  { name: "parts left empty", text: "network: home\ngroups:\nrules:\nquarantine:\n", policy: policy({}) },
  { name: "JSON", text: '{"network":"home","version":1,"rules":[{"from":"all","to":"internet","allow":"all"}]}', policy: policy({ rules: [{ from: "all", to: "internet", allow: "all" }] }) },
  { name: "byte order mark and Windows line ends", text: "\ufeffnetwork: home\r\nrules: []\r\n", policy: policy({}) },
  {
    name: "the design's example",
    text: `# who may reach whom
network: home
mode: intelligent-edge
groups:
  family:   [ { psk: alice }, { mac: "02:00:00:00:00:11" } ]
  printers: [ { fingerprint: printer } ]
  cameras:  [ { mud: "https://vendor.example/cam.json" } ]
rules:
  - { from: family,  to: printers, allow: [tcp/631, tcp/9100, mdns] }
  - { from: family,  to: family,   allow: all }
  - { from: cameras, to: internet, allow: [ "dns:*.vendor.example" ], otherwise: deny }
  - { from: unknown, to: internet, analyse: ids, how: mirror, fallback: allow }
quarantine: [ "02:00:00:00:00:66" ]
`,
    policy: policy({
      groups: { family: [{ psk: "alice" }, { mac: "02:00:00:00:00:11" }], printers: [{ fingerprint: "printer" }], cameras: [{ mud: "https://vendor.example/cam.json" }] },
      rules: [
        { from: "family", to: "printers", allow: ["tcp/631", "tcp/9100", "mdns"] },
        { from: "family", to: "family", allow: "all" },
        { from: "cameras", to: "internet", allow: ["dns:*.vendor.example"], otherwise: "deny" },
        { from: "unknown", to: "internet", analyse: "ids", how: "mirror", fallback: "allow" },
      ],
      quarantine: ["02:00:00:00:00:66"],
    }),
  },
  {
    name: "MAC addresses in any case and with dashes become lower case with colons",
    text: `network: home\ngroups: { a: [ { mac: 02-00-00-00-00-0A } ] }\nrules: [ { from: 02:00:00:00:00:0B, to: a, allow: all } ]\nquarantine: [ 02-00-00-00-00-0B ]\n`,
    policy: policy({ groups: { a: [{ mac: A }] }, rules: [{ from: B, to: "a", allow: "all" }], quarantine: [B] }),
  },
  {
    name: "services become canonical, once each; all swallows the rest",
    text: `network: home\nrules:
  - { from: all, to: internet, allow: [ tcp/80-80, "192.0.2.7/32", "[2001:DB8:0::7]:443", "dns:Example.ORG.", "tcp/443@2001:db8::/32", tcp/80, "udp@dns:*.org" ] }
  - { from: all, to: all, allow: [ tcp/1, all ] }\n`,
    policy: policy({ rules: [{ from: "all", to: "internet", allow: ["tcp/80", "192.0.2.7", "[2001:db8::7]:443", "dns:example.org", "tcp/443@2001:db8::/32", "udp@dns:*.org"] }, { from: "all", to: "all", allow: "all" }] }),
  },
  {
    name: "anchors and aliases",
    text: `network: home\ngroups:\n  a: &people [ { mac: "${A}" } ]\n  b: *people\nrules: [ { from: a, to: internet, allow: &web [ tcp/443 ] }, { from: all, to: gateway, allow: *web } ]\n`,
    policy: policy({ groups: { a: [{ mac: A }], b: [{ mac: A }] }, rules: [{ from: "a", to: "internet", allow: ["tcp/443"] }, { from: "all", to: "gateway", allow: ["tcp/443"] }] }),
  },
  {
    name: "groups named like properties of objects",
    text: `network: home\ngroups: { valueOf: [ { mac: "${A}" } ], toString: [ { mac: "${B}" } ] }\nrules: [ { from: valueOf, to: toString, otherwise: ask, fallback: allow } ]\n`,
    policy: policy({ groups: Object.fromEntries([["valueOf", [{ mac: A }]], ["toString", [{ mac: B }]]]), rules: [{ from: "valueOf", to: "toString", otherwise: "ask", fallback: "allow" }] }),
  },
  {
    name: "rules that never decide",
    text: `network: home
groups: { a: [ { mac: "${A}" } ], b: [ { mac: "${A}" }, { mac: "${B}" } ], nobody: [] }
rules:
  - { from: internet, to: gateway, allow: all }
  - { from: "${A}", to: "${A}", allow: all }
  - { from: a, to: b, allow: [] }
  - { from: nobody, to: b, allow: all }
  - { from: b, to: internet, allow: [tcp/1], otherwise: deny, fallback: allow }
  - { from: a, to: internet, allow: all }
  - { from: "${B}", to: internet, allow: all }
  - { from: all, to: internet, allow: all }
`,
    policy: policy({
      groups: { a: [{ mac: A }], b: [{ mac: A }, { mac: B }], nobody: [] },
      rules: [
        { from: "internet", to: "gateway", allow: "all" }, { from: A, to: A, allow: "all" }, { from: "a", to: "b", allow: [] }, { from: "nobody", to: "b", allow: "all" },
        { from: "b", to: "internet", allow: ["tcp/1"], otherwise: "deny", fallback: "allow" }, { from: "a", to: "internet", allow: "all" }, { from: B, to: "internet", allow: "all" }, { from: "all", to: "internet", allow: "all" },
      ],
    }),
    warnings: ['"nobody" has no member', "no device is at either end", "both ends are the same device", "it allows nothing", '"nobody" has no member', '"fallback" has an effect only', "rules[4] before it decides everything from b to internet", "rules[4] before it decides everything from b to internet"],
  },
  {
    name: "a later rule of a group with members that cannot be told yet may still decide",
    text: `network: home\ngroups: { a: [ { mac: "${A}" }, { psk: k } ] }\nrules: [ { from: a, to: internet, allow: all }, { from: a, to: internet, otherwise: deny } ]\n`,
    policy: policy({ groups: { a: [{ mac: A }, { psk: "k" }] }, rules: [{ from: "a", to: "internet", allow: "all" }, { from: "a", to: "internet", otherwise: "deny" }] }),
  },
];
