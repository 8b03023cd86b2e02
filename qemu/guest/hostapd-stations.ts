// SPDX-License-Identifier: Apache-2.0
// The stations of Debian's hostapd, with the names of their keys, where the gateway connects (docs/configuration.md, "Station events").
import type { Stream } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { deauthenticate, stationsOf, watchStations } from "./hostapd-control.ts";

interface Request { request: string; bss: string; address: string; reason: number }

export class HostapdStations {
  readonly #clients = new Set<Stream>();
  readonly #listener: { close(): void };
  readonly #unwatch: () => void;

  constructor(path: string, readonly bsses: readonly string[]) {
    this.#listener = platform.net.listen({ unix: path }, (client) => this.#accept(client));
    this.#unwatch = watchStations(bsses, ({ kind, ...station }) => {
      for (const client of this.#clients) send(client, { event: kind === "authorized" ? "associated" : "disassociated", ...station });
    });
  }

  close(): void {
    this.#listener.close();
    this.#unwatch();
    for (const client of this.#clients) client.destroy();
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
    for (const bss of this.bsses) send(client, { event: "stations", bss, stations: await stationsOf(bss) });
  }
}

function answer({ request, bss, address, reason }: Request): void {
  if (request === "deauthenticate") void deauthenticate(bss, address, reason);
}

function send(client: Stream, event: object): void {
  client.write(new TextEncoder().encode(JSON.stringify(event) + "\n"));
}
