// SPDX-License-Identifier: Apache-2.0
// The wireless settings that this device should have: its release and its hostapd looked at, the sections of /etc/config/securebox computed.
import type { Platform } from "quickjs-ts";
import type { Items } from "../../apply/index.ts";
import { desiredWifi, ourSections, type WifiWish } from "../../openwrt/wifi/desired.ts";
import { observeWifi } from "../../openwrt/wifi/observed.ts";
import { releaseIn, WPAD_WORDS, type Release, type Wpad } from "../../openwrt/wifi/release.ts";
import { findSection, type UciPackage } from "../../openwrt/uci/package.ts";
import type { OpenwrtConfig, WifiKey } from "../config/config.ts";

export interface WifiSettings {
  items: Items;
  /** What cannot be had here, a sentence each. */
  problems: string[];
}

type Machine = Pick<Platform, "files" | "processes">;

type Wishes = Pick<OpenwrtConfig, "wifi" | "keys">;

/** `root`: of the file system, "" on the device. Sections of ours that nobody wants any more go, also when no `wifi` section is left. */
export async function wifiSettings(machine: Machine, root: string, wireless: UciPackage, { wifi, keys }: Wishes): Promise<WifiSettings> {
  const none = Object.fromEntries(ourSections(wireless).map((name) => [`wireless.${name}`, null]));
  const nowhere = keys.filter(({ ifaces }) => !wifi.some(({ iface }) => takes(ifaces, iface))).map(({ name }) => `key ${name} is in no network: its iface is that of no section of type wifi`);
  if (wifi.length === 0) return { items: none, problems: nowhere };
  const { version, release } = releaseOfDevice(machine, root);
  if (!release) return { items: {}, problems: [`Wi-Fi settings are left alone: ${version === undefined ? "this is no OpenWrt (no release in /etc/openwrt_release or /etc/os-release)" : `OpenWrt ${version} is older than what is supported (23.05)`}`] };
  const wpad = await wpadOfDevice(machine, `${root}/usr/sbin/hostapd`);
  const each = wifi.map((wish, index) => one(wireless, wish, index, keys, release, wpad));
  // What goes before what is made: a section may have changed its access point.
  const made = each.flatMap(({ items }) => Object.entries(items).filter(([name, item]) => !(item === null && name in none)));
  return { items: { ...none, ...Object.fromEntries(made) } as Items, problems: [...nowhere, ...each.flatMap(({ problems }) => problems)] };
}

const takes = (ifaces: readonly string[], iface: string): boolean => ifaces.length === 0 || ifaces.includes(iface);

function one(wireless: UciPackage, { iface: section, groupKeys }: Wishes["wifi"][number], index: number, all: readonly WifiKey[], release: Release, wpad: Wpad): WifiSettings {
  try {
    const found = observeWifi(wireless, section);
    const wanted = all.filter(({ ifaces }) => takes(ifaces, section));
    // netifd finds the access point of a key by the name of its section.
    const unnamed = section.startsWith("@") && wanted.length > 0;
    const { items, problems } = desiredWifi({ section, device: deviceOf(wireless, section), groupKeys, tag: `${index}_`, ...(unnamed ? {} : keysAndVlans(wanted)) }, release, wpad, found);
    const nameless = unnamed ? [`keys are left out: OpenWrt finds their network by its name, so give it one (uci rename wireless.${section}=home)`] : [];
    return { items: items as Items, problems: [...problems, ...nameless].map((problem) => `wireless.${section}: ${problem}`) };
  } catch (error) {
    if (error instanceof RangeError) return { items: {}, problems: [error.message] };
    throw error;
  }
}

/** A VLAN is named by its number, so that its netdev tells it (station-ports.ts). */
function keysAndVlans(keys: readonly WifiKey[]): Pick<WifiWish, "keys" | "vlans"> {
  return {
    keys: keys.map(({ name, macs, key, vlan }) => ({ name, macs, key, ...(vlan === undefined ? {} : { vlan: String(vlan) }) })),
    vlans: Object.fromEntries(keys.flatMap(({ vlan }) => (vlan === undefined ? [] : [[String(vlan), vlan]]))),
  };
}

/** Its netdev: as the owner named it, else as netifd does. */
function deviceOf(wireless: UciPackage, section: string): string {
  const name = findSection(wireless, section)?.options.get("ifname");
  return typeof name === "string" ? name : "phy0-ap0";
}

function releaseOfDevice({ files }: Machine, root: string): { version?: string; release?: Release } {
  for (const path of [`${root}/etc/openwrt_release`, `${root}/etc/os-release`]) {
    const found = files.status(path) ? releaseIn(files.readText(path)) : undefined;
    if (found) return found;
  }
  return {};
}

/** Both words are of hostapd's configuration and stand in the program exactly when it was built to know them; neither the package's name nor `hostapd -v` tells it as well. */
async function wpadOfDevice(machine: Machine, path: string): Promise<Wpad> {
  if (!machine.files.status(path)) return { hs20: false, dynamicVlan: false };
  const [hs20, dynamicVlan] = await Promise.all([contains(machine, WPAD_WORDS.hs20, path), contains(machine, WPAD_WORDS.dynamicVlan, path)]);
  return { hs20, dynamicVlan };
}

/** By grep, so that a program of a megabyte is not read into ours. */
function contains({ processes }: Machine, word: string, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      processes.spawn(["grep", "-q", word, path], { exit: (code) => resolve(code === 0) }, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    } catch {
      resolve(false);
    }
  });
}
