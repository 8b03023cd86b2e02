// SPDX-License-Identifier: Apache-2.0
/*
 * The wireless settings that isolation rests on, as items of UCI (../uci/items.ts): a function of what is wanted, of the release and of what wpad was built with.
 * The access point's interface goes into Open vSwitch, so its section has no `network`: netifd then leaves the netdev alone and derives nothing itself.
 */
import type { UciItem, UciValue } from "../uci/items.ts";
import type { UciPackage } from "../uci/package.ts";
import type { Release, Wpad } from "./release.ts";

/**
 * How group keys are kept from being shared, as frames under a shared one never pass the access point. "random": each station gets one of its own that nobody
 * else knows (disable_dgaf). "per-station": an interface and a group key per station; not every driver can. "shared": they are.
 */
export type GroupKeys = "random" | "per-station" | "shared";

export interface DeviceKey {
  /** Names the key in the policy and the log: letters, digits, "_". */
  name: string;
  /** Empty: any device may use it. */
  macs: readonly string[];
  /** Passphrase, 8 to 63 characters, or 64 hexadecimal digits (IEEE 802.11, J.4). */
  key: string;
  /** One of `vlans`. For a key of one MAC address only: see `withoutCompany`. */
  vlan?: string;
}

export interface WifiWish {
  /** The section of the `wifi-iface`, and its netdev. */
  section: string;
  device: string;
  groupKeys: GroupKeys;
  keys?: readonly DeviceKey[];
  /** Name -> VLAN identifier: a netdev DEVICE-NAME each. */
  vlans?: Readonly<Record<string, number>>;
  /** In the names of our sections: tells those of one access point from those of another. Ends with "_". */
  tag?: string;
}

/** What the owner has there, as far as it is merged with. */
export interface Found {
  /** `hs20` of the section: Passpoint is on. */
  hs20: boolean;
  /** `list hostapd_bss_options`. */
  bssOptions: readonly string[];
  /** Sections of ours that are there: names from `ourSections`. */
  ours: readonly string[];
}

export interface WifiDesired {
  items: Record<string, UciItem>;
  /** What cannot be had here and what that means, a sentence each. */
  problems: string[];
}

/** Sections of the types `wifi-station` and `wifi-vlan` that we make begin so. */
export const KEY_PREFIX = "sbk_";
export const VLAN_PREFIX = "sbv_";
const NO_DGAF = "disable_dgaf=1";
/** IFNAMSIZ without the terminating zero. */
const MAX_DEVICE = 15;

export function ourSections(wireless: UciPackage): string[] {
  return wireless.flatMap(({ type, name = "" }) => ((type === "wifi-station" && name.startsWith(KEY_PREFIX)) || (type === "wifi-vlan" && name.startsWith(VLAN_PREFIX)) ? [name] : []));
}

export function desiredWifi(wanted: WifiWish, release: Release, wpad: Wpad, found: Found): WifiDesired {
  const problems: string[] = [];
  const wish = withoutCompany(wanted, problems);
  const options: Record<string, UciValue | null> = { ...always(release), ...groupKeys(wish, wpad, found, problems), ...vlanOptions(wish, release, wpad, problems) };
  const items: Record<string, UciItem> = Object.fromEntries(found.ours.map((name) => [`wireless.${name}`, null]));
  for (const [option, value] of Object.entries(options)) items[`wireless.${wish.section}.${option}`] = value;
  if (wpad.dynamicVlan) addVlans(wish, items, problems);
  addKeys(wish, release, wpad, items, problems);
  return { items, problems };
}

/**
 * mac80211 keeps "isolate" for the BSS's own netdev: between stations of one VLAN's it passes frames on by itself, and no switch sees them (the scenario
 * station-keys of qemu/ showed it). So a VLAN is for one device. The key stays without it, at the BSS's netdev, where its devices are isolated.
 */
function withoutCompany(wish: WifiWish, problems: string[]): WifiWish {
  const { keys = [], vlans = {} } = wish;
  const shared = keys.filter(({ vlan, macs }) => vlan !== undefined && macs.length !== 1);
  for (const { name } of shared) problems.push(`key ${name} has no VLAN: inside one a radio passes frames from device to device past the policy, so give each device a key with its own MAC address`);
  const gone = shared.map(({ vlan }) => vlan);
  return {
    ...wish, keys: keys.map((key) => (shared.includes(key) ? { name: key.name, macs: key.macs, key: key.key } : key)),
    vlans: Object.fromEntries(Object.entries(vlans).filter(([name]) => !gone.includes(name))),
  };
}

function always({ unicastKey }: Release): Record<string, UciValue | null> {
  return {
    // Bridged interfaces have it forced up to 24.10; ours is not bridged.
    isolate: "1",
    network: null,
    // Only what hostapd does itself works without a Linux bridge; RA reach stations without group keys only by this.
    multicast_to_unicast: null, multicast_to_unicast_all: null, [unicastKey]: "1",
    // Both want a Linux bridge; hostapd does not start the BSS without one.
    proxy_arp: null, na_mcast_to_ucast: null, bridge_isolate: null,
    // Stations with four addresses are not isolated.
    wds: null,
    tdls_prohibit: "1",
  };
}

function groupKeys({ groupKeys: wanted }: WifiWish, { hs20 }: Wpad, found: Found, problems: string[]): Record<string, UciValue | null> {
  const others = found.bssOptions.filter((line) => !/^disable_dgaf=/.test(line));
  const random = wanted === "random" && hs20;
  if (wanted === "random" && !hs20) problems.push("stations share a group key, under which they reach each other past the access point: this wpad lacks HS20 (disable_dgaf); install wpad-mbedtls or another full variant");
  if (wanted === "shared") problems.push("stations share a group key, under which they reach each other past the access point, as configured");
  // With Passpoint netifd writes disable_dgaf itself, and twice is an error.
  const lines = random && !found.hs20 ? [...others, NO_DGAF] : others;
  return {
    hostapd_bss_options: lines.length > 0 ? lines : null,
    disable_dgaf: found.hs20 && hs20 ? (random ? "1" : "0") : null,
    per_sta_vif: wanted === "per-station" ? "1" : null,
  };
}

/** The shell scripts write vlan_no_bridge only where dynamic_vlan is set. Without it hostapd makes a Linux bridge per VLAN. */
function vlanOptions({ vlans = {} }: WifiWish, { writer }: Release, { dynamicVlan }: Wpad, problems: string[]): Record<string, UciValue | null> {
  const wanted = Object.keys(vlans).length > 0;
  if (wanted && !dynamicVlan) problems.push("no interface per VLAN: this wpad lacks FULL_DYNAMIC_VLAN; install wpad-mbedtls or another full variant");
  const on = wanted && dynamicVlan;
  return { dynamic_vlan: on && writer === "shell" ? "1" : null, vlan_no_bridge: on ? "1" : null };
}

function addVlans({ section, device, vlans = {}, tag = "" }: WifiWish, items: Record<string, UciItem>, problems: string[]): void {
  for (const [name, vid] of Object.entries(vlans)) {
    const netdev = `${device}-${name}`;
    if (netdev.length > MAX_DEVICE) problems.push(`VLAN ${name} is left out: its interface ${netdev} would have more than ${MAX_DEVICE} characters`);
    else items[`wireless.${VLAN_PREFIX}${tag}${name}`] = { ".type": "wifi-vlan", iface: section, name, vid: String(vid), isolate: "1" };
  }
}

function addKeys({ section, keys = [], vlans = {}, tag = "" }: WifiWish, { writer, keysWithoutMac, name: release }: Release, { dynamicVlan }: Wpad, items: Record<string, UciItem>, problems: string[]): void {
  for (const { name, macs, key, vlan } of keys) {
    if (macs.length === 0 && !keysWithoutMac) {
      problems.push(`key ${name} is left out: OpenWrt ${release} writes keys only with a MAC address`);
      continue;
    }
    const vid = vlan !== undefined && dynamicVlan && items[`wireless.${VLAN_PREFIX}${tag}${vlan}`] ? vlans[vlan] : undefined;
    const rest = { key, ...(vid === undefined ? {} : { vid: String(vid) }) };
    // The shell scripts put the list of addresses into one word; one address per section means the same to both. Names of keys begin with a letter.
    const named = (index: number): string => `wireless.${KEY_PREFIX}${tag}${index === 0 ? "" : `${index}_`}${name}`;
    if (macs.length === 0) items[named(0)] = { ".type": "wifi-station", iface: section, ...rest };
    macs.forEach((mac, index) => { items[named(index)] = { ".type": "wifi-station", iface: section, mac: writer === "shell" ? mac : [mac], ...rest }; });
  }
}
