// SPDX-License-Identifier: Apache-2.0
// Real UPnP on stations: a media renderer (gmrender-resurrect on libupnp), a port mapper as routers have it (miniupnpd) with its client (upnpc), and a
// control point that listens (gssdp-discover).
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { foundMapper, MAPPER_PORT, mapperConfiguration, searchWords } from "./avahi-text.ts";
import { must, onLines, run, until } from "./command.ts";
import type { Lab, Namespace } from "./namespace.ts";
import { stationInterface } from "./radio-model.ts";

export const RENDERER = "urn:schemas-upnp-org:device:MediaRenderer:1";
export const RENDERER_PORT = 49494;
const STARTED_WITHIN = 20_000;

/** Announces itself as NAME over IPv4 from then on; SIGTERM says goodbye. Resolves when its description can be fetched. */
export async function startRenderer(lab: Lab, namespace: Namespace, name: string): Promise<ChildProcess> {
  const log = join(lab.directory, `${namespace.name}-renderer.log`);
  const argv = ["gmediarender", "--interface-name", stationInterface, "--port", String(RENDERER_PORT), "--friendly-name", name, "--uuid", name, "--logfile", log];
  const child = lab.spawn(namespace.inside(argv), { stdio: "ignore", env: { ...process.env, HOME: lab.directory, GST_REGISTRY: join(lab.directory, `${namespace.name}-gstreamer`) } });
  await listens(namespace, RENDERER_PORT);
  return child;
}

/** A UPnP device over IPv4 and IPv6. It maps no ports here: nobody asks it to. */
export async function startMapper(lab: Lab, namespace: Namespace): Promise<void> {
  const at = (file: string): string => join(lab.directory, `${namespace.name}-mapper.${file}`);
  writeFileSync(at("conf"), mapperConfiguration(stationInterface, at("leases")));
  await must(namespace.inside(["nft", "add", "table", "inet", "miniupnpd"]));
  lab.spawn(namespace.inside(["miniupnpd", "-d", "-f", at("conf"), "-P", at("pid")]), { stdio: "ignore" });
  await listens(namespace, MAPPER_PORT);
}

/** Searches once, by IPv4 or IPv6, and fetches the description of what it found: its address, undefined when nothing was for four seconds. */
export async function findMapper(namespace: Namespace, family: 4 | 6): Promise<string | undefined> {
  return foundMapper((await run(namespace.inside(searchWords(stationInterface, family)))).stdout);
}

async function listens(namespace: Namespace, port: number): Promise<void> {
  await until(`port ${port} of ${namespace.name}`, STARTED_WITHIN, async () => (await run(namespace.inside(["ss", "-Hltn", `sport = :${port}`]))).stdout !== "", 100);
}

/** Asks when it starts, and listens until it is closed. */
export class ControlPoint {
  readonly #child: ChildProcess;
  /** "available USN LOCATION" and "unavailable USN", in the order in which they came. */
  readonly events: string[] = [];

  constructor(lab: Lab, namespace: Namespace, target: string) {
    const argv = ["stdbuf", "-oL", "gssdp-discover", "-i", stationInterface, "-t", target, "-m", "all"];
    this.#child = lab.spawn(namespace.inside(argv), { stdio: ["ignore", "pipe", "ignore"] });
    let event = "";
    onLines(this.#child.stdout!, (line) => {
      const [, field, value] = /^\s+(USN|Location):\s*(.*)$/.exec(line) ?? [];
      event = /^resource (available|unavailable)/.exec(line)?.[1] ?? event;
      if (field === "USN") this.events.push(`${event} ${value}`);
      if (field === "Location") this.events.push(`${this.events.pop()!} ${value}`);
    });
  }

  close(): void {
    this.#child.kill();
  }
}
