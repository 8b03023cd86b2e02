// SPDX-License-Identifier: Apache-2.0
// Kinds of bad policy file, each with where the first problem stands and what is said. In `text`, HEAD stands for a sound beginning of two lines.

export interface BadPolicy {
  name: string;
  text: string | Uint8Array;
  /** "LINE:COLUMN" of the first problem. */
  at: string;
  field: string;
  /** Part of the message or of what was expected. */
  says: string;
  suggestion?: string;
  /** All problems of the file, when more than one. */
  count?: number;
  /** The JSON Schema sees it too: it is a matter of shape, not of syntax, limits, references or arithmetic. */
  shape?: true;
}

const HEAD = "network: home\ngroups: { family: [ { mac: \"02:00:00:00:00:11\" } ], printers: [ { mac: \"02:00:00:00:00:12\" } ] }\n";
const rule = (text: string) => `${HEAD}rules:\n  - { ${text} }\n`;
const allow = (service: string, to = "printers") => rule(`from: family, to: ${to}, allow: [ ${service} ]`);
const member = (text: string) => `network: home\ngroups:\n  family:\n    - ${text}\nrules: []\n`;
const bytes = (...values: number[]) => new Uint8Array(values);
const many = (count: number, line: (index: number) => string) => Array.from({ length: count }, (_, index) => line(index)).join("");
const ALLOW = "rules[0].allow[0]";
const MEMBER = "groups.family[0]";

export const badPolicies: BadPolicy[] = [
  // The text
  { name: "empty file", text: "", at: "1:1", field: "", says: "the policy is empty", shape: true },
  { name: "only a comment", text: "# nothing yet\n", at: "1:1", field: "", says: "the policy is empty", shape: true },
  { name: "a list instead of a mapping", text: "- network: home\n", at: "1:1", field: "", says: "the policy is a list", shape: true },
  { name: "a text instead of a mapping", text: "home\n", at: "1:1", field: "", says: 'the policy is "home"', shape: true },
  { name: "tab in the indentation", text: "network: home\nrules:\n\t- { from: all, to: all, allow: all }\n", at: "3:1", field: "", says: "a tab stands in the indentation; spaces" },
  { name: "bracket left open", text: `${HEAD}rules: [ { from: all, to: all, allow: all }\n`, at: "4:1", field: "", says: "a [ before this place is not closed" },
  { name: "quote left open", text: "network: \"home\nrules: []\n", at: "3:1", field: "", says: "Missing closing \"quote" },
  { name: "comma missing in a flow mapping", text: rule("from: family to: printers, allow: all"), at: "4:13", field: "", says: "commas between the parts" },
  { name: "indentation that fits nothing", text: "network: home\nrules:\n    - { from: all, to: all, allow: all }\n  - { from: all, to: all, allow: all }\n", at: "4:1", field: "", says: "the indentation does not fit" },
  { name: "two documents", text: "network: home\nrules: []\n---\nnetwork: work\nrules: []\n", at: "3:1", field: "", says: "one policy per file" },
  { name: "wildcard without quotes", text: `${HEAD}rules:\n  - from: family\n    to: internet\n    allow:\n      - *.example.org\n`, at: "7:9", field: ALLOW, says: "quotes around a text that begins with *" },
  { name: "alias without an anchor", text: "network: *name\nrules: []\n", at: "1:10", field: "network", says: "*name refers to nothing before it" },
  { name: "alias inside its own anchor", text: "network: home\nrules: &r [ *r ]\n", at: "2:13", field: "rules[0]", says: "*r refers to nothing before it", count: 1 },
  { name: "aliases that multiply", text: `a: &a [${"x,".repeat(99)}x]\nb: &b [${"*a,".repeat(99)}*a]\nc: [${"*b,".repeat(99)}*b]\n`, at: "3:", field: "c[", says: "more than 50000 values" },
  { name: "merge key", text: "network: home\nx: &x { from: all }\nrules: [ { <<: *x, to: all, allow: all } ]\n", at: "2:1", field: "x", says: 'unknown field "x"', count: 3 },
  { name: "tag", text: "network: !secret home\nrules: []\n", at: "1:10", field: "", says: "a value without a tag" },
  { name: "duplicate key", text: "network: home\nrules: []\nnetwork: work\n", at: "3:1", field: "network", says: '"network" stands twice' },
  { name: "duplicate group", text: "network: home\ngroups:\n  tv: []\n  tv: []\nrules: []\n", at: "4:3", field: "groups.tv", says: '"tv" stands twice' },
  { name: "key that is a list", text: "network: home\n? [a]\n: b\nrules: []\n", at: "1:1", field: "", says: "a list stands as a name" },
  { name: "nested too deeply", text: `network: ${"[".repeat(20)}${"]".repeat(20)}\n`, at: "1:", field: "network[0]", says: "nested too deeply" },
  { name: "nested beyond any stack", text: "[".repeat(200_000), at: "1:", field: "", says: "nested too deeply" },
  { name: "lists in lists in blocks beyond any stack", text: "- ".repeat(20_000), at: "1:", field: "", says: "nested too deeply" },
  { name: "five megabytes", text: `network: home\n# ${"x".repeat(5_000_000)}\n`, at: "1:1", field: "", says: "more than 262144 characters" },
  { name: "five megabytes as bytes", text: new Uint8Array(5_000_000).fill(0x61), at: "1:1", field: "", says: "more than 262144 characters" },
  { name: "not UTF-8", text: bytes(0x61, 0x3a, 0x0a, 0x62, 0xff), at: "2:2", field: "", says: "not UTF-8" },
  { name: "UTF-16", text: bytes(0xff, 0xfe, 0x61, 0), at: "1:1", field: "", says: "the text is UTF-16" },
  { name: "control character", text: "network: ho\u0007me\nrules: []\n", at: "1:12", field: "", says: "U+0007" },
  { name: "line ends of old Macintoshes", text: "network: home\rrules: []\r", at: "1:14", field: "", says: "carriage return" },
  // The top
  { name: "network missing", text: "rules: []\n", at: "1:1", field: "", says: 'the field "network" is missing', shape: true },
  { name: "rules missing", text: "network: home\n", at: "1:1", field: "", says: 'the field "rules" is missing', shape: true },
  { name: "unknown field with a near name", text: "netwrok: home\nrules: []\n", at: "1:1", field: "netwrok", says: "unknown field", suggestion: "network", count: 1, shape: true },
  { name: "mistake right after a byte order mark", text: "\ufeffnetwrok: home\nrules: []\n", at: "1:1", field: "netwrok", says: "unknown field", suggestion: "network", shape: true },
  { name: "unknown field with another name", text: "network: home\nrules: []\nblocklist: []\n", at: "3:1", field: "blocklist", says: "one of version, network", suggestion: "quarantine", shape: true },
  { name: "network is a number", text: "network: 12\nrules: []\n", at: "1:10", field: "network", says: 'put it in quotes: "12"', shape: true },
  { name: "network with a slash", text: "network: home/guest\nrules: []\n", at: "1:10", field: "network", says: '"home/guest" is not a network\'s name', shape: true },
  { name: "network is nothing", text: "network:\nrules: []\n", at: "1:9", field: "network", says: "nothing is not a network's name", shape: true },
  { name: "version not supported", text: "version: 2\nnetwork: home\nrules: []\n", at: "1:10", field: "version", says: "version 2 is not supported", shape: true },
  { name: "version as text", text: "version: \"1\"\nnetwork: home\nrules: []\n", at: "1:10", field: "version", says: '"1" is not a version', shape: true },
  { name: "mode misspelt", text: "network: home\nmode: inteligent-edge\nrules: []\n", at: "2:7", field: "mode", says: "intelligent-edge, thin-edge", suggestion: "intelligent-edge", shape: true },
  // Groups
  { name: "groups as a list", text: "network: home\ngroups: [ family ]\nrules: []\n", at: "2:9", field: "groups", says: '"groups" is a list', shape: true },
  { name: "group named like a reserved word", text: "network: home\ngroups:\n  internet: []\nrules: []\n", at: "3:3", field: "groups.internet", says: "already means something", shape: true },
  { name: "group's name with a blank", text: "network: home\ngroups:\n  my family: []\nrules: []\n", at: "3:3", field: 'groups["my family"]', says: "is not a group's name", shape: true },
  { name: "group's name of 33 letters", text: `network: home\ngroups:\n  ${"a".repeat(33)}: []\nrules: []\n`, at: "3:3", field: `groups.${"a".repeat(33)}`, says: "up to 31", shape: true },
  { name: "members that are a mapping", text: "network: home\ngroups:\n  family: { mac: \"02:00:00:00:00:11\" }\nrules: []\n", at: "3:11", field: "groups.family", says: "are a mapping; a list", shape: true },
  { name: "member that is only a text", text: member('"02:00:00:00:00:11"'), at: "4:7", field: MEMBER, says: "does not say what it is", suggestion: '{ mac: "02:00:00:00:00:11" }', shape: true },
  { name: "member without anything", text: member("{}"), at: "4:7", field: MEMBER, says: "the member names nothing", shape: true },
  { name: "member with two selectors", text: member('{ mac: "02:00:00:00:00:11", psk: alice }'), at: "4:7", field: MEMBER, says: "the member has mac and psk; exactly one", shape: true },
  { name: "member with an unknown selector", text: member("{ key: alice }"), at: "4:9", field: `${MEMBER}.key`, says: "one of mac, psk, fingerprint, mud", suggestion: "psk", count: 1, shape: true },
  { name: "MAC too short", text: member('{ mac: "02:00:00:00:11" }'), at: "4:14", field: `${MEMBER}.mac`, says: "10 hexadecimal digits instead of 12", shape: true },
  { name: "MAC with a letter that is no digit", text: member('{ mac: "02:00:00:00:00:1g" }'), at: "4:14", field: `${MEMBER}.mac`, says: "is not a MAC address", shape: true },
  { name: "MAC without separators", text: member('{ mac: "0200.0000.0011" }'), at: "4:14", field: `${MEMBER}.mac`, says: "is not a MAC address", suggestion: "02:00:00:00:00:11", shape: true },
  { name: "MAC without quotes that became a number", text: member("{ mac: 020000000011 }"), at: "4:14", field: `${MEMBER}.mac`, says: "in quotes", shape: true },
  { name: "MAC with the multicast bit", text: member('{ mac: "01:00:5e:00:00:fb" }'), at: "4:14", field: `${MEMBER}.mac`, says: "multicast bit set", shape: true },
  { name: "MAC of zeros", text: member('{ mac: "00:00:00:00:00:00" }'), at: "4:14", field: `${MEMBER}.mac`, says: "is no device's address", shape: true },
  { name: "same member twice", text: member('{ mac: "02:00:00:00:00:1A" }\n    - { mac: "02-00-00-00-00-1a" }'), at: "5:7", field: "groups.family[1]", says: "already a member" },
  { name: "psk without a name", text: member('{ psk: "" }'), at: "4:14", field: `${MEMBER}.psk`, says: "1 to 64 characters", shape: true },
  { name: "mud without https", text: member('{ mud: "http://vendor.example/cam.json" }'), at: "4:14", field: `${MEMBER}.mud`, says: "https URL", suggestion: "https://vendor.example/cam.json", shape: true },
  { name: "fingerprint with a blank", text: member('{ fingerprint: "a printer" }'), at: "4:22", field: `${MEMBER}.fingerprint`, says: "a kind of device", shape: true },
  { name: "more than 120 groups", text: `network: home\nrules: []\ngroups:\n${many(121, (index) => `  g${index}: []\n`)}`, at: "3:1", field: "groups", says: "121 groups; at most 120", shape: true },
  // Rules and their ends
  { name: "rules as a mapping", text: `${HEAD}rules: { from: all, to: all, allow: all }\n`, at: "3:8", field: "rules", says: '"rules" is a mapping; a list', shape: true },
  { name: "rule as a text", text: `${HEAD}rules:\n  - allow family printers\n`, at: "4:5", field: "rules[0]", says: "a rule is", shape: true },
  { name: "rule without to", text: rule("from: family, allow: all"), at: "4:5", field: "rules[0]", says: 'the rule has no "to"', shape: true },
  { name: "rule with a misspelt field", text: rule("form: family, to: printers, allow: all"), at: "4:7", field: "rules[0].form", says: "unknown field", suggestion: "from", count: 1, shape: true },
  { name: "rule with another language's field", text: rule("source: family, to: printers, allow: all"), at: "4:7", field: "rules[0].source", says: "unknown field", suggestion: "from", count: 1, shape: true },
  { name: "rule that says nothing", text: rule("from: family, to: printers"), at: "4:5", field: "rules[0]", says: "the rule decides nothing", shape: true },
  { name: "unknown group", text: rule("from: famly, to: printers, allow: all"), at: "4:13", field: "rules[0].from", says: "a group of this policy (family, printers)", suggestion: "family" },
  { name: "any instead of all", text: rule("from: any, to: printers, allow: all"), at: "4:13", field: "rules[0].from", says: "is not a group", suggestion: "all" },
  { name: "list of ends", text: rule("from: [family], to: printers, allow: all"), at: "4:13", field: "rules[0].from", says: "one end; write one rule for each", shape: true },
  { name: "end that is a number", text: rule("from: 7, to: printers, allow: all"), at: "4:13", field: "rules[0].from", says: "7 is not an end", shape: true },
  { name: "end that is an address", text: rule("from: family, to: 192.0.2.1, allow: all"), at: "4:25", field: "rules[0].to", says: '"to: internet" with allow: [ "192.0.2.1" ]' },
  { name: "end that is a MAC with a digit missing", text: rule('from: family, to: "02:00:00:00:00:1", allow: all'), at: "4:25", field: "rules[0].to", says: "11 hexadecimal digits" },
  { name: "end that is a group address", text: rule('from: family, to: "33:33:00:00:00:01", allow: all'), at: "4:25", field: "rules[0].to", says: "multicast bit set", shape: true },
  { name: "otherwise with another word", text: rule("from: family, to: printers, otherwise: block"), at: "4:46", field: "rules[0].otherwise", says: "deny, allow, ask", suggestion: "deny", shape: true },
  { name: "fallback that asks", text: rule("from: family, to: printers, otherwise: ask, fallback: ask"), at: "4:61", field: "rules[0].fallback", says: "allow, deny", shape: true },
  { name: "how without analyse", text: rule("from: family, to: printers, allow: all, how: mirror"), at: "4:47", field: "rules[0].how", says: "nothing is to be analysed", shape: true },
  { name: "how with another word", text: rule("from: family, to: printers, analyse: ids, how: copy"), at: "4:54", field: "rules[0].how", says: "mirror, redirect", suggestion: "mirror", shape: true },
  { name: "analyse that is not a name", text: rule("from: family, to: printers, analyse: true"), at: "4:44", field: "rules[0].analyse", says: "name of an analysis service", shape: true },
  { name: "more than 4000 rules", text: `${HEAD}rules:\n${many(4001, () => "- {from: all, to: all, allow: all}\n")}`, at: "3:1", field: "rules", says: "4001 rules; at most 4000", shape: true },
  // Services
  { name: "allow as a text", text: rule("from: family, to: printers, allow: tcp/631"), at: "4:42", field: "rules[0].allow", says: "a list of services", suggestion: "[tcp/631]", shape: true },
  { name: "allow: any", text: rule("from: family, to: printers, allow: any"), at: "4:42", field: "rules[0].allow", says: "all, or a list", suggestion: "all", shape: true },
  { name: "allow without a value", text: rule("from: family, to: printers, allow: "), at: "4:43", field: "rules[0].allow", says: '"allow" is nothing', shape: true },
  { name: "protocol misspelt", text: allow("tpc/631"), at: "4:44", field: ALLOW, says: '"tpc/631" is not a service', suggestion: "tcp/631", shape: true },
  { name: "service by its name", text: allow("https"), at: "4:44", field: ALLOW, says: "is not a service", suggestion: "tcp/443", shape: true },
  { name: "port as a number", text: allow("631"), at: "4:44", field: ALLOW, says: "631 is not a service", suggestion: "tcp/631", shape: true },
  { name: "port before protocol", text: allow("631/tcp"), at: "4:44", field: ALLOW, says: "is not a service", suggestion: "tcp/631", shape: true },
  { name: "capital letters", text: allow("TCP/631"), at: "4:44", field: ALLOW, says: "is not a service", suggestion: "tcp/631", shape: true },
  { name: "port by name", text: allow("tcp/https"), at: "4:44", field: ALLOW, says: "has no port number", suggestion: "tcp/443", shape: true },
  { name: "port out of range", text: allow("tcp/65536"), at: "4:44", field: ALLOW, says: "port 65536 does not exist" },
  { name: "port zero", text: allow("udp/0-10"), at: "4:44", field: ALLOW, says: "port 0 does not exist" },
  { name: "range reversed", text: allow("udp/5010-5000"), at: "4:44", field: ALLOW, says: "the range is reversed", suggestion: "udp/5000-5010" },
  { name: "several ports in one service", text: allow('"tcp/80,443"'), at: "4:44", field: ALLOW, says: "one service for each", shape: true },
  { name: "icmp with a port", text: allow("icmp/8"), at: "4:44", field: ALLOW, says: "icmp has no ports", suggestion: "icmp", shape: true },
  { name: "service that is a list", text: allow("[tcp/80]"), at: "4:44", field: ALLOW, says: "a list is not a service", shape: true },
  { name: "mdns towards the internet", text: allow("mdns", "internet"), at: "4:44", field: ALLOW, says: "internet is none; a rule between devices", shape: true },
  { name: "ssdp towards the gateway", text: allow("ssdp", "gateway"), at: "4:43", field: ALLOW, says: "gateway is none", shape: true },
  { name: "DNS name towards a group", text: allow('"dns:example.org"'), at: "4:44", field: ALLOW, says: "names a host on the internet", shape: true },
  { name: "prefix towards a group", text: allow("10.0.0.0/8"), at: "4:44", field: ALLOW, says: "names addresses on the internet", shape: true },
  { name: "prefix with host bits", text: allow("10.1.2.3/16", "internet"), at: "4:44", field: ALLOW, says: "bits set beyond its first 16", suggestion: "10.1.0.0/16" },
  { name: "IPv6 prefix with host bits", text: allow('"tcp/443@2001:db8:1::5/48"', "internet"), at: "4:44", field: ALLOW, says: "bits set beyond its first 48", suggestion: "2001:db8:1::/48" },
  { name: "prefix too long", text: allow("10.0.0.0/33", "internet"), at: "4:44", field: ALLOW, says: "between 0 and 32" },
  { name: "address with a number too large", text: allow("10.0.0.256", "internet"), at: "4:44", field: ALLOW, says: "is not a service" },
  { name: "ports named twice", text: allow('"tcp/443@192.0.2.7:443"', "internet"), at: "4:44", field: ALLOW, says: "names ports twice", shape: true },
  { name: "nothing after the @", text: allow('"tcp/443@"', "internet"), at: "4:44", field: ALLOW, says: "neither an address, a prefix nor dns:NAME", shape: true },
  { name: "name without dns:", text: allow("www.example.org", "internet"), at: "4:44", field: ALLOW, says: "is not a service", suggestion: "dns:www.example.org", shape: true },
  { name: "wildcard in the middle", text: allow('"dns:www.*.example.org"', "internet"), at: "4:44", field: ALLOW, says: "only stand for all of the first label", shape: true },
  { name: "wildcard as part of a label", text: allow('"dns:*cdn.example.org"', "internet"), at: "4:44", field: ALLOW, says: "only stand for all of the first label", shape: true },
  { name: "empty label", text: allow('"dns:www..example.org"', "internet"), at: "4:44", field: ALLOW, says: "two dots in a row", shape: true },
  { name: "label with a dash at its end", text: allow('"dns:www-.example.org"', "internet"), at: "4:44", field: ALLOW, says: '"www-" is not a label', shape: true },
  { name: "label of 64 letters", text: allow(`"dns:${"a".repeat(64)}.example"`, "internet"), at: "4:44", field: ALLOW, says: "more than 63" },
  { name: "name of one label", text: allow('"dns:printer"', "internet"), at: "4:44", field: ALLOW, says: "one label", shape: true },
  { name: "name with letters outside ASCII", text: allow('"dns:bücher.example"', "internet"), at: "4:44", field: ALLOW, says: "xn--", shape: true },
  { name: "name that is an address", text: allow('"dns:192.0.2.1"', "internet"), at: "4:44", field: ALLOW, says: "an address is written without dns:" },
  { name: "name with a port", text: allow('"dns:example.org:443"', "internet"), at: "4:44", field: ALLOW, says: "tcp/443@dns:NAME", shape: true },
  { name: "more than 1000 DNS names", text: rule(`from: family, to: internet, allow: [ ${many(1001, (index) => `"dns:h${index}.example", `)} ]`), at: "3:1", field: "rules", says: "1001 different DNS names; at most 1000" },
  { name: "DNS names in more than 120 rules", text: `${HEAD}rules:\n${many(121, () => '- { from: family, to: internet, allow: [ "dns:a.example" ] }\n')}`, at: "3:1", field: "rules", says: "121 sets of DNS names" },
  { name: "DNS names behind more than 120 ports", text: rule(`from: family, to: internet, allow: [ ${many(121, (index) => `"tcp/${index + 1}@dns:a.example", `)} ]`), at: "3:1", field: "rules", says: "121 sets of DNS names" },
  // Quarantine
  { name: "quarantine as a text", text: 'network: home\nrules: []\nquarantine: "02:00:00:00:00:66"\n', at: "3:13", field: "quarantine", says: "a list of MAC addresses", shape: true },
  { name: "group in quarantine", text: `${HEAD}rules: []\nquarantine: [ family ]\n`, at: "4:15", field: "quarantine[0]", says: '"family" is not a MAC address', shape: true },
  { name: "same device twice in quarantine", text: 'network: home\nrules: []\nquarantine:\n  - "02:00:00:00:00:66"\n  - "02-00-00-00-00-66"\n', at: "5:5", field: "quarantine[1]", says: "already in quarantine" },
  // Many
  { name: "mistakes in every part", text: "version: 3\nnetwork: a b\nmode: x\ngroups: { all: [] }\nrules: [ 1 ]\nquarantine: [ 2 ]\n", at: "1:10", field: "version", says: "", count: 6, shape: true },
  { name: "a hundred mistakes", text: `network: home\nrules:\n${many(100, () => "- {from: all, to: all, allow: 7}\n")}`, at: "3:31", field: "rules[0].allow", says: "", count: 50, shape: true },
];
