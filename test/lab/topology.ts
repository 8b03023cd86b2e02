// SPDX-License-Identifier: Apache-2.0
// The network of the tests and the demo: one access point with its own Open vSwitch, four stations on one SSID, attackers in three
// places, and an uplink. Everything happens in namespaces of its own.
//
//   laptop phone printer camera  mallory        eve           cable
//        \    \     |     /       /              |              |
//         radio model, BSS wlan0            BSS wlan1        port lan1
//                   \_____________ br0 (Open vSwitch) ________/
//                                   |
//                                port uplink - router, DHCP, DNS, "the internet"
import { join } from "node:path";
import type { OvsVersion } from "../../tools/setup/openvswitch.ts";
import { Lab, type Namespace } from "./namespace.ts";
import { type OvsInstance, startOpenvswitch } from "./openvswitch.ts";
import { RadioModel, type RadioMode } from "./radio-model.ts";
import { Station, type StationPlan } from "./station.ts";
import { Uplink } from "./uplink.ts";

export const plans = {
  laptop: { name: "laptop", mac: "02:00:00:00:00:11", port: "wlan0" },
  phone: { name: "phone", mac: "02:00:00:00:00:12", port: "wlan0" },
  printer: { name: "printer", mac: "02:00:00:00:00:13", port: "wlan0" },
  camera: { name: "camera", mac: "02:00:00:00:00:14", port: "wlan0" },
  /** Attackers: on the victims' BSS, on another BSS, on a wired port. */
  mallory: { name: "mallory", mac: "02:00:00:00:00:66", port: "wlan0" },
  eve: { name: "eve", mac: "02:00:00:00:00:67", port: "wlan1" },
  cable: { name: "cable", mac: "02:00:00:00:00:68", port: "lan1" },
} satisfies Record<string, StationPlan>;

export type StationName = keyof typeof plans;

/** Port name -> its role in the gateway's configuration. */
export const portRoles = { wlan0: "bss", wlan1: "bss", lan1: "wired", uplink: "uplink" } as const;
const bsses = ["wlan0", "wlan1"];

export interface TopologyOptions {
  /** "plain": the same network under an ordinary access point, its switch learning addresses. */
  mode: RadioMode;
  ovs?: OvsVersion;
}

export class Topology {
  private constructor(
    readonly lab: Lab,
    readonly ap: Namespace,
    readonly ovs: OvsInstance,
    readonly radio: RadioModel,
    readonly uplink: Uplink,
    readonly stations: Readonly<Record<StationName, Station>>,
  ) {}

  /** Builds everything; no station has joined yet. On failure nothing is left. */
  static async create({ mode, ovs = "3.1" }: TopologyOptions): Promise<Topology> {
    const lab = await Lab.open();
    try {
      const ap = await lab.namespace("ap");
      const [switching, radio] = await Promise.all([
        startOpenvswitch({ version: ovs, directory: join(lab.directory, "ovs"), netns: ap.path }),
        RadioModel.create(lab, ap, bsses, mode),
      ]);
      const [uplink, ...stations] = await Promise.all([
        Uplink.create(lab, ap, "uplink", leases()),
        ...Object.values(plans).map((plan) => Station.create(lab, plan, ap, bsses.includes(plan.port) ? radio : undefined)),
      ]);
      await bridge(switching, mode);
      const byName = Object.fromEntries(stations.map((station) => [station.name, station])) as Record<StationName, Station>;
      return new Topology(lab, ap, switching, radio, uplink, byName);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  station(name: StationName): Station {
    return this.stations[name];
  }

  /** Takes stations onto the network and waits for their addresses. */
  async online(...names: StationName[]): Promise<void> {
    const wanted = names.length ? names : (Object.keys(plans) as StationName[]);
    await Promise.all(wanted.map((name) => this.stations[name].online()));
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}

/** Fixed leases 10.77.0.11 to .14 and .66 to .68: the last byte of the link-layer address, as written. */
function leases(): Record<string, string> {
  return Object.fromEntries(Object.values(plans).map(({ mac }) => [mac, `10.77.0.${Number(mac.slice(-2))}`]));
}

async function bridge(ovs: OvsInstance, mode: RadioMode): Promise<void> {
  const ports = Object.keys(portRoles).flatMap((port) => ["--", "add-port", "br0", port]);
  const plain = mode === "plain" ? ["--", "set-fail-mode", "br0", "standalone"] : [];
  await ovs.addBridge("br0", ...ports, ...plain);
}
