// SPDX-License-Identifier: Apache-2.0
// What is written for Avahi, D-Bus and miniupnpd, and what avahi-browse writes: the same in the lab and in virtual machines.

/** The daemon insists on this directory. */
export const AVAHI_RUNTIME = "/run/avahi-daemon";
export const MAPPER_PORT = 5555;

/** One service that a browser resolved; by IPv4 and by IPv6 it is found separately. */
export interface Found {
  family: 4 | 6;
  name: string;
  host: string;
  address: string;
  port: number;
}

/** What an avahi-browse that goes on has told so far. */
export class Listing {
  readonly #found = new Map<string, Found>();
  /** Names that came and went, in order: "+ 4 Printer", "- 4 Printer". */
  readonly events: string[] = [];

  get found(): Found[] {
    return [...this.#found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.family - b.family));
  }

  /** The families by which it found the name. */
  families(name: string): number[] {
    return this.found.filter((one) => one.name === name).map(({ family }) => family);
  }

  /** avahi-browse(1), --parsable: event;interface;protocol;name;type;domain, and when resolved host;address;port;texts. */
  line(text: string): void {
    const [event, , protocol, name, , , host, address, port] = text.split(";");
    const family = protocol === "IPv6" ? 6 : 4;
    if (event === "+" || event === "-") this.events.push(`${event} ${family} ${name}`);
    if (event === "=") this.#found.set(`${family} ${name}`, { family, name: name!, host: host!, address: address!, port: Number(port) });
    if (event === "-") this.#found.delete(`${family} ${name}`);
  }
}

export const browseWords = (type: string): string[] => ["avahi-browse", "--parsable", "--resolve", "--no-db-lookup", type];
/** Ends with 0 when the daemon answers. */
export const AVAHI_READY = ["avahi-browse", "--terminate", "--cache", "_none._tcp"];

/** Shell. `ip netns exec` gives each process mounts of its own, so every daemon has the directory for itself. */
export function avahiScript(configuration: string): string {
  return `busybox mount -t tmpfs -o mode=755 avahi ${AVAHI_RUNTIME}; exec avahi-daemon --no-drop-root --no-chroot --no-rlimits --no-proc-title -f ${configuration}`;
}

/** Everybody who reaches the socket may do everything: it is in a directory of ours. */
export function busConfiguration(path: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
`;
}

/** Its services are what programs publish. Addresses of one family are not told over the other, so that each is seen to work by itself. */
export function avahiConfiguration(host: string, interfaceName: string): string {
  return `[server]
host-name=${host}
use-ipv4=yes
use-ipv6=yes
allow-interfaces=${interfaceName}
enable-dbus=yes
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
publish-aaaa-on-ipv4=no
publish-a-on-ipv6=no
`;
}

/** miniupnpd: a UPnP device by IPv4, and by IPv6 where the interface has a global address. Nobody asks it to map a port; its outer address is none of anybody's. */
export function mapperConfiguration(interfaceName: string, leases: string): string {
  return `ext_ifname=lo
ext_ip=9.9.9.9
listening_ip=${interfaceName}
http_port=${MAPPER_PORT}
enable_natpmp=no
enable_upnp=yes
ipv6_disable=no
uuid=4d696e69-0000-4000-8000-000000000001
upnp_table_name=miniupnpd
upnp_nat_table_name=miniupnpd
lease_file=${leases}
`;
}

/** One search, by IPv4 or IPv6, with the description of what was found; four seconds. */
export function searchWords(interfaceName: string, family: 4 | 6): string[] {
  return ["timeout", "4", "stdbuf", "-oL", "upnpc", ...(family === 6 ? ["-6"] : []), "-m", interfaceName, "-s"];
}

/** Address of the description that upnpc found. */
export function foundMapper(output: string): string | undefined {
  return /^ desc: (\S+)$/m.exec(output)?.[1];
}
