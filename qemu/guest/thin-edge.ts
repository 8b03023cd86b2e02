// SPDX-License-Identifier: Apache-2.0
// A network of three access points that are not ours and only isolate, one of our own (Intelligent Edge), and a router:
//
//   ap1  Linux bridge as OpenWrt 24.10 makes it: isolated ports, no hairpin, learning      | VLAN 10, by a managed switch
//   ap2  forwards everything upstream: isolated ports of a bridge that does not learn      | VXLAN
//   ap3  lets stations send to the router's MAC and to groups, hear the router's only (nft)| GRE
//   own  BSS wlan0, a port of the gateway's switch
//
// Each of the three is a namespace with a radio, hostapd and a Linux bridge, no Open vSwitch. The managed switch is a Linux bridge with VLANs in the namespace
// "wires"; the wire "trunk" to the gateway carries VLAN 10 and, untagged, the tunnels. All four have the SSID "home", each a channel of its own.
//
//   await makeThinRadios(plans)                     // the guest's radios; then
//   const net = await ThinEdge.create(plans)        // stations at their access points; hostapd does not isolate yet, and br0 has no flows
//   await net.joined(); await learning()            // the plain network: everybody talks
//   await net.isolate(); await noFlows()
//   const gateway = net.gateway(policy)             // `await gateway.healthy()`: its flows are in force
//   await net.begin()                               // each station has spoken, so it is known
import { AccessPoints, type Bss, type Radio } from "./access-points.ts";
import { inside, must, run, script } from "./command.ts";
import { Gateway } from "./gateway.ts";
import { HostapdStations } from "./hostapd-stations.ts";
import { makeRadios, makeRouter, router } from "./network.ts";
import { Station, type StationPlan } from "./station.ts";
import { addPorts, startSwitch } from "./switch.ts";
import { reachesEach } from "./traffic.ts";

export type PointName = "own" | "ap1" | "ap2" | "ap3";
type ThinName = Exclude<PointName, "own">;

interface Point { bss: Bss; channel: number; port: string; role: "bss" | "thin" }

const point = (radio: number, channel: number, port: string, role: Point["role"]): Point =>
  ({ bss: { name: `wlan${radio}`, bssid: `02:00:00:00:0${radio}:00`, ssid: "home", security: "wpa2" }, channel, port, role });

/** The access points: their BSS, its channel, and the port of br0 by which it is reached. */
export const points: Readonly<Record<PointName, Point>> = {
  own: point(0, 1, "wlan0", "bss"), ap1: point(1, 4, "trunk.10", "thin"), ap2: point(2, 8, "vxlan2", "thin"), ap3: point(3, 11, "gre3", "thin"),
};
const pointNames = Object.keys(points) as PointName[];
const thinNames = ["ap1", "ap2", "ap3"] as const;

/** Where a station begins. `roams`: the access points that it knows; it stays on the BSS where it begins until it is told to go. */
export interface ThinPlan extends StationPlan { at: PointName; roams?: readonly PointName[] }

/** The n-th station, from 1. */
export const thinPlan = (name: string, n: number, at: PointName, roams?: readonly PointName[]): ThinPlan =>
  ({ name, radio: 3 + n, mac: `02:00:00:00:77:${10 + n}`, ip: `10.77.0.${10 + n}`, ip6: `fd77::${10 + n}`, ssid: "home", security: "wpa2", secret: String(10 + n).repeat(32), at, ...(roams && { roams }) });

/** Ends of the wires, for tunnels. */
const GATEWAY = "192.168.250.1";
const under: Readonly<Record<ThinName, string>> = { ap1: "192.168.250.11", ap2: "192.168.250.12", ap3: "192.168.250.13" };
/** Room for a tunnel's headers around whole frames of stations. */
const UNDERLAY_MTU = 1600;
const SOCKET = "/run/stations.sock";

export const makeThinRadios = (plans: readonly ThinPlan[]): Promise<void> => makeRadios(1 + Math.max(...plans.map(({ radio }) => radio)));

export class ThinEdge<N extends string = string> {
  /** Of the gateway's configuration. */
  readonly roles = { ...Object.fromEntries(Object.values(points).map(({ port, role }) => [port, role])), uplink: "uplink" };

  private constructor(readonly hostapd: Readonly<Record<PointName, AccessPoints>>, readonly stations: Readonly<Record<N, Station>>) {}

  /** Radios must be there. Access points that do not isolate, stations looking for them, br0 with all ports and without flows. */
  static async create<N extends string>(plans: Readonly<Record<N, ThinPlan>>): Promise<ThinEdge<N>> {
    const all = Object.values<ThinPlan>(plans);
    const keys = all.map(({ name, mac, secret }) => ({ name, mac, secret }));
    const switching = startSwitch();
    await makeRouter();
    await makeWires();
    const hostapd = Object.fromEntries(pointNames.map((name) => [name, new AccessPoints([radioOf(name)], keys, name === "own" ? undefined : { namespace: name, bridge: "br-lan" })])) as Record<PointName, AccessPoints>;
    await Promise.all(Object.values(hostapd).map((each) => each.start(false)));
    const stations = await Promise.all(all.map((plan) => Station.create(plan, (plan.roams ?? [plan.at]).map((name) => points[name].channel), points[plan.at].bss.bssid)));
    await switching;
    await addTunnels();
    await addPorts(points.own.port, points.ap1.port, "uplink");
    return new ThinEdge(hostapd, Object.fromEntries(stations.map((station) => [station.name, station])) as Record<N, Station>);
  }

  /** Each at its access point; those that roam are free to go from then on. */
  async joined(): Promise<void> {
    await Promise.all(this.#all.map(async (station) => {
      await station.joined();
      if ((station.plan as ThinPlan).roams) await station.ask("set_network", "0", "bssid", "any");
    }));
  }

  /** Every station forgets its neighbours and talks to the router by both of its addresses, as devices do that come: nobody else can find it before. Rejects when the router does not answer one. */
  async begin(): Promise<void> {
    // One after the other: all that they ask until they are known comes to the gateway, on an emulated processor.
    for (const { name } of this.#all) {
      await run(inside(name, ["ip", "neigh", "flush", "all"]));
      const answered = await reachesEach(name, [router.ip, router.ip6], 10);
      if (answered.size < 2) throw new Error(`${name} does not reach the router, only ${[...answered].join()}`);
    }
  }

  /** From now on each access point isolates in its own way; stations stay connected. */
  async isolate(): Promise<void> {
    for (const name of pointNames) await this.hostapd[name].isolate(true);
    for (const name of thinNames) await script(isolation[name]);
  }

  /** Starts a gateway; wait until it is healthy. It hears of the stations of our own BSS only. `roles`: of its ports. */
  gateway(policy: string, roles: Readonly<Record<string, string>> = this.roles): Gateway {
    new HostapdStations(SOCKET, [points.own.bss.name]);
    const gateway = new Gateway(roles, `stations: ${SOCKET}`, { routerMac: router.mac });
    gateway.writePolicy(policy);
    gateway.start();
    return gateway;
  }

  get #all(): Station[] { return Object.values(this.stations); }
}

const radioOf = (name: PointName): Radio => ({ channel: points[name].channel, bsses: [points[name].bss] });

/** The wires, and a namespace for each access point with its radio, its wire to the managed switch, its tunnel and its bridge. Few programs: starting one is what takes time on an emulated processor. */
async function makeWires(): Promise<void> {
  await script(`
    for name in wires ${thinNames.join(" ")}; do ip netns add $name; done
    ip -batch - <<END
link add trunk mtu ${UNDERLAY_MTU} type veth peer name trunk mtu ${UNDERLAY_MTU} netns wires
address add ${GATEWAY}/24 dev trunk
link set trunk up
link add link trunk name ${points.ap1.port} mtu 1500 type vlan id 10
link set ${points.ap1.port} up
END
    ip -n wires -batch - <<END
link add sw type bridge forward_delay 0 vlan_filtering 1
link set sw up
link set trunk master sw up
${thinNames.map((name) => `link add ${name} mtu ${UNDERLAY_MTU} type veth peer name eth0 mtu ${UNDERLAY_MTU} netns ${name}\nlink set ${name} master sw up`).join("\n")}
END
    bridge -n wires -batch - <<END
vlan add dev trunk vid 10
vlan del dev ap1 vid 1
vlan add dev ap1 vid 10 pvid untagged
END
    ${thinNames.map(accessPoint).join("\n")}`);
}

const ways: Readonly<Record<ThinName, string>> = {
  ap1: "",
  ap2: `link add tunnel mtu 1500 type vxlan id 20 local ${under.ap2} remote ${GATEWAY} dstport 4789`,
  ap3: `link add tunnel mtu 1500 type gretap local ${under.ap3} remote ${GATEWAY}`,
};
const upOf = (name: ThinName): string => (name === "ap1" ? "eth0" : "tunnel");

const accessPoint = (name: ThinName): string => `
    iw phy phy${points[name].bss.name.slice(4)} set netns name ${name}
    ip netns exec ${name} sh -ec 'for which in all default; do echo 1 > /proc/sys/net/ipv6/conf/$which/disable_ipv6; done; ip -batch -' <<END
link set lo up
address add ${under[name]}/24 dev eth0
link set eth0 up
${ways[name]}
link add br-lan type bridge forward_delay 0
link set ${upOf(name)} master br-lan up
link set br-lan up
END`;

/** The far ends of the tunnels are ports that the operator adds; the kernel's datapath does the rest. */
async function addTunnels(): Promise<void> {
  const tunnel = (name: ThinName, ...options: string[]): string[] => ["--", "--may-exist", "add-port", "br0", points[name].port, "--", "set", "interface", points[name].port, ...options, `options:remote_ip=${under[name]}`];
  await must(["ovs-vsctl", ...tunnel("ap2", "type=vxlan", "options:key=20").slice(1), ...tunnel("ap3", "type=gre")]);
}

const forgetting = (name: ThinName): string => `ip -n ${name} link set br-lan type bridge fdb_flush`;
const linkSet = (name: ThinName, what: string): string => `bridge -n ${name} link set dev ${points[name].bss.name} isolated on hairpin off ${what}`;
const groups = "01:00:00:00:00:00";

/** What makes each kind of access point what it is; ap_isolate is hostapd's. */
const isolation: Readonly<Record<ThinName, string>> = {
  // isolate '1' (no hairpin), bridge_isolate '1'; multicast_to_unicast as OpenWrt sets it.
  ap1: `${linkSet("ap1", "learning on mcast_to_unicast on")}; ${forgetting("ap1")}`,
  // A bridge without a memory is a hub, and isolated ports do not hear each other.
  ap2: `${linkSet("ap2", "learning off")}; bridge -n ap2 link set dev tunnel learning off; ${forgetting("ap2")}`,
  ap3: `ip netns exec ap3 nft -f - <<END
table bridge isolation {
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "${points.ap3.bss.name}" ether daddr ${router.mac} accept
    iifname "${points.ap3.bss.name}" ether daddr & ${groups} == ${groups} accept
    oifname "${points.ap3.bss.name}" ether saddr ${router.mac} accept
  }
}
END
`,
};
