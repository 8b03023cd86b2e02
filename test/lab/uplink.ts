// SPDX-License-Identifier: Apache-2.0
// The other side of the access point's uplink port: a router with a real dnsmasq (DHCP, DNS, router advertisements) and, as
// addresses of its own loopback, the servers of "the internet". It forwards, as routers do: what leaves by the port it came in, too.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent } from "./agent.ts";
import { must, until } from "./command.ts";
import { Frames } from "./frames.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { veth } from "./radio-model.ts";

/** Addresses of the network and of the internet beyond its router (documentation prefixes, RFC 5737 and RFC 3849). */
export const network = {
  prefix4: "10.77.0.0/24",
  prefix6: "2001:db8:77::/64",
  router4: "10.77.0.1",
  router6: "2001:db8:77::1",
  routerLinkLocal: "fe80::1",
  routerMac: "02:00:00:00:01:01",
  /** Servers beyond the router. */
  internet: {
    web: { v4: "198.51.100.10", v6: "2001:db8:1::10" },
    other: { v4: "198.51.100.20", v6: "2001:db8:1::20" },
    blocked: { v4: "203.0.113.66", v6: "2001:db8:2::66" },
    /** Its name is asked for over TCP only. */
    streamed: { v4: "203.0.113.90" },
    /** 203.0.113.101 to .116: one name with many addresses. */
    many: Array.from({ length: 16 }, (_, i) => `203.0.113.${101 + i}`),
  },
};

/** Names under our own zone that the resolver knows, beside the CNAME alias.vendor.example -> cdn.example.net. */
const names: Record<string, string[]> = {
  "www.vendor.example": [network.internet.web.v4, network.internet.web.v6],
  "cdn.example.net": [network.internet.other.v4, network.internet.other.v6],
  "blocked.example.org": [network.internet.blocked.v4, network.internet.blocked.v6],
  "many.vendor.example": network.internet.many,
  "streamed.vendor.example": [network.internet.streamed.v4],
  "router.lan": [network.router4, network.router6],
};

export class Uplink {
  readonly namespace: Namespace;
  readonly agent: Agent;
  readonly #lab: Lab;
  readonly #hosts: string;
  #names = new Map(Object.entries(names));
  #pid = 0;
  #frames: Promise<Frames> | undefined;

  private constructor(lab: Lab, namespace: Namespace, agent: Agent) {
    this.#lab = lab;
    this.namespace = namespace;
    this.agent = agent;
    this.#hosts = join(lab.directory, "uplink-hosts");
  }

  /** `leases`: fixed addresses by link-layer address, so that a station's address can be told beforehand. */
  static async create(lab: Lab, ap: Namespace, port: string, leases: Record<string, string>): Promise<Uplink> {
    const namespace = await lab.namespace("uplink");
    const [agent] = await Promise.all([Agent.start(lab, namespace), veth({ namespace: ap, name: port }, { namespace, name: "net0", mac: network.routerMac })]);
    const uplink = new Uplink(lab, namespace, agent);
    await namespace.script(addressing());
    await Promise.all([uplink.#startDnsmasq(leases), uplink.#serve()]);
    return uplink;
  }

  /** Changes what a name stands for, in the resolver, at once. */
  async setName(name: string, addresses: string[]): Promise<void> {
    this.#names.set(name, addresses);
    this.#writeHosts();
    process.kill(this.#pid, "SIGHUP");
  }

  frames(): Promise<Frames> {
    this.#frames ??= Frames.open(this.#lab, this.namespace, "net0");
    return this.#frames;
  }

  #writeHosts(): void {
    writeFileSync(this.#hosts, [...this.#names].flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`)).join(""));
  }

  async #startDnsmasq(leases: Record<string, string>): Promise<void> {
    this.#writeHosts();
    const file = join(this.#lab.directory, "dnsmasq.conf");
    writeFileSync(file, configuration(this.#lab.directory, this.#hosts, leases));
    const child = this.#lab.spawn(this.namespace.inside(["dnsmasq", "--keep-in-foreground", `--conf-file=${file}`]), { stdio: ["ignore", "ignore", "inherit"] });
    this.#pid = child.pid!; // ip netns exec replaces itself by the program
    const answers = () => this.agent.call("lookup", { name: "router.lan", type: "A", server: network.router4, deadline: 300 }).then(() => true, () => false);
    await until("dnsmasq", 5000, answers);
  }

  async #serve(): Promise<void> {
    await this.agent.call("serve", { protocol: "http", port: 80, body: "the internet" });
    for (const port of [443, 8443, 5000]) await this.agent.call("serve", { protocol: "tcp", port });
    const { web, other, blocked } = network.internet;
    for (const address of [web, other, blocked].flatMap(({ v4, v6 }) => [v4, v6])) await this.agent.call("serve", { protocol: "udp", port: 5000, address });
  }
}

function addressing(): string {
  const { web, other, blocked, streamed, many } = network.internet;
  const loopback = [web, other, blocked].flatMap(({ v4, v6 }) => [`${v4}/32`, `${v6}/128`]).concat([streamed.v4, ...many].map((address) => `${address}/32`));
  return `
for setting in all default net0; do
  echo 0 > /proc/sys/net/ipv4/conf/$setting/send_redirects
  echo 0 > /proc/sys/net/ipv4/conf/$setting/rp_filter
  echo 0 > /proc/sys/net/ipv6/conf/$setting/accept_dad
done
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
${loopback.map((address) => `ip address add ${address} dev lo`).join("\n")}
ip -6 address flush dev net0 scope link
ip address add ${network.router4}/24 dev net0
ip address add ${network.router6}/64 dev net0 nodad
ip address add ${network.routerLinkLocal}/64 dev net0 nodad
`;
}

// TTL 2 everywhere, so that a test sees a name's addresses change and end.
function configuration(directory: string, hosts: string, leases: Record<string, string>): string {
  return `
no-resolv
no-hosts
no-ping
log-facility=${directory}/dnsmasq.log
user=root
pid-file=${directory}/dnsmasq.pid
dhcp-leasefile=${directory}/dnsmasq.leases
interface=net0
bind-interfaces
addn-hosts=${hosts}
local-ttl=2
cname=alias.vendor.example,cdn.example.net
local=/example/lan/example.org/example.net/
dhcp-authoritative
dhcp-range=10.77.0.100,10.77.0.199,255.255.255.0,1h
dhcp-option=option:router,${network.router4}
dhcp-option=option:dns-server,${network.router4}
enable-ra
dhcp-range=2001:db8:77::,ra-only,64,1h
${Object.entries(leases).map(([mac, address]) => `dhcp-host=${mac},${address}`).join("\n")}
`;
}
