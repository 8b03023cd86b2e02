// SPDX-License-Identifier: Apache-2.0
// The targets "plain" and "intelligent-edge": two radios of one access point. Plain: BSSes that return frames to their stations, and a switch that
// learns. Intelligent Edge: the same radios isolated, the gateway as shipped.
import { Gateway } from "../../../qemu/guest/gateway.ts";
import { HostapdStations } from "../../../qemu/guest/hostapd-stations.ts";
import { AccessPoints } from "../../../qemu/guest/access-points.ts";
import { bss, makeRadios, makeRouter, router } from "../../../qemu/guest/network.ts";
import { until } from "../../../qemu/guest/command.ts";
import { say } from "../../../qemu/guest/report.ts";
import { Station as Guest, type StationPlan } from "../../../qemu/guest/station.ts";
import { addPorts, learning, startSwitch } from "../../../qemu/guest/switch.ts";
import { Stream } from "../../../qemu/guest/traffic.ts";
import { platform } from "quickjs-ts/platform";
import type { BssName, Field, Traffic } from "../field.ts";
import { RadioParty, Router } from "./party.ts";

const plan = (name: string, radio: number): StationPlan =>
  ({ name, radio, mac: `02:00:00:00:77:1${radio}`, ip: `10.77.0.1${radio}`, ip6: `fd77::1${radio}`, ssid: "home", security: "wpa2", secret: `the key of ${name}` });

export const plans = { attacker: { ...plan("attacker", 2), showsKeys: true }, victim: plan("victim", 3), peer: plan("peer", 4), distant: plan("distant", 5) };
export const homes: Record<keyof typeof plans, BssName> = { attacker: "home", victim: "home", peer: "home", distant: "away" };
const sharedPassphrase = "what everyone knows";
/** Echo requests a second. */
const PACE = 50;

const pairs = [["victim", "peer"], ["peer", "victim"], ["victim", "distant"], ["peer", "distant"], ["distant", "victim"]] as const;
export const policy = `network: field
rules:
${pairs.map(([from, to]) => `  - { from: "${plans[from].mac}", to: "${plans[to].mac}", allow: all }\n`).join("")}  # The gateway is asked about whatever else the attacker sends there.
  - { from: "${plans.attacker.mac}", to: internet, allow: [udp/123], otherwise: ask }
`;

/** Lines of hostapd.conf. As the gateway sets them on OpenWrt, except that "home" has one group key for all, which is an attack's matter. */
// hostapd gives up a slow handshake after four tries, and says so by a frame that nobody believes under management frame protection.
const isolating = "wpa_pairwise_update_count=20\ntdls_prohibit=1\nmulticast_to_unicast=1\nieee80211w=1\n";
const settings = {
  plain: { home: "wds_sta=1\n", away: "" },
  "intelligent-edge": { home: isolating, away: `${isolating}disable_dgaf=1\n` },
};

/** An access point that allows WDS makes an interface for each such station, which is a port as the others are. */
function addBridges(): void {
  const look = async (): Promise<void> => {
    const names = platform.files.list("/sys/class/net").filter((name) => /^wlan\d+\.sta/.test(name));
    if (names.length > 0) await addPorts(...names);
    platform.timers.after(300, () => void look());
  };
  void look();
}

/** Radios, router, switch and access points with their stations let in; then, unless it is plain, the gateway with its flows in force. */
export async function accessPointField(target: "plain" | "intelligent-edge"): Promise<Field> {
  await makeRadios(6);
  await makeRouter();
  const radios = [{ channel: 1, bsses: [{ ...bss.home, more: settings[target].home }] }, { channel: 6, bsses: [{ ...bss.away, more: settings[target].away }] }];
  const keys = [...Object.values(plans).map(({ name, mac, secret }) => ({ name, mac, secret })), { name: "everyone", mac: "00:00:00:00:00:00", secret: sharedPassphrase }];
  const points = new AccessPoints(radios, keys);
  const switching = startSwitch();
  await points.start(target !== "plain");
  const places = { home: { ...bss.home, channel: 1 }, away: { ...bss.away, channel: 6 } };
  const guests = await Promise.all(Object.values(plans).map((each) => Guest.create(each, [1, 6], places[homes[each.name as keyof typeof homes]].bssid)));
  await switching;
  await addPorts("wlan0", "wlan1", "uplink");
  if (target === "plain") addBridges();
  const gateway = target === "plain" ? void (await learning()) : startGateway(points.bsses.map(({ name }) => name));
  await Promise.all(guests.map((guest) => guest.joined()));
  await gateway?.healthy();
  const parties = Object.fromEntries(await Promise.all(guests.map(async (guest) => [guest.name, await RadioParty.open(guest, homes[guest.name as keyof typeof homes], places)] as const)));
  await Promise.all(Object.values(parties).map((party) => party.begin()));
  return {
    ...(parties as Record<keyof typeof plans, RadioParty>), target, bss: places, router: await Router.open(router.mac, router.ip, router.ip6),
    network: { broadcast4: "10.77.0.255", prefix4: "10.77.0.0/24", prefix6: "fd77::/64" },
    sharedPassphrase,
    allowed: (from, to) => traffic(from.name, to.v4),
    ...(gateway && { gateway: { memory: () => gateway.memory(), log: () => platform.files.readText("/share/kept/gateway.log"), devices: () => gateway.devices() } }),
    say,
  };
}

export function traffic(from: string, to: string): Traffic {
  const stream = new Stream(from, to, 1000 / PACE);
  return { flows: async () => void (await until(`an answer of ${to} to ${from}`, 10_000, () => stream.firstAnswer, 20)), stop: () => stream.stop() };
}

function startGateway(bsses: readonly string[]): Gateway {
  const socket = "/run/stations.sock";
  new HostapdStations(socket, bsses);
  const gateway = new Gateway({ wlan0: "bss", wlan1: "bss", uplink: "uplink" }, `stations: ${socket}`, { routerMac: router.mac });
  gateway.writePolicy(policy);
  gateway.start();
  return gateway;
}
