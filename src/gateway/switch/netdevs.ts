// SPDX-License-Identifier: Apache-2.0
/*
 * Netdevs that went and were made again under the same name, as those of radios at every wifi reload. The kernel's datapath loses such a port, and ovs-vswitchd
 * adds it again by itself. The userspace datapath keeps the socket of the netdev that is gone: the port has to be taken out and added once more.
 */
import type { Row } from "node-openvswitch/ovsdb";

export class Netdevs {
  readonly #known = new Map<string, number>();

  /** `members`: interfaces by name, with `ifindex` (ovs-vswitchd.conf.db(5)), which is empty while there is no netdev. The names of those that are other ones now. */
  renewed(members: ReadonlyMap<string, Row>): string[] {
    const names: string[] = [];
    for (const [name, row] of members) {
      const index = row["ifindex"];
      if (typeof index !== "number" || index <= 0) continue;
      const known = this.#known.get(name);
      if (known !== undefined && known !== index) names.push(name);
      this.#known.set(name, index);
    }
    for (const name of this.#known.keys()) if (!members.has(name)) this.#known.delete(name);
    return names;
  }
}
