// SPDX-License-Identifier: Apache-2.0
// The stations of Debian's hostapd as OpenWrt's tells them: objects hostapd.INTERFACE on a bus. The bus is the project's stand-in for ubusd (its limits: its head), the
// objects have what the gateway uses (get_clients, del_client, notifications), and no more; the stations and the radio behind them are real.
// Like OpenWrt's they do not tell which key a station proved.
import { platform } from "quickjs-ts/platform";
import { method, UbusClient, type PublishedObject, type Table } from "ubus-ts";
import { serve } from "../../packages/ubus-ts/test/ubusd/serve.ts";
import { deauthenticate, stationOf, stationsOf, watchStations } from "./hostapd-control.ts";

export class HostapdUbus {
  readonly #daemon: { close(): void };
  readonly #bus: UbusClient;
  readonly #objects = new Map<string, PublishedObject>();
  readonly #unwatch: () => void;

  private constructor(path: string, bsses: readonly string[]) {
    this.#daemon = serve(platform.net, path);
    this.#bus = new UbusClient(platform, { path });
    // Each after the one before, as the first ask for more than the event tells.
    let told = Promise.resolve();
    this.#unwatch = watchStations(bsses, ({ kind, bss, address }) => {
      if (kind !== "proved") told = told.then(() => this.#tell(bss, address, kind)).catch((error: Error) => platform.processes.stderr(`${error.message}\n`));
    });
  }

  static async start(path: string, bsses: readonly string[]): Promise<HostapdUbus> {
    const hostapd = new HostapdUbus(path, bsses);
    for (const bss of bsses) hostapd.#objects.set(bss, await hostapd.#publish(bss));
    return hostapd;
  }

  close(): void {
    this.#unwatch();
    this.#bus.close();
    this.#daemon.close();
  }

  async #tell(bss: string, address: string, kind: "authorized" | "left"): Promise<void> {
    if (kind === "left") return this.#objects.get(bss)?.notify("disassoc", { address });
    const { vlan } = await stationOf(bss, address);
    this.#objects.get(bss)?.notify("sta-authorized", { address, ...(vlan !== undefined && { vlan }) });
  }

  #publish(bss: string): Promise<PublishedObject> {
    return this.#bus.publish(`hostapd.${bss}`, {
      get_clients: method({}, async () => ({ clients: await clientsOf(bss) })),
      del_client: method({ addr: "string", reason: "int32?", deauth: "bool?", ban_time: "int32?" }, async ({ addr, reason }) => {
        await deauthenticate(bss, addr, reason ?? 1);
        return {};
      }),
    });
  }
}

async function clientsOf(bss: string): Promise<Table> {
  return Object.fromEntries((await stationsOf(bss)).map(({ address }) => [address, { auth: true, assoc: true, authorized: true }]));
}
