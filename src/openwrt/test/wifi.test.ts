// SPDX-License-Identifier: Apache-2.0
// The wireless settings per release and variant of wpad, and what of them is changed in an owner's configuration.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { putItem, parseKey } from "../uci/items.ts";
import { formatUci, parseUci } from "../uci/text.ts";
import { desiredWifi, type Found, type GroupKeys, type WifiWish } from "../wifi/desired.ts";
import { changedWifi, observeWifi } from "../wifi/observed.ts";
import { releaseIn, RELEASES, releaseOf, type Release, type Wpad } from "../wifi/release.ts";

const wifi = suite("wifi settings");
const FULL: Wpad = { hs20: true, dynamicVlan: true };
const BASIC: Wpad = { hs20: false, dynamicVlan: false };
const NOTHING: Found = { hs20: false, bssOptions: [], ours: [] };
const WISH: WifiWish = { section: "ap", device: "wlan0", groupKeys: "random" };
const release = (name: string): Release => RELEASES.find((each) => each.name === name)!;

/** Options of the section; [release, wpad, Passpoint, group keys, options that differ from COMMON, problems]. */
const COMMON = {
  isolate: "1", network: null, multicast_to_unicast: null, multicast_to_unicast_all: null, proxy_arp: null, na_mcast_to_ucast: null, bridge_isolate: null, wds: null, tdls_prohibit: "1",
  hostapd_bss_options: null, disable_dgaf: null, per_sta_vif: null, dynamic_vlan: null, vlan_no_bridge: null,
};
const SHELL = { multicast_to_unicast_all: "1" };
const UCODE = { multicast_to_unicast: "1" };
const LINE = { hostapd_bss_options: ["disable_dgaf=1"] };
const TABLE: [string, Wpad, boolean, GroupKeys, object, number][] = [
  ["23.05", FULL, false, "random", { ...SHELL, ...LINE }, 0], ["24.10", FULL, false, "random", { ...SHELL, ...LINE }, 0], ["25.12", FULL, false, "random", { ...UCODE, ...LINE }, 0], ["main", FULL, false, "random", { ...UCODE, ...LINE }, 0],
  ["23.05", FULL, true, "random", { ...SHELL, disable_dgaf: "1" }, 0], ["24.10", FULL, true, "random", { ...SHELL, disable_dgaf: "1" }, 0], ["25.12", FULL, true, "random", { ...UCODE, disable_dgaf: "1" }, 0], ["main", FULL, true, "random", { ...UCODE, disable_dgaf: "1" }, 0],
  ["23.05", BASIC, false, "random", SHELL, 1], ["24.10", BASIC, false, "random", SHELL, 1], ["25.12", BASIC, false, "random", UCODE, 1], ["main", BASIC, false, "random", UCODE, 1],
  ["24.10", BASIC, true, "random", SHELL, 1],
  ["24.10", FULL, false, "per-station", { ...SHELL, per_sta_vif: "1" }, 0], ["25.12", FULL, false, "per-station", { ...UCODE, per_sta_vif: "1" }, 0], ["25.12", BASIC, false, "per-station", { ...UCODE, per_sta_vif: "1" }, 0],
  ["24.10", FULL, false, "shared", SHELL, 1], ["24.10", FULL, true, "shared", { ...SHELL, disable_dgaf: "0" }, 1], ["25.12", BASIC, false, "shared", UCODE, 1],
];
for (const [name, wpad, hs20, groupKeys, options, problems] of TABLE) {
  wifi(`${name}, ${wpad.hs20 ? "full" : "basic"} wpad${hs20 ? ", Passpoint" : ""}, group keys ${groupKeys}`, () => {
    const desired = desiredWifi({ ...WISH, groupKeys }, release(name), wpad, { ...NOTHING, hs20 });
    const expected = Object.fromEntries(Object.entries({ ...COMMON, ...options }).map(([option, value]) => [`wireless.ap.${option}`, value]));
    assert.equal(desired.items, expected);
    assert.is(desired.problems.length, problems, desired.problems.join());
  });
}

wifi("no release gives a wpad without HS20 a line that it does not know", () => {
  for (const each of RELEASES) for (const groupKeys of ["random", "per-station", "shared"] as const) for (const hs20 of [true, false]) {
    const { items } = desiredWifi({ ...WISH, groupKeys }, each, BASIC, { ...NOTHING, hs20, bssOptions: ["disable_dgaf=1", "bss_load_update_period=60"] });
    assert.equal([items["wireless.ap.hostapd_bss_options"], items["wireless.ap.disable_dgaf"]], [["bss_load_update_period=60"], null]);
  }
});

const KEYS = [
  { name: "alice", macs: ["02:00:00:00:00:11"], key: "correct horse", vlan: "guest" }, { name: "both", macs: ["02:00:00:00:00:21", "02:00:00:00:00:22"], key: "two horses" },
  { name: "any", macs: [], key: "battery staple" },
];
/** [release, wpad, sections that are made, problems] */
const SECTIONS: [string, Wpad, object, RegExp[]][] = [
  ["24.10", FULL, {
    sbv_guest: { ".type": "wifi-vlan", iface: "ap", name: "guest", vid: "20", isolate: "1" },
    sbk_alice: { ".type": "wifi-station", iface: "ap", mac: "02:00:00:00:00:11", key: "correct horse", vid: "20" }, sbk_both: { ".type": "wifi-station", iface: "ap", mac: "02:00:00:00:00:21", key: "two horses" }, sbk_1_both: { ".type": "wifi-station", iface: "ap", mac: "02:00:00:00:00:22", key: "two horses" }, sbk_any: { ".type": "wifi-station", iface: "ap", key: "battery staple" },
  }, [/VLAN verylongname is left out: its interface wlan0-verylongname/]],
  ["25.12", FULL, {
    sbv_guest: { ".type": "wifi-vlan", iface: "ap", name: "guest", vid: "20", isolate: "1" },
    sbk_alice: { ".type": "wifi-station", iface: "ap", mac: ["02:00:00:00:00:11"], key: "correct horse", vid: "20" }, sbk_both: { ".type": "wifi-station", iface: "ap", mac: ["02:00:00:00:00:21"], key: "two horses" }, sbk_1_both: { ".type": "wifi-station", iface: "ap", mac: ["02:00:00:00:00:22"], key: "two horses" },
  }, [/verylongname/, /key any is left out: OpenWrt 25.12 writes keys only with a MAC address/]],
  ["24.10", BASIC, {
    sbk_alice: { ".type": "wifi-station", iface: "ap", mac: "02:00:00:00:00:11", key: "correct horse" }, sbk_both: { ".type": "wifi-station", iface: "ap", mac: "02:00:00:00:00:21", key: "two horses" }, sbk_1_both: { ".type": "wifi-station", iface: "ap", mac: "02:00:00:00:00:22", key: "two horses" }, sbk_any: { ".type": "wifi-station", iface: "ap", key: "battery staple" },
  }, [/HS20/, /FULL_DYNAMIC_VLAN/]],
];
for (const [name, wpad, sections, problems] of SECTIONS) {
  wifi(`keys and VLANs of ${name} with a ${wpad.hs20 ? "full" : "basic"} wpad`, () => {
    const desired = desiredWifi({ ...WISH, keys: KEYS, vlans: { guest: 20, verylongname: 30 } }, release(name), wpad, { ...NOTHING, ours: ["sbk_gone"] });
    const made = Object.fromEntries(Object.entries(desired.items).filter(([key]) => key.split(".").length === 2));
    assert.equal(made, { "wireless.sbk_gone": null, ...Object.fromEntries(Object.entries(sections).map(([section, value]) => [`wireless.${section}`, value])) });
    assert.is(desired.problems.length, problems.length, desired.problems.join());
    problems.forEach((problem, index) => assert.match(desired.problems[index]!, problem));
    const vlans = wpad.dynamicVlan ? [name === "24.10" ? "1" : null, "1"] : [null, null];
    assert.equal([desired.items["wireless.ap.dynamic_vlan"], desired.items["wireless.ap.vlan_no_bridge"]], vlans);
  });
}

wifi("a VLAN is for a key of one device: inside one the radio passes frames on by itself", () => {
  for (const macs of [[], ["02:00:00:00:00:11", "02:00:00:00:00:12"]]) {
    const { items, problems } = desiredWifi({ ...WISH, keys: [{ name: "things", macs, key: "correct horse", vlan: "40" }], vlans: { 40: 40 } }, release("24.10"), FULL, NOTHING);
    assert.is(JSON.stringify(items).includes('"40"'), false, "neither the VLAN nor a key in it");
    assert.equal([items["wireless.ap.dynamic_vlan"], Object.keys(items).filter((name) => name.includes("things")).length], [null, Math.max(1, macs.length)]);
    assert.match(problems.join(), /key things has no VLAN: .*past the policy/);
  }
});

const OWNER = `
config wifi-device 'radio0'
	option channel '36'

config wifi-iface 'ap'
	option device 'radio0'
	option network 'lan'
	option mode 'ap'
	option ssid 'home'
	option proxy_arp '1'
	list hostapd_bss_options 'bss_load_update_period=60'

config wifi-iface
	option mode 'sta'

config wifi-station 'sbk_old'
	option iface 'ap'
	option key 'old old old'

config wifi-iface 'sbk_mine'
	option iface 'ap'

config wifi-station 'sbk_other'
	option iface 'other'
	option key 'not ours here'
`;

wifi("an owner's configuration: only what isolation needs is changed, and nothing the second time", () => {
  const wireless = parseUci(OWNER);
  const found = observeWifi(wireless, "ap");
  assert.equal(found, { hs20: false, bssOptions: ["bss_load_update_period=60"], ours: ["sbk_old"] });
  const desired = desiredWifi(WISH, release("24.10"), FULL, found);
  const changes = changedWifi(wireless, desired);
  assert.equal(changes, {
    "wireless.sbk_old": null, "wireless.ap.isolate": "1", "wireless.ap.network": null, "wireless.ap.multicast_to_unicast_all": "1", "wireless.ap.proxy_arp": null, "wireless.ap.tdls_prohibit": "1",
    "wireless.ap.hostapd_bss_options": ["bss_load_update_period=60", "disable_dgaf=1"],
  });
  for (const [key, item] of Object.entries(changes)) putItem(wireless, parseKey(key), item);
  assert.match(formatUci(wireless), "option ssid 'home'");
  assert.equal(changedWifi(wireless, desiredWifi(WISH, release("24.10"), FULL, observeWifi(wireless, "ap"))), {});
});

wifi("from one release to the next only the key with another meaning changes", () => {
  const wireless = parseUci("config wifi-iface 'ap'\n");
  for (const name of ["24.10", "25.12", "main"]) {
    const changes = changedWifi(wireless, desiredWifi(WISH, release(name), FULL, observeWifi(wireless, "ap")));
    if (name === "25.12") assert.equal(changes, { "wireless.ap.multicast_to_unicast": "1", "wireless.ap.multicast_to_unicast_all": null });
    if (name === "main") assert.equal(changes, {});
    for (const [key, item] of Object.entries(changes)) putItem(wireless, parseKey(key), item);
  }
});

wifi("what is no access point is refused by name", () => {
  const wireless = parseUci(OWNER);
  for (const [section, message] of [["nobody", /wireless.nobody: expected a section of type wifi-iface/], ["radio0", /wifi-iface/], ["@wifi-iface[1]", /mode: expected ap, found sta/]] as const)
    assert.throws(() => observeWifi(wireless, section), message);
});

wifi("releases by name, and as the device's files tell them", () => {
  assert.equal(["24.10.4", "24.10-SNAPSHOT", "25.12.0-rc2", "23.05.5", "22.03.7", "SNAPSHOT", "r28000", "26.06.1"].map((version) => releaseOf(version)?.name), ["24.10", "24.10", "25.12", "23.05", undefined, "main", "main", "25.12"]);
  const told = (text: string): unknown => { const found = releaseIn(text); return found && [found.version, found.release?.name]; };
  assert.equal(told("DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10.4'\nDISTRIB_REVISION='r1'\n"), ["24.10.4", "24.10"]);
  assert.equal(told('NAME="OpenWrt"\nVERSION="SNAPSHOT"\nID="openwrt"\nVERSION_ID="snapshot"\n'), ["SNAPSHOT", "main"]);
  assert.equal(told("DISTRIB_RELEASE='21.02.7'\n"), ["21.02.7", undefined]);
  assert.is(told('NAME="Debian GNU/Linux"\nVERSION="12 (bookworm)"\nID=debian\n'), undefined);
});

wifi.run();
