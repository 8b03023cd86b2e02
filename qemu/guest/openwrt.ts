// SPDX-License-Identifier: Apache-2.0
// A guest as an OpenWrt device, as far as keys of devices need it: files of /etc/config that the gateway reads and writes, and what netifd's scripts make of them for hostapd.
// Limits: no netifd, no procd; one access point; only the options that the gateway sets or that a key needs, read in one copy of OpenWrt 24.10's hostapd.sh.
import { platform } from "quickjs-ts/platform";
import { findSection, type UciSection } from "../../src/openwrt/uci/package.ts";
import { parseUci } from "../../src/openwrt/uci/text.ts";
import { AccessPoints, type Bss, type Key, type Radio } from "./access-points.ts";
import { must, run, script, until } from "./command.ts";

const WIRELESS = "/etc/config/wireless";
const RELOADS = "/run/reloads";
const ANY = "00:00:00:00:00:00";

/** /etc/config/securebox; `more`: sections beside the ports. */
export function configuration(ports: Readonly<Record<string, string>>, ubus: string, more: string): string {
  return `config securebox 'main'\n\toption datapath 'system'\n\toption ovsdb '/run/openvswitch/db.sock'\n\toption ubus '${ubus}'
\toption policy '/run/securebox/policy.yaml'\n\toption state '/run/securebox/state'\n\toption socket '/run/securebox/securebox.sock'\n\toption log_format 'text'
${Object.entries(ports).map(([name, role]) => `config port\n\toption device '${name}'\n\toption role '${role}'\n`).join("")}config network 'network'
\tlist prefix '10.77.0.0/24'\n\tlist prefix 'fd77::/64'\n\tlist gateway '10.77.0.1'\n\tlist gateway 'fd77::1'\n${more}`;
}

/** The files that say what device this is. `section`: of the network in /etc/config/wireless. */
export async function makeDevice(section: string, { name, ssid }: Bss): Promise<void> {
  const { files } = platform;
  files.makeDirectory("/etc/config");
  files.replace("/etc/openwrt_release", "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10.4'\n");
  files.replace(WIRELESS, `config wifi-iface '${section}'\n\toption mode 'ap'\n\toption ssid '${ssid}'\n\toption ifname '${name}'\n\toption encryption 'psk2'\n\toption network 'lan'\n`);
  files.replace("/sbin/reload_config", `#!/bin/sh\necho reload >> ${RELOADS}\n`, { mode: 0o755 });
}

/** Resolves when the gateway has told that the files of /etc/config changed, `times` times by then. */
export async function reloaded(times: number, deadline: number): Promise<void> {
  await until("the gateway's change of /etc/config", deadline, () => platform.files.status(RELOADS) && platform.files.readText(RELOADS).split("\n").length > times);
}

const text = ({ options }: UciSection, option: string): string | undefined => options.get(option) as string | undefined;

/** The access point as /etc/config/wireless wants it. */
export function accessPointOf(section: string, bss: Bss, channel: number): AccessPoints {
  const sections = parseUci(platform.files.readText(WIRELESS));
  const wifi = findSection(sections, section)!;
  const own = (type: string): UciSection[] => sections.filter((each) => each.type === type && text(each, "iface") === section);
  const vlanFile = `/run/hostapd-${bss.name}.vlan`;
  platform.files.replace(vlanFile, own("wifi-vlan").map((vlan) => `${text(vlan, "vid")} ${bss.name}-${text(vlan, "name")}\n`).join(""));
  const keys = own("wifi-station").map((station): Key => ({ name: station.name!, mac: text(station, "mac") ?? ANY, secret: text(station, "key")!, bound: true, ...(text(station, "vid") && { vlan: Number(text(station, "vid")) }) }));
  const words: Record<string, string> = { isolate: "ap_isolate", tdls_prohibit: "tdls_prohibit", multicast_to_unicast_all: "multicast_to_unicast", dynamic_vlan: "dynamic_vlan" };
  const lines = Object.entries(words).flatMap(([option, word]) => (text(wifi, option) === undefined ? [] : [`${word}=${text(wifi, option)}\n`]));
  const vlans = text(wifi, "dynamic_vlan") ? [`vlan_file=${vlanFile}\n`] : [];
  const more = [...lines, ...vlans, ...[wifi.options.get("hostapd_bss_options") ?? []].flat().map((line) => `${line}\n`)].join("");
  const radio: Radio = { channel, bsses: [{ ...bss, more }] };
  return new AccessPoints([radio], keys);
}

/** Debian's hostapd has no vlan_no_bridge, a patch of OpenWrt's: it makes a Linux bridge for each VLAN where the kernel can, which is taken away again. */
export async function withoutBridges(netdevs: readonly string[]): Promise<void> {
  for (const netdev of netdevs) {
    await until(`the netdev ${netdev}`, 10_000, async () => (await run(["ip", "link", "show", netdev])).code === 0);
    if (platform.files.status(`/sys/class/net/${netdev}/brport`)) await script(`ip link set ${netdev} nomaster; ip link delete brvlan${netdev.split("-")[1]}`);
  }
}

/** Stations whose frames come by this netdev, by the kernel's own list. */
export async function stationsAt(netdev: string): Promise<string[]> {
  return [...(await must(["iw", "dev", netdev, "station", "dump"])).matchAll(/^Station (\S+)/gm)].map(([, mac]) => mac!);
}
