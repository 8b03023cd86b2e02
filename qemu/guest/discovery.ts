// SPDX-License-Identifier: Apache-2.0
// Programs that find each other, on stations: Avahi with a D-Bus of its own, a UPnP device and the search for it.
import { platform } from "quickjs-ts/platform";
import { AVAHI_READY, AVAHI_RUNTIME, avahiConfiguration, avahiScript, browseWords, busConfiguration, foundMapper, Listing, MAPPER_PORT, mapperConfiguration, searchWords } from "../../test/lab/avahi-text.ts";
import { inside, run, script, start, until } from "./command.ts";
import type { Station } from "./station.ts";

const STARTED_WITHIN = 40_000;

export class Avahi {
  private constructor(readonly station: Station, readonly bus: string) {}

  /** Starts the daemon as host NAME.local; resolves when it answers. */
  static async start(station: Station): Promise<Avahi> {
    const { name } = station;
    const at = (file: string): string => `/run/${name}-${file}`;
    const avahi = new Avahi(station, at("dbus"));
    platform.files.replace(at("dbus.conf"), busConfiguration(avahi.bus));
    platform.files.replace(at("avahi.conf"), avahiConfiguration(name, station.interface));
    await script(`mkdir -p ${AVAHI_RUNTIME}`);
    start(inside(name, ["dbus-daemon", "--nofork", "--nopidfile", `--config-file=${at("dbus.conf")}`]), () => {});
    await until(`D-Bus of ${name}`, STARTED_WITHIN, () => platform.files.status(avahi.bus) !== undefined);
    start(avahi.#words(["sh", "-ec", `${avahiScript(at("avahi.conf"))} 2>/share/kept/${name}-avahi.log`]), () => {});
    await until(`Avahi of ${name}`, STARTED_WITHIN, async () => (await run(avahi.#words(AVAHI_READY))).code === 0, 300);
    return avahi;
  }

  /** Announces a service until the returned function is called, which says goodbye. */
  publish(name: string, type: string, port: number): () => void {
    const child = start(this.#words(["avahi-publish", "-s", name, type, String(port)]), () => {});
    return () => child.kill("SIGTERM");
  }

  /** Browses and resolves from now on. */
  browse(type: string): Listing {
    const listing = new Listing();
    start(this.#words(browseWords(type)), (line) => listing.line(line));
    return listing;
  }

  #words(argv: readonly string[]): string[] {
    return inside(this.station.name, ["env", `DBUS_SYSTEM_BUS_ADDRESS=unix:path=${this.bus}`, "LC_ALL=C.UTF-8", ...argv]);
  }
}

/** A UPnP device on the station. Resolves when its description can be fetched there. */
export async function startMapper({ name, interface: radio }: Station): Promise<void> {
  platform.files.replace(`/run/${name}-mapper.conf`, mapperConfiguration(radio, `/run/${name}-leases`));
  await run(inside(name, ["nft", "add", "table", "inet", "miniupnpd"]));
  start(inside(name, ["sh", "-c", `exec miniupnpd -d -f /run/${name}-mapper.conf -P /run/${name}-mapper.pid > /share/kept/${name}-mapper.log 2>&1`]), () => {});
  await until(`the device of ${name}`, STARTED_WITHIN, async () => (await run(inside(name, ["ss", "-Hltn", `sport = :${MAPPER_PORT}`]))).stdout !== "");
}

/** Address of the description of what a search by SSDP found. */
export async function findMapper({ name, interface: radio }: Station): Promise<string | undefined> {
  return foundMapper((await run(inside(name, searchWords(radio, 4)))).stdout);
}
