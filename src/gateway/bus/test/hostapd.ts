// SPDX-License-Identifier: Apache-2.0
// A stand-in for hostapd on ubus: the objects of some BSSs with get_clients, del_client and notifications of the shape that OpenWrt's has; no radio behind them. Like
// hostapd it forgets a station that is authorised at another of its BSSs, without a notification (hostapd_prune_associations).
import { method, type PublishedObject, type Table, UbusClient } from "ubus-ts";

export class HostapdStandIn {
  readonly stations = new Map<string, Set<string>>();
  /** What del_client was asked. */
  readonly deleted: { bss: string; addr: string; reason: number }[] = [];
  readonly #objects = new Map<string, PublishedObject>();

  constructor(readonly bus: UbusClient) {}

  async add(bss: string): Promise<void> {
    this.stations.set(bss, this.stations.get(bss) ?? new Set());
    this.#objects.set(bss, await this.bus.publish(`hostapd.${bss}`, {
      get_clients: method({}, () => ({ freq: 2412, clients: this.#clients(bss) })),
      del_client: method({ addr: "string", reason: "int32?", deauth: "bool?", ban_time: "int32?" }, ({ addr, reason }) => {
        this.deleted.push({ bss, addr, reason: reason ?? 0 });
        this.stations.get(bss)!.delete(addr); // not notified
        return {};
      }),
    }));
  }

  async remove(bss: string): Promise<void> {
    this.stations.delete(bss);
    await this.#objects.get(bss)!.remove();
    this.#objects.delete(bss);
  }

  /** The keys are agreed. */
  authorize(bss: string, address: string): void {
    for (const [other, stations] of this.stations) if (other !== bss) stations.delete(address);
    this.stations.get(bss)!.add(address);
    this.notify(bss, "sta-authorized", { address, "auth-alg": "open" });
  }

  /** "disassoc", "deauth" */
  leave(bss: string, address: string, how = "deauth"): void {
    this.stations.get(bss)!.delete(address);
    this.notify(bss, how, { address });
  }

  notify(bss: string, name: string, data: Table): void {
    this.#objects.get(bss)!.notify(name, data);
  }

  #clients(bss: string): Table {
    const client = (authorized: boolean): Table => ({ auth: true, assoc: true, authorized, preauth: false, wds: false, wmm: true, ht: true, vht: false, wps: false, mfp: false, rrm: [0, 0, 0, 0, 0], aid: 1 });
    return { ...Object.fromEntries([...this.stations.get(bss)!].map((address) => [address, client(true)])), "02:00:00:00:00:ff": client(false) };
  }
}
