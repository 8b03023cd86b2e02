// SPDX-License-Identifier: Apache-2.0
// Station events on a unix socket, as an access point's hostapd would give them: one JSON object a line.
//   to whoever connects, once per BSS   {"event":"stations","bss":"wlan0","stations":[{"address":"02:00:00:00:00:11","key":"alice"}]}
//   then                                {"event":"associated","bss","address","key"}, {"event":"disassociated","bss","address"}
//   from them                           {"request":"deauthenticate","bss","address","reason":1}
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { onLines } from "./command.ts";
import type { Lab } from "./namespace.ts";

export type StationEvent =
  | { event: "stations"; bss: string; stations: { address: string; key: string | undefined }[] }
  | { event: "associated"; bss: string; address: string; key: string | undefined }
  | { event: "disassociated"; bss: string; address: string };

export interface StationSource {
  stations(bss: string): { address: string; key: string | undefined }[];
  deauthenticate(bss: string, address: string): Promise<void>;
}

export class StationEvents {
  /** Path of the unix socket. */
  readonly path: string;
  /** What was asked of the radio so far, for tests. */
  readonly requests: { request: string; bss: string; address: string; reason: number }[] = [];
  readonly #clients = new Set<Socket>();
  readonly #server: Server;

  private constructor(path: string, bsses: readonly string[], source: StationSource) {
    this.path = path;
    this.#server = createServer((client) => this.#accept(client, bsses, source));
  }

  static async listen(lab: Lab, bsses: readonly string[], source: StationSource): Promise<StationEvents> {
    const events = new StationEvents(join(lab.directory, "stations.sock"), bsses, source);
    await new Promise<void>((resolve, reject) => events.#server.once("error", reject).listen(events.path, resolve));
    lab.onClose(() => events.#close());
    return events;
  }

  send(event: StationEvent): void {
    for (const client of this.#clients) client.write(JSON.stringify(event) + "\n");
  }

  #accept(client: Socket, bsses: readonly string[], source: StationSource): void {
    this.#clients.add(client.on("error", () => {}).on("close", () => this.#clients.delete(client)));
    for (const bss of bsses) client.write(JSON.stringify({ event: "stations", bss, stations: source.stations(bss) }) + "\n");
    onLines(client, (line) => {
      const request = JSON.parse(line) as (typeof this.requests)[number];
      this.requests.push(request);
      if (request.request === "deauthenticate") void source.deauthenticate(request.bss, request.address);
    });
  }

  #close(): void {
    for (const client of this.#clients) client.destroy();
    this.#server.close();
  }
}
