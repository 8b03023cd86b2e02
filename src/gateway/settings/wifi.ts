// SPDX-License-Identifier: Apache-2.0
// The wireless settings that this device should have: its release and its hostapd looked at, the sections of /etc/config/securebox computed.
import type { Platform } from "quickjs-ts";
import type { Items } from "../../apply/index.ts";
import { desiredWifi } from "../../openwrt/wifi/desired.ts";
import { observeWifi } from "../../openwrt/wifi/observed.ts";
import { releaseIn, WPAD_WORDS, type Release, type Wpad } from "../../openwrt/wifi/release.ts";
import type { UciPackage } from "../../openwrt/uci/package.ts";
import type { OpenwrtConfig } from "../config/config.ts";

export interface WifiSettings {
  items: Items;
  /** What cannot be had here, a sentence each. */
  problems: string[];
}

type Machine = Pick<Platform, "files" | "processes">;

/** `root`: of the file system, "" on the device. */
export async function wifiSettings(machine: Machine, root: string, wireless: UciPackage, wishes: OpenwrtConfig["wifi"]): Promise<WifiSettings> {
  if (wishes.length === 0) return { items: {}, problems: [] };
  const { version, release } = releaseOfDevice(machine, root);
  if (!release) return { items: {}, problems: [`Wi-Fi settings are left alone: ${version === undefined ? "this is no OpenWrt (no release in /etc/openwrt_release or /etc/os-release)" : `OpenWrt ${version} is older than what is supported (23.05)`}`] };
  const wpad = await wpadOfDevice(machine, `${root}/usr/sbin/hostapd`);
  const each = wishes.map(({ iface, groupKeys }) => one(wireless, iface, groupKeys, release, wpad));
  return { items: Object.assign({}, ...each.map(({ items }) => items)) as Items, problems: each.flatMap(({ problems }) => problems) };
}

function one(wireless: UciPackage, section: string, groupKeys: OpenwrtConfig["wifi"][number]["groupKeys"], release: Release, wpad: Wpad): WifiSettings {
  try {
    const found = observeWifi(wireless, section);
    const { items, problems } = desiredWifi({ section, device: section, groupKeys }, release, wpad, found);
    return { items: items as Items, problems: problems.map((problem) => `wireless.${section}: ${problem}`) };
  } catch (error) {
    if (error instanceof RangeError) return { items: {}, problems: [error.message] };
    throw error;
  }
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
