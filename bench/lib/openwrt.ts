// SPDX-License-Identifier: Apache-2.0
/*
 * What the gateway has around itself on OpenWrt: /etc/config below a root of its own, ubusd and hostapd's objects with stations.
 * STAND-INS: hostapd's objects; its program is a file with the words that the gateway looks for, `reload_config` does nothing; ubusd unless OPENWRT_PREFIX names the real one.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startBus, type TestBus } from "../../packages/ubus-ts/test/bus.ts";
import { HostapdStandIn } from "../../src/gateway/bus/test/hostapd.ts";
import type { OvsInstance } from "../../test/lab/openvswitch.ts";
import { macOf, topology } from "./network.ts";

/** A bus with an object of hostapd per BSS, where the devices 1 to `stations` are at the first. */
export async function openwrtBus(stations: number): Promise<TestBus> {
  const bus = await startBus();
  const hostapd = new HostapdStandIn(bus.client());
  const bsses = topology.ports.filter(({ role }) => role === "bss").map(({ name }) => name);
  for (const bss of bsses) await hostapd.add(bss);
  for (let id = 1; id <= stations; id++) hostapd.stations.get(bsses[0]!)!.add(macOf(id));
  return bus;
}

/** Writes the files of such a device below `directory`; the path of its /etc/config/securebox. */
export function openwrtRoot(ovs: OvsInstance, directory: string, bus: string): string {
  const root = join(directory, "root");
  const files: Record<string, string> = {
    "etc/config/securebox": configuration(ovs, directory, bus), "etc/config/wireless": WIRELESS,
    "etc/openwrt_release": "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10.4'\n", "usr/sbin/hostapd": "disable_dgaf\0vlan_tagged_interface\0", "sbin/reload_config": "#!/bin/sh\n",
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  chmodSync(join(root, "sbin/reload_config"), 0o755);
  return join(root, "etc/config/securebox");
}

function configuration(ovs: OvsInstance, directory: string, bus: string): string {
  const { ports, prefixes, gateways, gatewayMacs, resolvers } = topology;
  const lists = { prefix: prefixes, gateway: gateways, gateway_mac: gatewayMacs, resolver: resolvers };
  const options = { datapath: "netdev", ovsdb: ovs.ovsdbSocket, policy: join(directory, "policy.yaml"), state: join(directory, "state"), socket: join(directory, "control.sock"), ubus: bus, log_format: "logd" };
  return [
    "config securebox 'main'", ...Object.entries(options).map(([name, value]) => `\toption ${name} '${value}'`),
    ...ports.flatMap(({ name, role }) => ["config port", `\toption device '${name}'`, `\toption role '${role}'`]),
    "config network 'network'", ...Object.entries(lists).flatMap(([name, values]) => values.map((value) => `\tlist ${name} '${value}'`)),
    "config wifi", "\toption iface 'default_radio0'", "",
  ].join("\n");
}

const WIRELESS = "\nconfig wifi-device 'radio0'\n\toption type 'mac80211'\n\nconfig wifi-iface 'default_radio0'\n\toption device 'radio0'\n\toption mode 'ap'\n\toption network 'lan'\n\toption ssid 'home'\n\n";
