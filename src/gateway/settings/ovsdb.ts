// SPDX-License-Identifier: Apache-2.0
// What the switch's database should have of a site, and a connection to it for as long as a change takes.
import { OvsdbClient, type Ports, type Transaction } from "node-openvswitch/ovsdb";
import type { Items } from "../../apply/index.ts";
import type { GatewayConfig } from "../config/config.ts";
import { OvsdbPart } from "../switch/ovsdb-part.ts";
import type { Site } from "./site.ts";

const RECONNECT = { minimum: 100, maximum: 2000 };

/** Connects when it is first asked. */
export class OvsdbOnDemand {
  readonly part = new OvsdbPart({
    transaction: () => this.#open().transaction(),
    transact: (transaction: Transaction, options) => this.#open().transact(transaction, options),
  });
  #client: OvsdbClient | undefined;

  constructor(private readonly ports: Ports, private readonly path: string) {}

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #open(): OvsdbClient {
    return this.#client ??= new OvsdbClient(this.ports, { remotes: [{ unix: this.path }], reconnect: RECONNECT });
  }
}

/** The items of the bridge and its ports; what is there keeps its type and datapath. Ports of the former site that are not wanted any more go. Rejects when the database does not answer. */
export async function desiredOvsdb(part: OvsdbPart, { bridge, datapath, ...site }: Pick<GatewayConfig, "bridge" | "datapath"> & Site, former: Site | undefined): Promise<Items> {
  const wanted = site.managePorts ? memberPorts(site) : [];
  const gone = site.managePorts && former?.managePorts ? memberPorts(former).filter((port) => site.ports[port] === undefined) : [];
  const [own, key] = [`bridge ${bridge}`, (port: string): string => `port ${bridge} ${port}`];
  const seen = await part.read([own, ...[...wanted, ...gone].map(key)]);
  const type = (seen[own] as { datapath_type: string } | null)?.datapath_type ?? (datapath === "netdev" ? "netdev" : "");
  return {
    [own]: { fail_mode: "secure", datapath_type: type },
    ...Object.fromEntries(wanted.map((port) => [key(port), seen[key(port)] ?? { type: "" }])),
    ...Object.fromEntries(gone.map((port) => [key(port), null])),
  };
}

/** The bridge's own interface is no port to add. */
function memberPorts({ ports }: Site): string[] {
  return Object.keys(ports).filter((port) => ports[port] !== "local");
}
