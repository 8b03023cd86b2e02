// SPDX-License-Identifier: Apache-2.0
/*
 * The real API over a stand-in fleet: rows that a real one could have, kept in memory. For the console's tests and for work on its pages:
 *   node tools/run.mjs backend/test/console/stand-in.ts     prints the address and a password, then makes an event each few seconds
 */
import { changedDecisions, parsePolicy } from "@securebox/contract";
import { consoleDirectory } from "../../console/build.ts";
import type { DeviceRow, DryRun, EventRow } from "../../src/ports.ts";
import { fakePki, openBench, type Bench } from "../api/bench.ts";
import { auditOf, devicesOf, eventsOf, gatewaysOf, keysOf, networks, policies, requestOf, unifiedDiff, verdictsOf } from "./believable.ts";

export interface StandIn extends Bench {
  devices: DeviceRow[];
  /** A gateway tells something. */
  happen(event: Partial<EventRow>): EventRow;
}

export async function openStandIn(now = Date.now()): Promise<StandIn> {
  const bench = await openBench({ consoleDirectory: await consoleDirectory(), pki: { ...fakePki, keys: keysOf(now) } });
  const { fleet, enrolment, emit } = bench;
  const devices = devicesOf(now);
  fleet.known.clear();
  for (const network of networks(now)) fleet.known.set(network.name, network);
  fleet.versions.push(...policies(now));
  fleet.rows.push(...gatewaysOf(now));
  fleet.happened.push(...eventsOf(now));
  fleet.written.push(...auditOf(now));
  fleet.given.push(...verdictsOf(now));
  enrolment.open.push(requestOf(now));
  fleet.devices = async (network) => devices.filter((row) => row.network === network);
  fleet.dryRun = async (network, text) => tried(text, (await fleet.policy(network))?.text ?? "", devices.filter((row) => row.network === network), fleet.rows.filter((row) => row.network === network).length);
  const happen = (event: Partial<EventRow>): EventRow => {
    const at = new Date().toISOString();
    const row = { network: "school", gateway: "hall", at, received: at, level: "info", event: "device-associated", fields: {}, ...event, id: Math.max(0, ...fleet.happened.map(({ id }) => id)) + 1 };
    fleet.happened.push(row);
    emit({ kind: "event", network: row.network, gateway: row.gateway, id: row.id, event: row });
    return row;
  };
  return { ...bench, devices, happen };
}

/** Decisions by the contract's own meaning of a policy. */
function tried(text: string, before: string, devices: DeviceRow[], gateways: number): DryRun {
  const [then, now] = [parsePolicy(text), parsePolicy(before)];
  if (!then.ok) return { valid: false, problems: then.problems, warnings: [], unenforced: [], diff: "", changes: [], total: 0, cut: [], gateways };
  const { changes, more } = now.ok ? changedDecisions(now.policy, then.policy, devices) : { changes: [], more: false };
  return { valid: true, problems: [], warnings: then.warnings, unenforced: [], diff: unifiedDiff(before, text), changes: changes as DryRun["changes"], total: changes.length, cut: more ? ["changes"] : [], gateways };
}

if (process.argv[1]?.endsWith("test/console/stand-in.ts")) {
  const { url, adminPassword, happen } = await openStandIn();
  process.stdout.write(`${url}  admin  ${adminPassword}\n`);
  setInterval(() => happen({ fields: { mac: "02:00:00:00:01:07", port: "wlan0" } }), 4_000);
}
