// SPDX-License-Identifier: Apache-2.0
import { setup } from "../tools/setup/index.ts";
import { sleep, until } from "../test/lab/command.ts";
import { FleetBackend } from "./lib/fleet-backend.ts";
import { Fleet } from "./lib/fleet.ts";
import { idleBytes } from "./lib/idle-bytes.ts";
import { print, quantile, type Result } from "./lib/result.ts";

export const about = "1,000 simulated gateways (BENCH_GATEWAYS) at one backend on PostgreSQL and Mosquitto; what a real gateway's idle link sends";

const GATEWAYS = Number(process.env["BENCH_GATEWAYS"] ?? 1000);
const PUSHES = 5;
/** After the storm, before memory and the processor's time are read. */
const SETTLE = 5000;
/** Between two pushes: a gateway reports once a second at most. */
const PAUSE = 1500;

export async function run(): Promise<void> {
  await setup({ parts: ["packages", "openvswitch", "quickjs", "securebox", "lab"] });
  const backend = await FleetBackend.start();
  try {
    for (const result of await measureFleet(backend, GATEWAYS, PUSHES)) print(result);
  } finally {
    await backend.stop();
  }
  print(await idleBytes());
}

/** Everything about a fleet of `count` gateways; rejects when one of them is not welcomed or does not report each policy pushed. */
export async function measureFleet(backend: FleetBackend, count: number, pushes: number, settle = SETTLE): Promise<Result[]> {
  await backend.push(0);
  const fleet = await Fleet.prepare(backend.process, backend.network, backend.directory, count);
  try {
    await fleet.enrol();
    await sleep(settle);
    return [...await storm(backend, fleet, count, settle), ...await policies(backend, fleet, count, pushes)];
  } finally {
    await fleet.end();
  }
}

/** What everybody used since `before`, for a note. */
async function usage(backend: FleetBackend, fleet: Fleet): Promise<{ fleet: number } & ReturnType<FleetBackend["cpu"]>> {
  return { fleet: (await fleet.report()).cpu, ...backend.cpu() };
}

function shares(before: Awaited<ReturnType<typeof usage>>, after: typeof before): string {
  const spent = (name: keyof typeof before): number => (after[name] - before[name]) / 1000;
  const rest = spent("all") - spent("fleet") - spent("backend") - spent("broker") - spent("database");
  return `processor: simulated gateways ${spent("fleet").toFixed(1)} s, backend ${spent("backend").toFixed(1)}, Mosquitto ${spent("broker").toFixed(1)}, PostgreSQL ${spent("database").toFixed(1)}, what else runs ${rest.toFixed(1)}`;
}

async function storm(backend: FleetBackend, fleet: Fleet, count: number, settle: number): Promise<Result[]> {
  const [memory, before] = [backend.memory(), await usage(backend, fleet)];
  const start = performance.now();
  const { welcomed, failed, reason } = await fleet.connect();
  const seconds = (performance.now() - start) / 1000;
  await sleep(settle);
  const [settled, after] = [backend.memory(), await usage(backend, fleet)];
  const grown = (which: keyof typeof memory): string => `${memory[which].resident.toFixed(1)} MB before, ${settled[which].resident.toFixed(1)} MB with ${count} connected, peak ${settled[which].peak.toFixed(1)} MB`;
  return [
    {
      bench: "fleet", metric: "connect-storm", unit: "s", value: seconds, p50: quantile(welcomed, 0.5) / 1000, p99: quantile(welcomed, 0.99) / 1000,
      note: `${count} simulated gateways, all at once, on the same two cores; until the last was welcomed, p50 and p99 per gateway; ${failed} tries failed${reason ? ` (${reason})` : ""}; ${shares(before, after)}`,
    },
    { bench: "fleet", metric: "memory-per-gateway", unit: "kB", value: ((settled.backend.resident - memory.backend.resident) * 1000) / count, note: `VmRSS of the backend: ${grown("backend")}; of Mosquitto, which holds the connections: ${grown("broker")}` },
    { bench: "fleet", metric: "cpu-per-gateway", unit: "ms", value: (after.backend - before.backend) / count, note: `of the backend's process, from the first connection to ${settle / 1000} s after the last welcome; Mosquitto ${((after.broker - before.broker) / count).toFixed(2)} ms` },
  ];
}

/** When each of `count` gateways has reported `version`; on time-out rejects with who has not, and what the gateways themselves say. */
async function reported(backend: FleetBackend, fleet: Fleet, count: number, version: number): Promise<number[]> {
  const all = (times: number[]): number[] | undefined => (times.length === count ? times : undefined);
  return until(`version ${version} reported by ${count}`, 60_000, () => backend.reported(version).then(all), 100).catch(async (error: Error) => {
    const { connected, versions, lost } = await fleet.report();
    throw new Error(`${error.message}; of the gateways ${connected} are connected, ${lost} connections were lost, and by version they enforce ${JSON.stringify(versions)}; ${await backend.missing(version)}`);
  });
}

async function policies(backend: FleetBackend, fleet: Fleet, count: number, pushes: number): Promise<Result[]> {
  const delays: number[] = [];
  const slowest: number[] = [];
  const before = await usage(backend, fleet);
  let version = 0;
  for (let i = 1; i <= pushes; i++) {
    await sleep(PAUSE);
    const at = Date.now();
    version = await backend.push(i);
    const each = await reported(backend, fleet, count, version);
    delays.push(...each.map((time) => time - at));
    slowest.push(Math.max(...each) - at);
  }
  const after = await usage(backend, fleet);
  const { connected, versions, lost } = await fleet.report();
  if (connected !== count || versions[version] !== count) throw new Error(`of ${count} gateways ${connected} are connected and ${versions[version] ?? 0} enforce version ${version}`);
  return [{
    bench: "fleet", metric: "policy-to-all", unit: "s", value: quantile(slowest, 0.5) / 1000, p50: quantile(delays, 0.5) / 1000, p99: quantile(delays, 0.99) / 1000,
    note: `from before PUT .../policy to the report's time in the database: the last of ${count} (median of ${pushes} pushes to one network), p50 and p99 of all gateways; ${lost} connections lost; ` +
      `the backend's processor ${((after.backend - before.backend) / pushes / count).toFixed(2)} ms per gateway and push; ${shares(before, after)}`,
  }];
}
