// SPDX-License-Identifier: Apache-2.0
// A station: a namespace with one interface, addresses from a real DHCP client and the kernel's SLAAC, an agent that uses its
// stack, and raw frames beside it. On the radio (its port is a BSS) or on a wired port of its own.
import { join } from "node:path";
import { Agent } from "./agent.ts";
import { must, repositoryRoot, until } from "./command.ts";
import { Frames } from "./frames.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { type RadioModel, stationInterface, veth } from "./radio-model.ts";

export interface StationPlan {
  name: string;
  mac: string;
  /** A BSS of the radio, or else the name of a wired port to be made. */
  port: string;
  /** Identity of its key; only on the radio. Default: its name. */
  key?: string;
}

// SLAAC in half a second instead of three: solicit at once (and see `tune`).
const stack = `
for setting in all default; do
  echo 0 > /proc/sys/net/ipv6/conf/$setting/router_solicitation_delay
  echo 1 > /proc/sys/net/ipv6/conf/$setting/router_solicitation_interval
  echo 0 > /proc/sys/net/ipv4/conf/$setting/accept_redirects
  echo 0 > /proc/sys/net/ipv6/conf/$setting/accept_redirects
done
`;

export class Station {
  readonly plan: StationPlan;
  readonly namespace: Namespace;
  readonly agent: Agent;
  /** As the DHCP server leased it and the kernel formed it; empty before `online`. */
  ipv4 = "";
  ipv6 = "";
  /** The current link-layer address: an attacker takes others'. */
  mac: string;
  readonly #lab: Lab;
  readonly #radio: RadioModel | undefined;
  #frames: Promise<Frames> | undefined;

  private constructor(lab: Lab, plan: StationPlan, namespace: Namespace, agent: Agent, radio: RadioModel | undefined) {
    this.#lab = lab;
    this.plan = plan;
    this.mac = plan.mac;
    this.namespace = namespace;
    this.agent = agent;
    this.#radio = radio;
  }

  get name(): string {
    return this.plan.name;
  }

  /** A station that is not on the network yet. With `radio` it is one of its stations, else its cable ends in `ap`. */
  static async create(lab: Lab, plan: StationPlan, ap: Namespace, radio?: RadioModel): Promise<Station> {
    const namespace = await lab.namespace(plan.name);
    await namespace.script(stack);
    const station = new Station(lab, plan, namespace, await Agent.start(lab, namespace), radio);
    if (!radio) await veth({ namespace: ap, name: plan.port }, { namespace, name: stationInterface, mac: plan.mac });
    return station;
  }

  /** Associates (again), or takes the wired link up, as `mac`; does not wait for addresses. */
  async join(mac = this.plan.mac, key = this.plan.key ?? this.name): Promise<void> {
    this.mac = mac;
    if (this.#radio) return this.#radio.associate(this.namespace, { bss: this.plan.port, mac, key });
    const link = ["ip", "-n", this.namespace.path, "link", "set", stationInterface];
    await must([...link, "down"]);
    await must([...link, "address", mac, "up"]);
  }

  async leave(): Promise<void> {
    if (this.#radio) return this.#radio.disassociate(this.namespace);
    await must(["ip", "-n", this.namespace.path, "link", "set", stationInterface, "down"]);
  }

  /** Joins and waits for an IPv4 lease and a global IPv6 address. */
  async online(deadline = 25_000): Promise<void> {
    await this.join();
    await Promise.all([this.lease(deadline), this.slaac(deadline)]);
  }

  async lease(deadline = 25_000): Promise<void> {
    const script = join(repositoryRoot(), "test/lab/udhcpc.sh");
    const argv = ["udhcpc", "-f", "-n", "-q", "-t", "20", "-T", "1", "-i", stationInterface, "-s", script, "-x", `hostname:${this.name}`];
    await must(this.namespace.inside(argv), { deadline });
    const own = (await this.#addresses()).find((each) => each.family === "inet");
    if (!own) throw new Error(`${this.name}: a lease without an address`);
    this.ipv4 = own.local;
  }

  async slaac(deadline = 25_000): Promise<void> {
    const global = async () => (await this.#addresses()).find((each) => each.family === "inet6" && each.scope === "global" && !each.tentative);
    this.ipv6 = (await until(`${this.name}: a global IPv6 address`, deadline, global).catch(async (error: Error) => {
      throw new Error(`${error.message}; it has ${JSON.stringify(await this.#addresses())}`);
    })).local;
  }

  /** The address of the given family; throws before `online`. */
  address(family: 4 | 6): string {
    const address = family === 4 ? this.ipv4 : this.ipv6;
    if (!address) throw new Error(`${this.name} has no IPv${family} address yet`);
    return address;
  }

  /** Raw frames on the station's interface, opened once. */
  frames(): Promise<Frames> {
    this.#frames ??= Frames.open(this.#lab, this.namespace, stationInterface);
    return this.#frames;
  }

  /** Global IPv6 addresses now, for those that a rogue router brings. */
  async ipv6Addresses(): Promise<string[]> {
    return (await this.#addresses()).filter((each) => each.family === "inet6" && each.scope === "global").map((each) => each.local);
  }

  async #addresses(): Promise<{ family: string; local: string; scope: string; tentative?: boolean }[]> {
    const text = await must(["ip", "-n", this.namespace.path, "-j", "address", "show", "dev", stationInterface]);
    return (JSON.parse(text) as { addr_info?: never[] }[]).flatMap((link) => link.addr_info ?? []);
  }
}
