// SPDX-License-Identifier: Apache-2.0
// As src/apply/test/crashes.test.ts, with flows as the gateway has them: a function of the site, made anew by each process, lost with the power alone.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Applier, State } from "../../apply/index.ts";
import { DEATHS, World } from "../../apply/test/world.ts";
import { asValue, FlowsPart, type Site } from "../settings/site.ts";

const crashes = suite("crashes with a site");
const site = (wlan: string): Site => ({ ports: { [wlan]: "bss" }, managePorts: true, network: { prefixes: ["10.0.0.0/24"], gateways: [], gatewayMacs: [], resolvers: [] } });
const OLD: State = { flows: { site: asValue(site("wlan0")) }, ovsdb: { "port br0 wlan0": { type: "" }, "port br0 wlan1": null }, uci: { "wireless.a.isolate": null, "wireless.a.ssid": "old" } };
const NEW: State = { flows: { site: asValue(site("wlan1")) }, ovsdb: { "port br0 wlan0": null, "port br0 wlan1": { type: "" } }, uci: { "wireless.a.isolate": "1", "wireless.a.ssid": "new" } };
const KINDS = [["flows"], ["flows", "ovsdb"], ["flows", "uci"], ["flows", "ovsdb", "uci"]];
const of = (state: State, kind: readonly string[]): State => Object.fromEntries(kind.map((part) => [part, state[part]!]));

/** Until it is settled or the process dies. What the gateway begins with: what its changes say, else `file`, the owner's configuration; its flows are put into the switch. */
async function begin(world: World, file: Site): Promise<Applier | undefined> {
  const flows = new FlowsPart();
  const applier = world.open({ parts: { ...world.parts, flows } });
  const started = await world.until(applier.start().then(() => true));
  if (!started) return undefined;
  flows.site ??= file;
  flows.enforce = (wanted) => world.parts.flows.put({ site: asValue(wanted) }).then(() => true);
  return await world.until(flows.enforce(flows.site)) ? applier : undefined;
}

const seeds = new Map<string, World>();

async function settled(kind: readonly string[]): Promise<World> {
  const known = seeds.get(kind.join());
  if (known) return known.copy();
  const world = new World();
  const applier = (await begin(world, site("wlan9")))!;
  assert.is((await world.until(applier.apply({ id: "old", wanted: of(OLD, kind) })))?.result, "confirmed");
  applier.stop();
  world.rebirth("kill");
  seeds.set(kind.join(), world);
  return world.copy();
}

/** The owner's file says NEW from the beginning. `dieAt` counts from the transaction's beginning. */
async function transact(kind: readonly string[], works: boolean, dieAt: number): Promise<{ world: World; result: string | undefined; steps: number }> {
  const world = await settled(kind);
  const applier = (await begin(world, site("wlan1")))!;
  if (!works) world.works = () => JSON.stringify(world.state(of(NEW, kind))) === JSON.stringify(of(OLD, kind));
  [world.steps, world.dieAt] = [[], dieAt];
  const outcome = await world.until(applier.apply({ id: "new", wanted: of(NEW, kind) }));
  return { world, result: outcome?.result, steps: world.steps.length };
}

function sideOf(world: World, kind: readonly string[], where: string): "old" | "new" {
  const seen = JSON.stringify(world.state(of(OLD, kind)));
  if (seen === JSON.stringify(of(NEW, kind))) return "new";
  assert.is(seen, JSON.stringify(of(OLD, kind)), where);
  return "old";
}

for (const works of [true, false]) {
  crashes(`${works ? "confirmed" : "cut off by the change"}: dying at every step leaves site, bridge and UCI old or new, whatever the file says`, async () => {
    for (const kind of KINDS) {
      const whole = await transact(kind, works, Infinity);
      assert.equal([whole.result, sideOf(whole.world, kind, "nobody died")], works ? ["confirmed", "new"] : ["rolled back", "old"]);
      const ends = new Set<string>();
      for (let step = 0; step < whole.steps; step++) for (const death of DEATHS) {
        const { world, result } = await transact(kind, works, step);
        const where = `${kind.join("+")}: ${death} at ${step} (${world.steps.at(-1)})`;
        world.works = () => true;
        world.rebirth(death);
        assert.ok(await begin(world, site("wlan1")), where);
        const side = sideOf(world, kind, where);
        if (result === "confirmed") assert.is(side, "new", where);
        world.rebirth("nothing");
        await begin(world, site("wlan1"));
        assert.is(sideOf(world, kind, `${where}, and after another power cut`), side);
        ends.add(side);
      }
      assert.equal([...ends].sort(), works ? ["new", "old"] : ["old"], kind.join("+"));
    }
  });
}

crashes("dying again at every step of the start that undoes it", async () => {
  const kind = KINDS.at(-1)!;
  const { steps } = await transact(kind, true, Infinity);
  for (let step = 0; step < steps; step += 2) {
    for (let second = 0, over = false; !over; second++) {
      const { world } = await transact(kind, true, step);
      world.rebirth("nothing", second);
      over = await begin(world, site("wlan1")).catch(() => undefined) !== undefined; // the constructor throws what kills it
      world.rebirth("nothing");
      assert.ok(await begin(world, site("wlan1")));
      sideOf(world, kind, `at ${step}, then at ${second} of the start`);
    }
  }
});

crashes.run();
