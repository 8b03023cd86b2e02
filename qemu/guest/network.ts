// SPDX-License-Identifier: Apache-2.0
// The network of the scenarios: two radios of access points, three BSSes, a router on a wire, stations with radios of their own.
//
//   laptop printer camera     phone         (roaming)
//        WPA2, "home"       WPA3, "secure"   "home"
//           wlan0               wlan0g        wlan1
//              \__________ br0 (Open vSwitch, kernel) ______/
//                               |
//                            uplink - router
import { AccessPoints, type Bss, type Key, type Radio } from "./access-points.ts";
import { script } from "./command.ts";
import { Station, type StationPlan } from "./station.ts";

export const bss = {
  home: { name: "wlan0", bssid: "02:00:00:00:00:00", ssid: "home", security: "wpa2" },
  secure: { name: "wlan0g", bssid: "42:00:00:00:00:00", ssid: "secure", security: "wpa3" },
  /** The other access point of the network "home". */
  away: { name: "wlan1", bssid: "02:00:00:00:01:00", ssid: "home", security: "wpa2" },
} satisfies Record<string, Bss>;

export const radios: Radio[] = [{ channel: 1, bsses: [bss.home, bss.secure] }, { channel: 6, bsses: [bss.away] }];
export const ports = { wlan0: "bss", wlan0g: "bss", wlan1: "bss", uplink: "uplink" } as const;
export const router = { mac: "02:00:00:00:77:01", ip: "10.77.0.1", ip6: "fd77::1" };
export const routerIp = router.ip;

const plan = (name: string, radio: number, security: "wpa2" | "wpa3" = "wpa2"): StationPlan =>
  ({ name, radio, mac: `02:00:00:00:77:1${radio}`, ip: `10.77.0.1${radio}`, ssid: security === "wpa3" ? "secure" : "home", security, secret: `the key of ${name}` });

export const plans = { laptop: plan("laptop", 2), printer: plan("printer", 3), camera: plan("camera", 4), phone: plan("phone", 5, "wpa3") };
/** The others stay on the first channel. */
const roaming: readonly string[] = ["laptop"];
export type StationName = keyof typeof plans;

export const keys: Key[] = Object.values(plans).map(({ name, mac, secret }) => ({ name, mac, secret }));

/** A policy of rules such as ["laptop", "printer"], which allow everything from the one to the other. */
export function policy(...pairs: [StationName, StationName][]): string {
  const rules = pairs.map(([from, to]) => `  - { from: "${plans[from].mac}", to: "${plans[to].mac}", allow: all }\n`);
  return `network: radio\nrules:${rules.length > 0 ? `\n${rules.join("")}` : " []\n"}`;
}

/** Simulated radios for access points and the named stations; `all` radios exist so that indexes are fixed. */
export async function makeRadios(count: number): Promise<void> {
  await script(`modprobe mac80211_hwsim radios=${count}; modprobe veth; ip link set hwsim0 up`);
}

export const accessPoints = (chosen: readonly Radio[] = radios): AccessPoints => new AccessPoints(chosen, keys);

export async function makeStations<N extends StationName>(names: readonly N[], channels: readonly number[]): Promise<Record<N, Station>> {
  const made = await Promise.all(names.map((name) => Station.create(plans[name], roaming.includes(name) ? channels : channels.slice(0, 1))));
  return Object.fromEntries(made.map((station) => [station.name, station])) as Record<N, Station>;
}

/** A router with the network's first addresses at the other end of the port "uplink"; it forwards. */
export async function makeRouter(): Promise<void> {
  await script(`
    ip netns add router
    ip link add uplink type veth peer name net0 netns router
    ip link set uplink up
    ip -n router link set lo up
    ip -n router link set net0 address ${router.mac} up
    ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip -n router address add ${router.ip}/24 dev net0
    ip -n router address add ${router.ip6}/64 dev net0 nodad`);
}
