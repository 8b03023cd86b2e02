// SPDX-License-Identifier: Apache-2.0
// UCI text as libuci reads and writes it. test/openwrt/uci holds reader and writer against the program `uci`, or what it once said.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UciFiles } from "../uci/files.ts";
import { parseKey, putItem, readItem } from "../uci/items.ts";
import { findSection, type UciPackage } from "../uci/package.ts";
import { formatUci, parseUci, showUci } from "../uci/text.ts";

const uci = suite("uci");

const NETWORK = `# what people write
package network
config interface 'lan'
	option device "br-lan"
  option  proto   static   # a comment
	list dns 192.0.2.1
	list dns '192.0.2.2'

config device
	option name br-lan ; option type 'bridge'
	list ports 'lan 1'
config device two
config device
	option note 'it'\\''s "so"'
`;

uci("show prints what uci show prints", () => {
  assert.is(showUci(parseUci(NETWORK), "network"), `network.lan=interface
network.lan.device='br-lan'
network.lan.proto='static'
network.lan.dns='192.0.2.1' '192.0.2.2'
network.@device[0]=device
network.@device[0].name='br-lan'
network.@device[0].type='bridge'
network.@device[0].ports='lan 1'
network.two=device
network.@device[2]=device
network.@device[2].note='it'\\''s "so"'
`);
});

uci("export prints what uci export prints; a commit has no package line", () => {
  const text = `
config interface 'lan'
	option device 'br-lan'
	option proto 'static'
	list dns '192.0.2.1'
	list dns '192.0.2.2'

config device
	option name 'br-lan'
	option type 'bridge'
	list ports 'lan 1'

config device 'two'

config device
	option note 'it'\\''s "so"'

`;
  assert.is(formatUci(parseUci(NETWORK)), text);
  assert.is(formatUci(parseUci(NETWORK), "network"), `package network\n${text}`);
  assert.is(formatUci([]), "\n");
  assert.is(formatUci(parseUci(text)), text);
});

/** [what, what stands after "option o", the value; undefined: none] */
const VALUES: [string, string, string | undefined][] = [
  ["plain", "a", "a"], ["single quotes", "'a b'", "a b"], ["double quotes", '"a b"', "a b"], ["joined", `a'b c'"d e"f`, "ab cd ef"],
  ["a backslash outside of quotes", "a\\ b", "a b"], ["a backslash in double quotes", '"a\\"b\\\\c\\n"', 'a"b\\cn'], ["a backslash in single quotes", "'a\\nb'", "a\\nb"],
  ["lines in single quotes", "'a\nb'", "a\nb"], ["lines in double quotes", '"a\nb"', "a\nb"], ["a joined line in double quotes", '"a\\\nb"', "ab"], ["a joined line", "a\\\nb", "ab"],
  ["a joined line with CR", "a\\\r\nb", "ab"], ["a backslash and a line in single quotes", "'a \\\nb'", "a \\\nb"],
  ["a hash ends even a word", "a#b", "a"], ["a hash in quotes", "'a#b'", "a#b"], ["a semicolon ends a command", "'a';", "a"], ["a semicolon in quotes", "'a;b'", "a;b"],
  ["nothing", "", undefined], ["empty", "''", undefined], ["CR at the line's end", "a\r", "a"], ["a backslash at the end", "a\\", "a"],
];
for (const [what, text, value] of VALUES) {
  uci(`value: ${what}`, () => assert.is(parseUci(`config s n\n\toption o ${text}`)[0]?.options.get("o"), value));
}

const TEXTS: [string, string, string][] = [
  ["commands in one line", "config s 'n'; option a '1'; option b '2'", "p.n=s\np.n.a='1'\np.n.b='2'\n"],
  ["libuci loses what follows a plain word and a semicolon", "config s n\noption a 1; option b 2\noption c 3", "p.n=s\np.n.a='1'\np.n.c='3'\n"],
  ["short words", "p x\nc s n\no a 1\nl b 2\n", "p.n=s\np.n.a='1'\np.n.b='2'\n"],
  ["a section that comes twice", "config s n\noption a 1\noption b 1\nconfig t m\nconfig s n\noption b 2\n", "p.n=s\np.n.a='1'\np.n.b='2'\np.m=t\n"],
  ["an option that comes twice", "config s n\noption a 1\noption a 2\n", "p.n=s\np.n.a='2'\n"],
  ["an option after a list replaces it", "config s n\nlist a 1\nlist a 2\noption a 3\n", "p.n=s\np.n.a='3'\n"],
  ["a list after an option is both", "config s n\noption a 1\nlist a 2\n", "p.n=s\np.n.a='1' '2'\n"],
  ["an empty value sets nothing", "config s n\noption a 1\noption a ''\noption b ''\n", "p.n=s\np.n.a='1'\n"],
  ["an empty item of a list is one", "config s n\nlist a ''\nlist a 1\n", "p.n=s\np.n.a='' '1'\n"],
  ["an empty name is none", "config s ''\n", "p.@s[0]=s\n"],
  ["names like numbers keep their order", "config s n\noption 2 b\noption 1 a\n", "p.n=s\np.n.2='b'\np.n.1='a'\n"],
  ["nothing", "\n\n# only a comment", ""],
];
for (const [what, text, shown] of TEXTS) uci(`text: ${what}`, () => assert.is(showUci(parseUci(text), "p"), shown));

const WRONG: [string, RegExp][] = [
  ["config", /^line 1: expected a type/], ["config 'a b'", /type/], ["config s n x", /^line 1: too many words/], ["config s a-b", /"a-b" is no name of a section/], ["option a 1", /^line 1: an option before/],
  ["\nlist a 1", /^line 2: a list before/], ["config s\n\noption", /^line 3: "" is no name/], ["config s\noption a-b 1", /"a-b" is no name/], ["config s\noption a b c", /^line 2: too many words after option a/],
  ["config s\noption a 'b\nc\n", /^line 2: the quote ' that opens here/], ['config s\noption a "b\\"\n', /quote " that opens/], ["conf s", /found "conf"/], ["package", /one name after package/], ["package a/b", /one name/],
  ["config s n\nconfig t n", /^line 2: section "n" is of type s already/], ["config s\noption a 'x\ny' z\n", /^line 2: too many/], ["x".repeat(2 ** 20 + 1), /at most 1048576 characters/],
];
for (const [text, message] of WRONG) uci(`refused: ${JSON.stringify(text.slice(0, 40))}`, () => assert.throws(() => parseUci(text), message));

uci("what is written is read again: 2,000 random packages", () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  const characters = ["a", "'", '"', "\\", "\n", "\r", " ", "\t", "#", ";", "ü", "$", "`"];
  const text = (): string => Array.from({ length: 1 + random(6) }, () => characters[random(characters.length)]).join("");
  for (let count = 0; count < 2000; count++) {
    const sections: UciPackage = Array.from({ length: random(4) }, (_, index) => ({
      type: ["wifi-iface", "s", "!x"][random(3)]!, name: random(2) ? `n${index}` : undefined,
      options: new Map(Array.from({ length: random(4) }, (_, option) => [`o${option}`, random(2) ? text() : Array.from({ length: 1 + random(3) }, () => (random(5) ? text() : ""))])),
    }));
    assert.equal(parseUci(formatUci(sections)), sections);
  }
});

uci("sections are called by name, or by type and position", () => {
  const sections = parseUci(NETWORK);
  const found = (called: string): unknown => { const at = sections.indexOf(findSection(sections, called)!); return at < 0 ? undefined : at; };
  assert.equal(["lan", "@device[0]", "@device[1]", "@device[-1]", "@interface[0]", "@[0]", "@device[3]", "nobody", "@device", "@device[x]"].map(found), [0, 1, 2, 3, 0, 0, undefined, undefined, undefined, undefined]);
});

uci("keys", () => {
  assert.equal(parseKey("wireless.@wifi-iface[1].isolate"), { package: "wireless", section: "@wifi-iface[1]", option: "isolate" });
  assert.equal(parseKey("my-package.lan"), { package: "my-package", section: "lan" });
  for (const key of ["wireless", "wireless.", "a.b.c.d", "a.b-c", "a.@x", "a.b.c-d", "../a.b"]) assert.throws(() => parseKey(key), /expected PACKAGE.SECTION/, key);
});

uci("items: options, lists and whole sections, there and back", () => {
  const sections = parseUci(NETWORK);
  const at = (key: string): unknown => readItem(sections, parseKey(`network.${key}`));
  const put = (key: string, item: unknown): void => putItem(sections, parseKey(`network.${key}`), item);
  assert.equal([at("lan.proto"), at("lan.dns"), at("lan.nothing"), at("nobody"), at("nobody.x")], ["static", ["192.0.2.1", "192.0.2.2"], null, null, undefined]);
  put("@device[0].type", null);
  put("lan.proto", "dhcp");
  put("new", { ".type": "route", target: "192.0.2.0/24", via: ["a", "b"] });
  put("nobody.x", "1");
  assert.equal([at("@device[0].type"), at("lan.proto"), at("new"), at("nobody")], [null, "dhcp", { ".type": "route", target: "192.0.2.0/24", via: ["a", "b"] }, null]);
  put("new", null);
  put("new", null);
  assert.is(at("new"), null);
  for (const [key, item] of [["lan.proto", ""], ["lan.dns", []], ["lan.dns", [1]], ["lan.proto", 7], ["new", "x"], ["new", { ".type": "a b" }], ["new", { ".type": "s", "a-b": "1" }], ["@device[0]", null]] as const) {
    assert.throws(() => put(key, item), new RegExp(key.replace(/[[\]]/g, "\\$&")), `${key} ${JSON.stringify(item)}`);
  }
});

uci("files: one write per package that changes, the rest untouched", async () => {
  const disk = new Map([["/etc/config/network", NETWORK]]);
  const written: string[] = [];
  const told: string[][] = [];
  const files = new UciFiles({
    status: (path) => disk.has(path) ? { kind: "file", size: 0, modified: 0, inode: 0 } : undefined, readText: (path) => disk.get(path)!,
    replace: (path, text) => { written.push(path); disk.set(path, String(text)); },
  }, "/etc/config", (packages) => told.push(packages));
  const items = { "network.lan.proto": "dhcp", "network.@device[0].type": null, "wireless.sb": { ".type": "wifi-iface", isolate: "1" } };
  await files.put(items);
  await files.put(items);
  assert.equal([written, told], [["/etc/config/network", "/etc/config/wireless"], [["network", "wireless"]]]);
  assert.equal(await files.read([...Object.keys(items), "wireless.gone.x"]), items);
  assert.is(disk.get("/etc/config/wireless"), "\nconfig wifi-iface 'sb'\n\toption isolate '1'\n\n");
});

uci.run();
