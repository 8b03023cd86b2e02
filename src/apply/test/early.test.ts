// SPDX-License-Identifier: Apache-2.0
// UCI is brought back before anybody reads it, and the start that follows finds the rest.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recoverEarly } from "../early.ts";
import { FAILED_STARTS } from "../starts.ts";
import type { State } from "../types.ts";
import { DEATHS, World } from "./world.ts";

const early = suite("early recovery");
const OLD: State = { ovsdb: { "port wlan0": null }, uci: { "wireless.a.isolate": "0", "network.lan.ports": ["eth0", "wlan0"] } };
const NEW: State = { ovsdb: { "port wlan0": { type: "" } }, uci: { "wireless.a.isolate": "1", "network.lan.ports": ["eth0"] } };

async function settled(): Promise<World> {
  const world = new World();
  const applier = world.open();
  await world.until(applier.start());
  await world.until(applier.apply({ id: "old", wanted: OLD }));
  applier.stop();
  world.rebirth("kill");
  return world;
}

const recover = (world: World) => world.until(recoverEarly(world.files, "/s", "uci", world.parts.uci));
const uci = (world: World): unknown => world.state({ uci: OLD["uci"]! });

early("nothing was interrupted: nothing is read or written", async () => {
  const world = new World();
  assert.equal([await recover(world), world.steps], [{ safe: false, changed: 0 }, []]);
  const calm = await settled();
  calm.steps = [];
  assert.equal([await recover(calm), calm.steps], [{ safe: false, changed: 0 }, []]);
});

early("dying at every step of a transaction, and of this: UCI is old or new before the start, and all is after it", async () => {
  const seen = new Set<string>();
  for (const death of DEATHS) {
    for (let step = 0, over = false; !over; step++) {
      const world = await settled();
      const dying = world.open();
      await world.until(dying.start());
      [world.steps, world.dieAt] = [[], step];
      over = (await world.until(dying.apply({ id: "new", wanted: NEW }))) !== undefined;
      world.rebirth(death, 1 + step % 4);
      await recover(world);
      world.rebirth(death);
      assert.ok(await recover(world));
      const side = JSON.stringify(uci(world)) === JSON.stringify({ uci: NEW["uci"] }) ? NEW : OLD;
      assert.equal(uci(world), { uci: side["uci"] }, `${death} at ${step}`);
      await world.until(world.open().start());
      assert.equal(world.state(OLD), side, `${death} at ${step}, after the start`);
      seen.add(side === NEW ? "new" : "old");
    }
  }
  assert.equal([...seen].sort(), ["new", "old"]);
});

early("before a safe boot the last confirmed values come back, what they replace is kept, and no start is counted", async () => {
  const world = await settled();
  for (let count = 0; count < FAILED_STARTS; count++) await world.until(world.open().start());
  await world.parts.uci.put(NEW["uci"]!);
  const starts = world.disk.now.get("/s/starts");
  assert.equal(await recover(world), { safe: true, changed: 2 });
  assert.equal(uci(world), { uci: OLD["uci"] });
  assert.is(world.disk.now.get("/s/starts"), starts);
  const safe = world.open();
  await world.until(safe.start());
  assert.match(safe.problems.join(), "safe boot");
  assert.equal(JSON.parse(world.disk.now.get("/s/replaced.json")!), { uci: NEW["uci"] });
});

early("a journal that is damaged: told, and left to the start", async () => {
  const world = await settled();
  world.disk.set("/s/journal.json", "{");
  let reason = "";
  await recoverEarly(world.files, "/s", "uci", world.parts.uci).catch((error: Error) => { reason = error.message; });
  assert.match(reason, /JSON|expect/i);
});

early.run();
