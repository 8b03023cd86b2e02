// SPDX-License-Identifier: Apache-2.0
// The process or the power dies at every step of every kind of transaction, and again at every step of what mends it: what remains is the old or the new state.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Outcome, State } from "../types.ts";
import { DEATHS, World, type Death } from "./world.ts";

const crashes = suite("crashes");

const OLD: State = { flows: { policy: { network: "old" } }, ovsdb: { "port wlan0": null, "bridge br0": { fail_mode: "standalone" } }, uci: { "wireless.a.isolate": null, "wireless.a.ssid": "old", "network.lan.ports": ["eth0", "wlan0"] } };
const NEW: State = { flows: { policy: { network: "new" } }, ovsdb: { "port wlan0": { type: "system" }, "bridge br0": { fail_mode: "secure" } }, uci: { "wireless.a.isolate": "1", "wireless.a.ssid": "new", "network.lan.ports": ["eth0"] } };
const KINDS = [["flows"], ["ovsdb"], ["uci"], ["flows", "ovsdb"], ["flows", "uci"], ["ovsdb", "uci"], ["flows", "ovsdb", "uci"]];

const of = (state: State, kind: readonly string[]): State => Object.fromEntries(kind.map((part) => [part, state[part]!]));

/** How the transaction goes when nobody dies. `world` is prepared; `result` is what is told. */
const COURSES: { name: string; kinds?: string[][]; prepare(world: World): void; result: Outcome["result"] }[] = [
  { name: "confirmed", prepare: () => {}, result: "confirmed" },
  { name: "cut off by the change", prepare: (world) => { world.works = () => !JSON.stringify(world.state(NEW)).includes("new") && !JSON.stringify(world.state(NEW)).includes("secure"); }, result: "rolled back" },
  { name: "refused by the last part", kinds: [["flows", "ovsdb", "uci"]], prepare: (world) => refuseOnce(world, (step) => /^(uci wireless|ovsdb|flows)$/.test(step)), result: "rolled back" },
  { name: "changed behind our back", kinds: [["flows", "ovsdb", "uci"]], prepare: (world) => {
    // The part says yes and keeps the old value, once.
    let cheated = false;
    for (const part of Object.values(world.parts)) {
      const { put } = part;
      part.put = (items) => cheated ? put(items) : (cheated = true, Promise.resolve());
    }
  }, result: "rolled back" },
  { name: "marker refused, landed", kinds: [["flows", "ovsdb", "uci"]], prepare: (world) => refuseOnce(world, (step) => step.startsWith("sync of the directory"), true), result: "refused" },
  { name: "marker refused", kinds: [["flows", "ovsdb", "uci"]], prepare: (world) => refuseOnce(world, (step) => step.startsWith("rename")), result: "refused" },
  { name: "confirmation refused, landed", kinds: [["flows", "ovsdb", "uci"]], prepare: (world) => refuseOnce(world, (step) => step.startsWith("sync of the directory"), true, 1), result: "rolled back" },
  { name: "confirmation refused", kinds: [["flows", "ovsdb", "uci"]], prepare: (world) => refuseOnce(world, (step) => step.startsWith("rename"), false, 1), result: "rolled back" },
];

function refuseOnce(world: World, which: (step: string) => boolean, landed = false, skip = 0): void {
  let left = 1;
  world.refuses = (step) => which(step) && skip-- <= 0 && left-- > 0 ? { landed } : undefined;
}

const seeds = new Map<string, World>();

/** An access point whose old state was confirmed by a transaction of its own. */
async function settled(kind: readonly string[]): Promise<World> {
  const seed = seeds.get(kind.join()) ?? await settle(kind);
  seeds.set(kind.join(), seed);
  return seed.copy();
}

async function settle(kind: readonly string[]): Promise<World> {
  const world = new World();
  const first = world.open();
  await world.until(first.start());
  assert.is((await world.until(first.apply({ id: "old", wanted: of(OLD, kind) })))?.result, "confirmed");
  first.stop();
  world.rebirth("kill");
  return world;
}

interface Run { world: World; outcome: Outcome | undefined; steps: number }

/** The transaction, killed before step `dieAt` (counted from its beginning). */
async function transact(kind: readonly string[], course: (typeof COURSES)[number], dieAt: number): Promise<Run> {
  const world = await settled(kind);
  const applier = world.open();
  await world.until(applier.start());
  course.prepare(world);
  world.steps = [];
  world.dieAt = dieAt;
  const outcome = await world.until(applier.apply({ id: "new", wanted: of(NEW, kind) }));
  if (outcome) await world.until(resting(applier));
  return { world, outcome, steps: world.steps.length };
}

/** What goes on behind an outcome is over. */
async function resting(applier: { status: { phase: string } }): Promise<void> {
  while (applier.status.phase !== "rest") await Promise.resolve();
}

/** Starts until nobody dies; fails unless everything is old or everything is new, now and after a further power cut. */
async function recovered(world: World, kind: readonly string[], where: string): Promise<"old" | "new"> {
  world.works = () => true;
  world.refuses = () => undefined;
  await world.until(world.open().start());
  const side = sideOf(world, kind, where);
  world.rebirth("nothing");
  await world.until(world.open().start());
  assert.is(sideOf(world, kind, `${where}, and after another power cut`), side, where);
  return side;
}

function sideOf(world: World, kind: readonly string[], where: string): "old" | "new" {
  const seen = JSON.stringify(world.state(of(OLD, kind)));
  if (seen === JSON.stringify(of(NEW, kind))) return "new";
  assert.is(seen, JSON.stringify(of(OLD, kind)), where);
  return "old";
}

let deaths = 0;

for (const course of COURSES) {
  crashes(`${course.name}: dying at every step leaves the old or the new state`, async () => {
    for (const kind of course.kinds ?? KINDS) {
      const whole = await transact(kind, course, Infinity);
      assert.is(whole.outcome?.result, course.result, kind.join("+"));
      assert.is(sideOf(whole.world, kind, `${kind.join("+")}, nobody died`), course.result === "confirmed" ? "new" : "old");
      assert.ok(whole.steps > 8, `${whole.steps} steps`);
      for (let step = 0; step < whole.steps; step++) {
        for (const death of DEATHS) {
          const { world, outcome } = await transact(kind, course, step);
          const where = `${kind.join("+")}: ${death} at ${step} (${world.steps.at(-1)})`;
          world.rebirth(death);
          const side = await recovered(world, kind, where);
          if (outcome?.result === "confirmed") assert.is(side, "new", `${where}: was told confirmed`);
          if (course.result !== "confirmed" && !course.name.startsWith("confirmation")) assert.is(side, "old", where);
          deaths++;
        }
      }
    }
  });
}

crashes("dying again at every step of the recovery leaves the old or the new state", async () => {
  const again: Death[] = ["kill", "nothing"];
  const kind = ["flows", "ovsdb", "uci"];
  const { steps } = await transact(kind, COURSES[0]!, Infinity);
  for (let step = 0; step < steps; step++) {
    for (const first of again) {
      for (let second = 0, over = false; !over; second++) {
        for (const death of again) {
          const { world } = await transact(kind, COURSES[0]!, step);
          world.rebirth(first, second);
          const started = await world.until(new Promise((resolve) => { try { resolve(world.open().start().then(() => true)); } catch { resolve(undefined); } }));
          over = started === true;
          world.rebirth(death);
          await recovered(world, kind, `${first} at ${step}, then ${death} at ${second} of the recovery`);
          deaths++;
        }
      }
    }
  }
});

crashes("the loops above have died often", () => {
  assert.ok(deaths > 4000, `${deaths}`);
});

crashes.run();
