// SPDX-License-Identifier: Apache-2.0
// The acceptance scenario: named checks in order, each by real traffic. Used by `npm run demo -- --check` and by the system tests.
import type { OvsVersion } from "../../../tools/setup/openvswitch.ts";
import { attacks as allAttacks, carryOut } from "../attacks/index.ts";
import { Backend } from "../backend.ts";
import { type Engine, Gateway } from "../gateway.ts";
import { Topology } from "../topology.ts";
import { attacking } from "./attacks.ts";
import { edits } from "./edits.ts";
import { faults } from "./faults.ts";
import { holding } from "./holding.ts";
import { internet } from "./internet.ts";
import { isolation } from "./isolation.ts";
import { managed } from "./managed.ts";
import { operator } from "./operator.ts";
import { type Check, policy, served, type World } from "./world.ts";

export type { Check, World } from "./world.ts";

const all: Check[] = [...isolation, ...edits, ...managed, ...internet, ...operator, ...holding, ...attacking, ...faults];

/** How the gateway gets its policy: from a file, or pushed through the API of a backend that it is enrolled with. */
export type Management = "standalone" | "backend";

export function checksFor(management: Management): Check[] {
  return all.filter(({ only }) => only === undefined || only === management);
}

export interface Scenario {
  world: World;
  close(): Promise<void>;
}

/** The network under Securebox with all stations on it, and beside it the same one without, already under attack. */
export async function openScenario(engine: Engine, ovs: OvsVersion, management: Management = "standalone"): Promise<Scenario> {
  const [topology, plain] = await Promise.all([Topology.create({ mode: "isolating", ovs }), Topology.create({ mode: "plain", ovs })]);
  const close = async () => void (await Promise.all([topology.close(), plain.close()]));
  try {
    const [gateway, backend] = await Promise.all([Gateway.start(topology, engine, policy()), management === "backend" ? Backend.start(topology.lab, topology.ap) : undefined]);
    if (backend) await gateway.join(backend, "gw-1", policy());
    await Promise.all([topology.online(), plain.online()]);
    await Promise.all(Object.values(topology.stations).map(serveAll));
    const unprotected = carryOut(plain, allAttacks);
    unprotected.catch(() => {}); // those who ask for it get the error
    return { world: { topology, gateway, unprotected }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serveAll({ agent }: Topology["stations"]["laptop"]): Promise<void> {
  for (const port of served.tcp) await agent.call("serve", { protocol: "tcp", port });
  for (const port of served.udp) await agent.call("serve", { protocol: "udp", port });
}

export interface Outcome {
  check: Check;
  milliseconds: number;
  /** Figures to print, or why it failed. */
  detail: string | undefined;
  failed: boolean;
}

export async function runCheck(world: World, check: Check): Promise<Outcome> {
  const start = performance.now();
  const outcome = (detail: string | void, failed: boolean): Outcome => ({ check, milliseconds: Math.round(performance.now() - start), detail: detail ?? undefined, failed });
  return check.run(world).then((detail) => outcome(detail, false), (error: Error) => outcome(error.message, true));
}
