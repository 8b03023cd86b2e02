// SPDX-License-Identifier: Apache-2.0
// Keys of /etc/config/securebox as sections of /etc/config/wireless.
import { FakePlatform } from "quickjs-ts/fake";
import { platform } from "quickjs-ts/platform";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseKey, putItem } from "../../../openwrt/uci/items.ts";
import { formatUci, parseUci } from "../../../openwrt/uci/text.ts";
import type { WifiKey } from "../../config/config.ts";
import { wifiSettings, type WifiSettings } from "../wifi.ts";

const test = suite("Wi-Fi keys");
const OWNER = `
config wifi-iface 'home'
	option ssid 'home'

config wifi-iface 'guest'
	option ssid 'guest'

config wifi-iface
	option ssid 'unnamed'

config wifi-station 'mine'
	option iface 'home'
	option key 'of the owner'

config wifi-station
	option iface 'home'
	option key 'nobody named it'

config wifi-vlan 'v20'
	option iface 'home'
	option name 'lan20'
	option vid '20'
`;
const OWNED = ["config wifi-station 'mine'", "option key 'of the owner'", "option key 'nobody named it'", "config wifi-vlan 'v20'"];
const key = (name: string, more: Partial<WifiKey> = {}): WifiKey => ({ name, key: `sEcReT of ${name}`, macs: [], ifaces: [], ...more });
const PRINTER = ["02:00:00:00:00:11"];
const wifi = (...ifaces: string[]) => ifaces.map((iface) => ({ iface, groupKeys: "random" as const }));

function settings(wireless: string, ifaces: string[], keys: WifiKey[], release = "24.10.2", words = ["disable_dgaf", "vlan_tagged_interface"]): Promise<WifiSettings> {
  const machine = new FakePlatform(platform.crypto);
  machine.files.makeDirectory("/etc");
  machine.files.makeDirectory("/usr/sbin");
  machine.files.replace("/etc/openwrt_release", `DISTRIB_RELEASE='${release}'\n`);
  machine.files.replace("/usr/sbin/hostapd", "");
  const grep = { spawn: (argv: readonly string[], { exit }: { exit(code: number, signal: null): void }) => exit(words.includes(argv[2]!) ? 0 : 1, null) };
  return wifiSettings({ files: machine.files, processes: grep } as never, "", parseUci(wireless), { wifi: wifi(...ifaces), keys });
}

/** The text with the items put. */
function put(wireless: string, { items }: WifiSettings): string {
  const sections = parseUci(wireless);
  for (const [name, item] of Object.entries(items)) putItem(sections, parseKey(name), item);
  return formatUci(sections);
}

const made = (text: string): Record<string, Record<string, unknown>> =>
  Object.fromEntries(parseUci(text).filter(({ name = "" }) => /^sb[kv]_/.test(name)).map(({ name, type, options }) => [name, { ".type": type, ...Object.fromEntries(options) }]));

test("a key is in every network, or in those that it names; its VLAN has its number for a name", async () => {
  const text = put(OWNER, await settings(OWNER, ["home", "guest"], [key("printer", { macs: PRINTER, vlan: 20 }), key("visitor", { ifaces: ["guest"] })]));
  const station = (iface: string, more: object) => ({ ".type": "wifi-station", iface, ...more });
  const printer = { key: "sEcReT of printer", vid: "20" };
  const vlan = (iface: string) => ({ ".type": "wifi-vlan", iface, name: "20", vid: "20", isolate: "1" });
  assert.equal(made(text), {
    sbv_0_20: vlan("home"), sbk_0_printer: station("home", { mac: PRINTER[0], ...printer }),
    sbv_1_20: vlan("guest"), sbk_1_printer: station("guest", { mac: PRINTER[0], ...printer }),
    sbk_1_visitor: station("guest", { key: "sEcReT of visitor" }),
  });
  for (const line of OWNED) assert.match(text, line);
  assert.equal((await settings(text, ["home", "guest"], [key("printer", { macs: PRINTER, vlan: 20 })])).items["wireless.sbk_1_visitor"], null);
});

test("nothing is left of keys that are gone, nor of a network that is not managed any more; the owner's sections stay", async () => {
  const text = put(OWNER, await settings(OWNER, ["home", "guest"], [key("printer", { macs: PRINTER, vlan: 20 })]));
  assert.equal(Object.keys(made(put(text, await settings(text, ["home", "guest"], [])))), []);
  assert.equal(Object.keys(made(put(text, await settings(text, ["guest"], [key("printer")])))), ["sbk_0_printer"]);
  const none = await settings(text, [], []);
  assert.equal(Object.keys(made(put(text, none))), []);
  for (const line of OWNED) assert.match(put(text, none), line);
  assert.equal((await settings(OWNER, [], [])).items, {}, "nothing of ours: nothing is touched");
});

test("networks that change places keep their keys", async () => {
  const keys = [key("printer", { macs: PRINTER, vlan: 20 }), key("visitor", { ifaces: ["guest"] })];
  const text = put(OWNER, await settings(OWNER, ["home", "guest"], keys));
  assert.equal(made(put(text, await settings(text, ["guest", "home"], keys))), made(put(OWNER, await settings(OWNER, ["guest", "home"], keys))));
});

test("what cannot be had is told, without a key", async () => {
  const problems = async (...given: Parameters<typeof settings>): Promise<string> => (await settings(...given)).problems.join("\n");
  assert.match(await problems(OWNER, ["home"], [key("things", { vlan: 40 })]), "wireless.home: key things has no VLAN");
  assert.match(await problems(OWNER, ["home"], [key("any")], "25.12.0"), "wireless.home: key any is left out: OpenWrt 25.12 writes keys only with a MAC address");
  assert.match(await problems(OWNER, ["@wifi-iface[2]"], [key("any")]), "wireless.@wifi-iface[2]: keys are left out: OpenWrt finds their network by its name");
  assert.match(await problems(OWNER, ["home"], [key("any", { ifaces: ["other"] })]), "key any is in no network");
  assert.match(await problems(OWNER, [], [key("any")]), "key any is in no network");
  assert.match(await problems(OWNER, ["home"], [key("printer", { macs: PRINTER, vlan: 20 })], "24.10.0", ["disable_dgaf"]), "no interface per VLAN");
  for (const release of ["24.10.0", "25.12.0", "22.03.1"]) for (const ifaces of [[], ["home"], ["@wifi-iface[2]"], ["nobody"]]) for (const words of [[], ["disable_dgaf", "vlan_tagged_interface"]])
    assert.ok(!(await problems(OWNER, ifaces, [key("printer", { macs: PRINTER, vlan: 20 }), key("any")], release, words)).includes("sEcReT"));
});

test.run();
