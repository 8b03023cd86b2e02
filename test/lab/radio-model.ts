// SPDX-License-Identifier: Apache-2.0
// A STAND-IN for a radio: no 802.11, no airtime, no encryption. It keeps the two promises of an access point that isolation builds on.
//  - isolating: every frame of a station goes up to the switch, and one between stations exists only if the switch sends it back.
//    Stations are macvlan interfaces in VEPA mode on one end of a veth, whose other end is the switch port of the BSS. A returned
//    unicast frame reaches the addressed station only, a group frame every station but its sender.
//  - a frame whose source is not the station's associated address is dropped, raw sockets included (netfilter's egress hook).
// In mode "plain" stations of one BSS reach each other inside, as under an access point without isolation (macvlan bridge mode).
// Station events go to whoever connects to a unix socket, one JSON object a line; see StationEvents.
import { must } from "./command.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { StationEvents } from "./station-events.ts";

export type RadioMode = "isolating" | "plain";

/** Interface of a station inside its namespace. */
export const stationInterface = "net0";

export interface Association {
  bss: string;
  /** Lower-case link-layer address. */
  mac: string;
  /** Who the station proved to be: the identity of its key. undefined: its key has none. */
  key: string | undefined;
}

export class RadioModel {
  readonly events: StationEvents;
  readonly #lab: Lab;
  readonly #mode: RadioMode;
  readonly #air: Namespace;
  /** BSSes whose station events are told. */
  readonly #told: ReadonlySet<string>;
  readonly #associated = new Map<Namespace, Association>();
  /** The BSS that a station's interface hangs on, associated or not. */
  readonly #links = new Map<Namespace, string>();

  private constructor(lab: Lab, mode: RadioMode, air: Namespace, told: readonly string[], events: StationEvents) {
    this.#told = new Set(told);
    this.#lab = lab;
    this.#mode = mode;
    this.#air = air;
    this.events = events;
  }

  /**
   * Makes an interface in namespace `ap` for every name in `bsses`, to be added to the switch as a port; and for every name in `others` one in the
   * namespace of an access point of its own, of whose stations nobody is told.
   */
  static async create(lab: Lab, ap: Namespace, bsses: readonly string[], mode: RadioMode, others: Readonly<Record<string, Namespace>> = {}): Promise<RadioModel> {
    const air = await lab.namespace("air");
    for (const quiet of [ap, air, ...Object.values(others)]) await quiet.script("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"); // switch ports have no stack
    for (const bss of bsses) await veth({ namespace: ap, name: bss }, { namespace: air, name: bss });
    for (const [bss, namespace] of Object.entries(others)) await veth({ namespace, name: bss }, { namespace: air, name: bss });
    const radio: RadioModel = new RadioModel(lab, mode, air, bsses, await StationEvents.listen(lab, bsses, {
      stations: (bss) => [...radio.#associated.values()].filter((each) => each.bss === bss).map(({ mac, key }) => ({ address: mac, key })),
      deauthenticate: (bss, address) => radio.#throwOut(bss, address),
    }));
    return radio;
  }

  association(station: Namespace): Association | undefined {
    return this.#associated.get(station);
  }

  /** Associates a station, which may have been elsewhere or had another address before. One that has this address in the BSS is thrown out. */
  async associate(station: Namespace, association: Association): Promise<void> {
    await this.disassociate(station);
    await this.#throwOut(association.bss, association.mac);
    await this.#link(station, association);
    this.#associated.set(station, association);
    if (this.#told.has(association.bss)) this.events.send({ event: "associated", bss: association.bss, address: association.mac, key: association.key });
    await must(["ip", "-n", station.path, "link", "set", stationInterface, "up"]);
  }

  async disassociate(station: Namespace): Promise<void> {
    const association = this.#associated.get(station);
    if (!association) return;
    this.#associated.delete(station);
    await must(["ip", "-n", station.path, "link", "set", stationInterface, "down"]);
    if (this.#told.has(association.bss)) this.events.send({ event: "disassociated", bss: association.bss, address: association.mac });
  }

  async #throwOut(bss: string, mac: string): Promise<void> {
    for (const [station, at] of this.#associated) if (at.bss === bss && at.mac === mac) await this.disassociate(station);
  }

  async #link(station: Namespace, { bss, mac }: Association): Promise<void> {
    if (this.#links.get(station) === bss) {
      await must(["ip", "-n", station.path, "link", "set", stationInterface, "address", mac]);
    } else {
      if (this.#links.has(station)) await must(["ip", "-n", station.path, "link", "delete", stationInterface]);
      const mode = this.#mode === "plain" ? "bridge" : "vepa";
      await must(["ip", "-n", this.#air.path, "link", "add", "link", bss, "name", stationInterface, "netns", station.path, "address", mac, "type", "macvlan", "mode", mode]);
      this.#links.set(station, bss);
      await tune(station, stationInterface);
      await must(["ip", "-n", station.path, "link", "set", stationInterface, "allmulticast", "on"]); // else macvlan delivers joined groups only
    }
    await must(station.inside(["nft", "-f", "-"]), { input: onlySource(mac) });
  }
}

/** nftables script: what leaves with another source address is dropped. */
function onlySource(mac: string): string {
  return `add table netdev radio
delete table netdev radio
table netdev radio {
  chain out {
    type filter hook egress device "${stationInterface}" priority 0; policy drop;
    ether saddr ${mac} accept
  }
}
`;
}

export interface Cable {
  namespace: Namespace;
  name: string;
  mac?: string;
}

/** A cable between two namespaces, up at both ends. */
export async function veth(a: Cable, b: Cable): Promise<void> {
  const end = (at: Cable) => ["name", at.name, ...(at.mac ? ["address", at.mac] : []), "netns", at.namespace.path];
  await must(["ip", "link", "add", ...end(a), "type", "veth", "peer", ...end(b)]);
  await Promise.all([a, b].map(async ({ namespace, name }) => {
    await tune(namespace, name);
    await must(["ip", "-n", namespace.path, "link", "set", name, "up"]);
  }));
}

// The userspace datapath passes frames on as they are: a checksum that the sender's kernel leaves to hardware would stay missing.
// Stations ask again for a neighbour after 200 ms instead of a second, and duplicate address detection waits no longer.
async function tune(namespace: Namespace, name: string): Promise<void> {
  await namespace.script(`ethtool -K ${name} tx off\nfor family in 4 6; do echo 200 > /proc/sys/net/ipv$family/neigh/${name}/retrans_time_ms; done\n`);
}
