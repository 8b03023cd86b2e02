// SPDX-License-Identifier: Apache-2.0
// hostapd's control interface as the gateway's source of stations: what hostapd tells over ubus on OpenWrt, for Debian's hostapd, which has no ubus.
// Listens where the gateway connects (docs/configuration.md, "Station events").
import type { Child, Stream } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { run, start } from "./command.ts";

interface Station { address: string; key?: string }

const CONTROL = "/run/hostapd";
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

export class HostapdStations {
  readonly #clients = new Set<Stream>();
  readonly #watchers: Child[] = [];
  readonly #listener: { close(): void };

  constructor(path: string, readonly bsses: readonly string[]) {
    this.#listener = platform.net.listen({ unix: path }, (client) => this.#accept(client));
    for (const bss of bsses) this.#watch(bss);
  }

  close(): void {
    this.#listener.close();
    for (const watcher of this.#watchers) watcher.kill();
    for (const client of this.#clients) client.destroy();
  }

  /** hostapd_cli -a calls a program with each event's words; echo writes them where we read. */
  #watch(bss: string): void {
    this.#watchers.push(start(["hostapd_cli", "-p", CONTROL, "-i", bss, "-a", "/bin/echo"], (line) => this.#event(bss, line)));
  }

  #event(bss: string, line: string): void {
    const [, kind, address = "", ...more] = line.split(" ");
    if (!MAC.test(address)) return;
    const key = more.find((word) => word.startsWith("keyid="))?.slice(6);
    if (kind === "AP-STA-CONNECTED") this.#tell({ event: "associated", bss, address, ...(key && { key }) });
    if (kind === "AP-STA-DISCONNECTED") this.#tell({ event: "disassociated", bss, address });
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
        for (const line of lines) void this.#request(JSON.parse(line) as { request: string; bss: string; address: string; reason: number });
      },
      close: () => void this.#clients.delete(client),
    };
  }

  /** Events that come while the stations are being read follow their snapshot; one in between is in the snapshot, and harmless twice. */
  async #snapshots(client: Stream): Promise<void> {
    this.#clients.add(client);
    for (const bss of this.bsses) send(client, { event: "stations", bss, stations: await stationsOf(bss) });
  }

  async #request({ request, bss, address, reason }: { request: string; bss: string; address: string; reason: number }): Promise<void> {
    if (request === "deauthenticate") await run(["hostapd_cli", "-p", CONTROL, "-i", bss, "deauthenticate", address, `reason=${reason}`]);
  }
}

/** Authorized stations: those that have proved their key. */
async function stationsOf(bss: string): Promise<Station[]> {
  const { stdout } = await run(["hostapd_cli", "-p", CONTROL, "-i", bss, "all_sta"]);
  const stations: Station[] = [];
  let authorized: Station | undefined;
  for (const line of stdout.split("\n")) {
    if (MAC.test(line)) authorized = { address: line };
    else if (line.startsWith("flags=") && line.includes("[AUTHORIZED]") && authorized) stations.push(authorized);
    else if (line.startsWith("keyid=") && authorized) authorized.key = line.slice(6);
  }
  return stations;
}

function send(client: Stream, event: object): void {
  client.write(new TextEncoder().encode(JSON.stringify(event) + "\n"));
}
