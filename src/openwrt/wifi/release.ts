// SPDX-License-Identifier: Apache-2.0
// What differs between releases of OpenWrt and variants of wpad, as data.

/** Who turns UCI into hostapd's configuration: netifd's shell scripts up to 24.10, ucode from 25.12 on. */
export interface Release {
  name: "23.05" | "24.10" | "25.12" | "main";
  writer: "shell" | "ucode";
  /** The key that makes hostapd itself convert group frames to unicast. `multicast_to_unicast` means only the bridge's port in the shell scripts. */
  unicastKey: "multicast_to_unicast_all" | "multicast_to_unicast";
  /** A `wifi-station` without `mac` is a key for every device; the ucode writer leaves it out. */
  keysWithoutMac: boolean;
}

export const RELEASES: readonly Release[] = [
  { name: "23.05", writer: "shell", unicastKey: "multicast_to_unicast_all", keysWithoutMac: true },
  { name: "24.10", writer: "shell", unicastKey: "multicast_to_unicast_all", keysWithoutMac: true },
  { name: "25.12", writer: "ucode", unicastKey: "multicast_to_unicast", keysWithoutMac: false },
  { name: "main", writer: "ucode", unicastKey: "multicast_to_unicast", keysWithoutMac: false },
];

/** From DISTRIB_RELEASE of /etc/openwrt_release: "24.10.4", "25.12.0-rc2", "SNAPSHOT". undefined: older than what we know. */
export function releaseOf(version: string): Release | undefined {
  const [, year, month] = /^(\d{2})\.(\d{2})\b/.exec(version) ?? [];
  const number = year === undefined ? Infinity : Number(year) * 100 + Number(month);
  const known = (name: string): number => name === "main" ? 10_000 : Number(name.replace(".", ""));
  return [...RELEASES].reverse().find(({ name }) => number >= known(name));
}

/** From the text of /etc/openwrt_release (DISTRIB_RELEASE) or /etc/os-release (VERSION, of ID openwrt). undefined: it does not say so. */
export function releaseIn(text: string): { version: string; release: Release | undefined } | undefined {
  const [, version] = /^DISTRIB_RELEASE=['"]?([^'"\n]+)/m.exec(text) ?? (/^ID=['"]?openwrt/m.test(text) ? /^VERSION=['"]?([^'"\n]+)/m.exec(text) : undefined) ?? [];
  return version === undefined ? undefined : { version, release: releaseOf(version) };
}

/** What the installed wpad or hostapd was built with. */
export interface Wpad {
  /** CONFIG_HS20: knows disable_dgaf. Elsewhere that line is an error that keeps the radio down. */
  hs20: boolean;
  /** CONFIG_FULL_DYNAMIC_VLAN: interfaces of its own for VLANs. */
  dynamicVlan: boolean;
}

/** Words of hostapd.conf that a program knows exactly when it was built with these: hostapd/config_file.c has them between #ifdef CONFIG_HS20 and #ifdef CONFIG_FULL_DYNAMIC_VLAN. */
export const WPAD_WORDS: Readonly<Record<keyof Wpad, string>> = { hs20: "disable_dgaf", dynamicVlan: "vlan_tagged_interface" };
