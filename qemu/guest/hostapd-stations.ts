// SPDX-License-Identifier: Apache-2.0
// The stations of Debian's hostapd, with the names of their keys, where the gateway connects (docs/configuration.md, "Station events").
import type { Stream } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { deauthenticate, type Station, type StationChange, stationOf, stationsOf, watchStations } from "./hostapd-control.ts";

interface Request { request: string; bss: string; address: string; reason: number }

export class HostapdStations {
  readonly #clients = new Set<Stream>();
  readonly #listener: { close(): void };
  readonly #unwatch: () => void;

  /** `absent`: stations that are told with the BSS's own, though no radio has them: a crowd that only costs flows. */
  constructor(path: string, readonly bsses: readonly string[], readonly absent: Readonly<Record<string, readonly Station[]>> = {}) {
    this.#listener = platform.net.listen({ unix: path }, (client) => this.#accept(client));
    // Each after the one before, as some ask for more than the event tells.
    let told = Promise.resolve();
    this.#unwatch = watchStations(bsses, (change) => void (told = told.then(() => this.#changed(change)).catch((error: Error) => platform.processes.stderr(`${error.message}\n`))));
  }

  close(): void {
    this.#listener.close();
    this.#unwatch();
    for (const client of this.#clients) client.destroy();
  }

  async #changed({ kind, ...station }: StationChange): Promise<void> {
    if (kind === "left") return this.#tell({ event: "disassociated", ...station });
    const found = { ...station, ...(await stationOf(station.bss, station.address)) };
    // Without a name it tells nothing that "authorized" did not.
    if (kind === "authorized" || found.key) this.#tell({ event: "associated", ...found, ...(station.key && { key: station.key }) });
  }

  #tell(event: object): void {
    for (const client of this.#clients) send(client, event);
  }

  #accept(client: Stream): { data(chunk: Uint8Array): void; close(): void } {
    void this.#snapshots(client);
    let rest = "";
    return {
      data: (chunk) => {
        const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
        rest = lines.pop()!;
        for (const line of lines) answer(JSON.parse(line) as Request);
      },
      close: () => void this.#clients.delete(client),
    };
  }

  /** Events that come while the stations are being read follow their snapshot; one in between is in the snapshot, and harmless twice. */
  async #snapshots(client: Stream): Promise<void> {
    this.#clients.add(client);
    for (const bss of this.bsses) send(client, { event: "stations", bss, stations: [...(await stationsOf(bss)), ...(this.absent[bss] ?? [])] });
  }
}

function answer({ request, bss, address, reason }: Request): void {
  if (request === "deauthenticate") void deauthenticate(bss, address, reason);
}

function send(client: Stream, event: object): void {
  client.write(new TextEncoder().encode(JSON.stringify(event) + "\n"));
}
