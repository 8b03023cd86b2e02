// SPDX-License-Identifier: Apache-2.0
// Every attack, once here and once on the same network without Securebox; an allowed pair works meanwhile.
import { type Attack, attacks, carryOut, type Kind } from "../attacks/index.ts";
import { type Check, during, expect, policy, rule, type World } from "./world.ts";

const outcomes = new WeakMap<World, { blocked: Promise<Map<Attack, boolean>>; allowed: Promise<{ lost: number; sent: number }> }>();

/** All attacks run once per scenario, while a stream of the allowed pair phone to camera goes on. */
function underAttack(world: World) {
  const running = outcomes.get(world) ?? start(world);
  outcomes.set(world, running);
  return running;
}

function start(world: World) {
  let carriedOut: Promise<Map<Attack, boolean>> | undefined;
  const allowed = world.gateway.policy(policy(rule("phone", "camera", "[udp/5000]"))).then(() => during(world, "phone", "camera", () => (carriedOut = carryOut(world.topology))));
  return { blocked: allowed.then(() => carriedOut!), allowed };
}

const kinds = [...new Set<Kind>(attacks.map((attack) => attack.kind))];

export const attacking: Check[] = [
  ...kinds.map((kind): Check => ({ name: `attack: ${kind}: blocked, and succeeds without Securebox`, run: async (world) => {
    const [here, there] = [await underAttack(world).blocked, await world.unprotected];
    const ofKind = attacks.filter((attack) => attack.kind === kind);
    const through = ofKind.filter((attack) => here.get(attack)).map((attack) => attack.name);
    const harmless = ofKind.filter((attack) => !there.get(attack)).map((attack) => attack.name);
    expect(through.length === 0, `not blocked: ${through.join("; ")}`);
    expect(harmless.length === 0, `does not succeed without Securebox either: ${harmless.join("; ")}`);
    return `${ofKind.length} variants`;
  } })),
  { name: "an allowed pair works all the while, without loss", run: async (world) => {
    const { lost, sent } = await underAttack(world).allowed;
    expect(lost === 0, `${lost} of ${sent} datagrams lost`);
    return `${sent} datagrams`;
  } },
];
