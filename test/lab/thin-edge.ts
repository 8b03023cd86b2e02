// SPDX-License-Identifier: Apache-2.0
// A network of three access points that only isolate, one of our own (Intelligent Edge), and an uplink:
//
//   ap1 "openwrt"   a Linux bridge as OpenWrt 24.10 makes it: station ports isolated, hairpin off, learning   | VLAN 10, by a switch
//   ap2 "upstream"  forwards everything upstream: station ports isolated, a bridge that does not learn        | VXLAN, by its own kernel
//   ap3 "gateway"   lets stations send to the gateway's MAC and to groups, and hear the gateway's only (nft)  | GRE, by a box beside it
//
// None of them runs Open vSwitch. What stands for the managed switch with its VLAN and for the box with the GRE tunnel is a second Open vSwitch in a
// namespace of its own, which learns addresses as switches do. Radios are the radio model's: no 802.11 (see radio-model.ts).
import { join } from "node:path";
import { must } from "./command.ts";
import { Frames } from "./frames.ts";
import { Lab, type Namespace } from "./namespace.ts";
import { type OvsInstance, startOpenvswitch } from "./openvswitch.ts";
import { RadioModel, stationInterface, veth } from "./radio-model.ts";
import { Station, type StationPlan } from "./station.ts";
import { network, Uplink } from "./uplink.ts";

export const thinPlans = {
  tablet: { name: "tablet", mac: "02:00:00:00:00:21", port: "bss1" },
  printer: { name: "printer", mac: "02:00:00:00:00:22", port: "bss1" },
  speaker: { name: "speaker", mac: "02:00:00:00:00:23", port: "bss2" },
  thief: { name: "thief", mac: "02:00:00:00:00:24", port: "bss2" },
  camera: { name: "camera", mac: "02:00:00:00:00:25", port: "bss3" },
  pad: { name: "pad", mac: "02:00:00:00:00:26", port: "bss3" },
  laptop: { name: "laptop", mac: "02:00:00:00:00:27", port: "wlan0" },
} satisfies Record<string, StationPlan>;
export type ThinStation = keyof typeof thinPlans;

const accessPoints = { ap1: "bss1", ap2: "bss2", ap3: "bss3" } as const;
export type AccessPoint = keyof typeof accessPoints;
/** Of the wires below: gateway, switch, ap2. Room for a tunnel's headers around whole frames of stations. */
const [GATEWAY, BOX, AP2] = ["192.168.250.1", "192.168.250.2", "192.168.250.3"];
const UNDERLAY_MTU = 1600;

export class ThinEdge {
  /** What `Gateway` wants to know. */
  readonly roles = { wlan0: "bss", ap1: "thin", ap2: "thin", ap3: "thin", uplink: "uplink" } as const;

  constructor(
    readonly lab: Lab,
    /** Where the gateway and its switch run. */
    readonly ap: Namespace,
    readonly ovs: OvsInstance,
    readonly radio: RadioModel,
    readonly uplink: Uplink,
    readonly wires: Namespace,
    readonly accessPoints: Readonly<Record<AccessPoint, Namespace>>,
    readonly stations: Readonly<Record<ThinStation, Station>>,
  ) {}

  static async create(): Promise<ThinEdge> {
    const lab = await Lab.open();
    try {
      return await build(lab);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async online(): Promise<void> {
    await Promise.all(Object.values(this.stations).map((station) => station.online()));
  }

  /** Frames that come out of an access point towards the gateway, where its tunnel or VLAN begins. */
  above(name: AccessPoint): Promise<Frames> {
    return name === "ap2" ? Frames.open(this.lab, this.ap, "ap2") : Frames.open(this.lab, this.wires, name);
  }

  /** Port of the access point's bridge behind which it believes a link-layer address to be. */
  async believes(name: AccessPoint, mac: string): Promise<string | undefined> {
    const table = JSON.parse(await must(["bridge", "-n", this.accessPoints[name].path, "-j", "fdb", "show", "br", "br-lan"])) as { mac: string; ifname: string; state?: string }[];
    return table.find((entry) => entry.mac === mac && entry.state !== "permanent")?.ifname;
  }

  /** The station is at another access point from now on, with its addresses, and with a key that has no identity. */
  async roam(name: ThinStation, bss: string): Promise<void> {
    const { namespace, mac, ipv4, ipv6 } = this.stations[name];
    await this.radio.associate(namespace, { bss, mac, key: undefined });
    await namespace.script(`
ip address replace ${ipv4}/24 dev ${stationInterface}
ip -6 address replace ${ipv6}/64 dev ${stationInterface} nodad
ip route replace default via ${network.router4}
`);
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}

async function build(lab: Lab): Promise<ThinEdge> {
  const [ap, wires, ap1, ap2, ap3] = await Promise.all(["ap", "wires", "ap1", "ap2", "ap3"].map((name) => lab.namespace(name))) as [Namespace, Namespace, Namespace, Namespace, Namespace];
  await wires.script("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
  const [ovs, box, radio] = await Promise.all([
    startOpenvswitch({ version: "3.1", directory: join(lab.directory, "ovs"), netns: ap.path }),
    startOpenvswitch({ version: "3.1", directory: join(lab.directory, "box"), netns: wires.path }),
    RadioModel.create(lab, ap, ["wlan0"], "isolating", { bss1: ap1, bss2: ap2, bss3: ap3 }),
  ]);
  const places = { ap1, ap2, ap3 };
  const leases = Object.fromEntries(Object.values(thinPlans).map(({ mac }) => [mac, `10.77.0.${Number(mac.slice(-2))}`]));
  await Promise.all([
    veth({ namespace: ap, name: "wire" }, { namespace: wires, name: "wire" }),
    ...(Object.keys(places) as AccessPoint[]).map((name) => veth({ namespace: places[name], name: "eth0" }, { namespace: wires, name })),
  ]);
  const [uplink, ...stations] = await Promise.all([
    Uplink.create(lab, ap, "uplink", leases),
    ...Object.values(thinPlans).map((plan) => Station.create(lab, plan, ap, radio)),
  ]);
  for (const namespace of [ap, wires]) await namespace.script(`ip link set wire mtu ${UNDERLAY_MTU}`);
  await Promise.all([wires.script(`ip link set ap2 mtu ${UNDERLAY_MTU}`), ap2.script(`ip link set eth0 mtu ${UNDERLAY_MTU}`)]);
  await Promise.all([switchOver(ovs, box), vxlan(ap2, AP2, GATEWAY)]);
  await Promise.all([address(ap, GATEWAY), address(wires, BOX)]);
  await vxlan(ap, GATEWAY, AP2, "ap2");
  await ovs.vsctl("add-port", "br0", "ap2");
  await Promise.all([openwrtBridge(ap1), forwardingBridge(ap2), gatewayOnly(ap3)]);
  return new ThinEdge(lab, ap, ovs, radio, uplink, wires, places, Object.fromEntries(stations.map((station) => [station.name, station])) as Record<ThinStation, Station>);
}

/** The wires: at both ends of "wire" a bridge "under" that learns, with the tunnels' addresses; VLAN 10 leads to ap1, GRE to ap3. */
async function switchOver(ovs: OvsInstance, box: OvsInstance): Promise<void> {
  const under = (name: string): string[] => ["--", "set-fail-mode", name, "standalone", "--", "add-port", name, "wire", "--", "set", "interface", name, `mtu_request=${UNDERLAY_MTU}`];
  const gre = (remote: string): string[] => ["type=gre", `options:remote_ip=${remote}`];
  await Promise.all([ovs.addBridge("under", ...under("under")), box.addBridge("under", ...under("under"))]);
  await Promise.all([
    ovs.addBridge("br0",
      "--", "add-port", "br0", "wlan0", "--", "add-port", "br0", "uplink",
      "--", "add-port", "br0", "ap1", "--", "set", "interface", "ap1", "type=patch", "options:peer=vlan10",
      "--", "add-port", "under", "vlan10", "tag=10", "--", "set", "interface", "vlan10", "type=patch", "options:peer=ap1",
      "--", "add-port", "br0", "ap3", "--", "set", "interface", "ap3", ...gre(BOX!)),
    box.vsctl("add-port", "under", "ap1", "tag=10", "--", "add-port", "under", "ap2"),
    box.addBridge("gre", "--", "set-fail-mode", "gre", "standalone", "--", "add-port", "gre", "ap3", "--", "add-port", "gre", "tunnel", "--", "set", "interface", "tunnel", ...gre(GATEWAY!)),
  ]);
}

async function address(namespace: Namespace, ip: string): Promise<void> {
  await namespace.script(`ip address add ${ip}/24 dev under\nip link set under up\nethtool -K under tx off >/dev/null 2>&1 || true\n`);
}

async function vxlan(namespace: Namespace, local: string, remote: string, name = "tunnel"): Promise<void> {
  if (name === "tunnel") await namespace.script(`ip address add ${local}/24 dev eth0\n`);
  await namespace.script(`ip link add ${name} type vxlan id 20 local ${local} remote ${remote} dstport 4789\nip link set ${name} mtu 1500 up\n`);
}

/** `isolate '1'` (no hairpin; ap_isolate is the radio model's), `bridge_isolate '1'`; multicast_to_unicast as OpenWrt sets it; netifd's defaults otherwise. */
async function openwrtBridge(ap: Namespace): Promise<void> {
  await ap.script(bridge("bss1", "eth0", "learning on") + "bridge link set dev bss1 mcast_to_unicast on\n");
}

/** Everything that comes from a station leaves by the uplink, whomever it is for: a bridge without a memory is a hub, and isolated ports do not hear each other. */
async function forwardingBridge(ap: Namespace): Promise<void> {
  await ap.script(bridge("bss2", "tunnel", "learning off") + "bridge link set dev tunnel learning off\n");
}

async function gatewayOnly(ap: Namespace): Promise<void> {
  await ap.script(bridge("bss3", "eth0", "learning on"));
  const groups = "01:00:00:00:00:00";
  await must(ap.inside(["nft", "-f", "-"]), { input: `table bridge isolation {
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "bss3" ether daddr ${network.routerMac} accept
    iifname "bss3" ether daddr & ${groups} == ${groups} accept
    oifname "bss3" ether saddr ${network.routerMac} accept
  }
}
` });
}

function bridge(stations: string, up: string, learning: string): string {
  return `
echo 0 > /proc/sys/net/ipv6/conf/all/forwarding
ip link add name br-lan type bridge forward_delay 0
ip link set ${stations} master br-lan
ip link set ${up} master br-lan
bridge link set dev ${stations} isolated on hairpin off ${learning}
ip link set br-lan up
`;
}
