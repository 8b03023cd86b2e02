// SPDX-License-Identifier: Apache-2.0
// Runs in the virtual machine (npm run attacks): words target=plain|intelligent-edge|thin-edge and only=SLUG,SLUG.
// One record for each attack: { attack, target, expected, result, reason?, allowed? (packets of the allowed pair), memory? (the gateway's, 10^6 bytes), seconds }.
import { platform } from "quickjs-ts/platform";
import { sleep } from "../../qemu/guest/command.ts";
import { check, expect, record, scenario, uptime, whenFailed } from "../../qemu/guest/report.ts";
import { dump } from "../../qemu/guest/switch.ts";
import { type Attack, expectedOf, type Result, type Target, targets } from "./attack.ts";
import type { Field } from "./field.ts";
import { accessPointField } from "./fields/access-points.ts";
import { onlyInOurMachine } from "./guard.ts";
import { attacks } from "./suite/index.ts";

const fields: Partial<Record<Target, () => Promise<Field>>> = {
  plain: () => accessPointField("plain"),
  "intelligent-edge": () => accessPointField("intelligent-edge"),
};

function words(): { target: Target; chosen: Attack[] } {
  const given = Object.fromEntries(platform.processes.arguments.map((word) => word.split("=") as [string, string]));
  const target = targets.find((name) => name === given["target"]);
  const only = given["only"]?.split(",");
  const unknown = only?.find((slug) => !attacks.some((attack) => attack.slug === slug));
  if (!target || unknown) throw new Error(unknown ? `no attack ${unknown}` : `target=${given["target"]}: expected ${targets.join(", ")}`);
  return { target, chosen: attacks.filter(({ slug }) => !only || only.includes(slug)) };
}

/** Of the allowed pair's packets; more is harm done. */
const LOSS = 0.01;
/** What an attack leaves behind may harm, too. Milliseconds. */
const AFTER = 1000;

interface Attempt { result: Result; allowed?: { sent: number; lost: number }; memory?: number }

/** What an attack before left the attacker without would block the next: one that the network does not hear shows nothing. */
async function onTheNetwork({ attacker, router }: Field): Promise<void> {
  const { code } = await attacker.run(["ping", "-n", "-q", "-c", "5", "-i", "0.2", "-W", "2", router.v4]);
  if (code !== 0) throw new Error("the attacker gets no answer of the router before it begins");
}

/** The allowed pair's traffic goes on meanwhile. */
async function attempt(attack: Attack, field: Field): Promise<Attempt> {
  await onTheNetwork(field);
  const traffic = attack.takesVictim ? field.allowed(field.peer, field.distant) : field.allowed(field.victim, field.peer);
  await traffic.flows();
  const succeeded = await attack.run(field).catch(async (error: Error) => { await traffic.stop(); throw error; });
  await sleep(AFTER);
  const { sent, lost } = await traffic.stop();
  return { result: succeeded ? "succeeds" : "blocked", allowed: { sent, lost }, ...(field.gateway && { memory: field.gateway.memory() }) };
}

async function carryOut(attack: Attack, field: Field): Promise<string | void> {
  const [expected, start] = [expectedOf(attack, field.target), uptime()];
  const { result, allowed, memory }: Attempt = expected === "not-applicable" ? { result: expected } : await attempt(attack, field);
  const reason = attack.reasons?.[field.target];
  record({ attack: attack.slug, target: field.target, expected, result, ...(reason && { reason }), ...(allowed && { allowed }), ...(memory && { memory }), seconds: Math.round((uptime() - start) * 10) / 10 });
  expect(result === expected, `${result}, expected ${expected}`);
  if (field.target !== "plain" && allowed) expect(allowed.lost <= LOSS * allowed.sent, `${allowed.lost} of ${allowed.sent} packets of the allowed pair were lost`);
  return allowed && `${allowed.lost} of ${allowed.sent} allowed packets lost`;
}

onlyInOurMachine();
scenario(async () => {
  const { target, chosen } = words();
  whenFailed(dump);
  const make = fields[target];
  if (!make) throw new Error(`there is no field for ${target}`);
  const field = await make();
  for (const attack of chosen) await check(`${attack.slug} on ${target}`, () => carryOut(attack, field));
});
