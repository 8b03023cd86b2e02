// SPDX-License-Identifier: Apache-2.0
// A network whose gateway is enrolled with a backend of its own, for tests of what may happen between the two and to their disks.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Backend } from "../backend.ts";
import { must, until } from "../command.ts";
import { smallDisk } from "../disk.ts";
import { Gateway } from "../gateway.ts";
import { Topology } from "../topology.ts";
import { policy, rule, type World } from "./world.ts";

/** The pair that talks during every fault. */
export const allowed = rule("laptop", "printer", "[udp/5000]");

export interface Linked { world: World; backend: Backend }

/** The gateway runs on QuickJS; the printer serves what `allowed` allows, the camera what no policy here does. `disk`: size of the backend's, "192m"; `args`: more of its options. */
export async function openLinked(disk?: string, args: readonly string[] = []): Promise<Linked> {
  const topology = await Topology.create({ mode: "isolating" });
  try {
    if (disk !== undefined) await diskOfBackend(topology.lab.directory, disk);
    const [gateway, backend] = await Promise.all([Gateway.start(topology, "quickjs", policy(allowed)), Backend.start(topology.lab, topology.ap, { args })]);
    await gateway.join(backend, "gw-1", policy(allowed));
    await topology.online();
    for (const name of ["printer", "camera"] as const) await topology.station(name).agent.call("serve", { protocol: "udp", port: 5000 });
    return { backend, world: { topology, gateway, unprotected: Promise.resolve(new Map()) } };
  } catch (error) {
    await topology.close();
    throw error;
  }
}

async function diskOfBackend(lab: string, size: string): Promise<void> {
  const directory = join(lab, "backend");
  mkdirSync(directory);
  await smallDisk(directory, size);
}

let count = 0;
/** A policy that nobody has pushed yet. */
export const another = (): string => policy(allowed, rule("phone", "camera", `[tcp/${1000 + count++}]`));

/** Milliseconds until this version is in force at the gateway. */
export async function inForce({ gateway }: World, version: number, deadline = 60_000): Promise<number> {
  const start = performance.now();
  await until(`version ${version} in force`, deadline, async () => {
    const { policy, switch: { state } } = await gateway.status();
    return state === "ready" && policy.version === version;
  });
  return Math.round(performance.now() - start);
}

/** TCP connections that the gateway has tried to open so far: nothing else opens any in its namespace. */
export async function connects({ topology }: World): Promise<number> {
  const [names, values] = (await must(topology.ap.inside(["grep", "^Tcp:", "/proc/net/snmp"]))).trim().split("\n").map((line) => line.split(" "));
  return Number(values![names!.indexOf("ActiveOpens")]);
}

/** Bytes that a process holds in memory. */
export function resident(pid: number | undefined): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}
