// SPDX-License-Identifier: Apache-2.0
// What may happen to the link, with traffic on an allowed pair and attacks going on: no forbidden packet, no loss, and the newest policy soon after.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "../../tools/setup/index.ts";
import { Backend } from "../lab/backend.ts";
import { sleep, telling, until } from "../lab/command.ts";
import { Gateway } from "../lab/gateway.ts";
import { faulty } from "../lab/scenario/faults.ts";
import { policy, rule, type World } from "../lab/scenario/world.ts";
import { Topology } from "../lab/topology.ts";

const test = suite<{ world: World; backend: Backend }>("link faults");
const allowed = rule("laptop", "printer", "[udp/5000]");
let count = 0;
/** A policy that nobody has pushed yet. */
const another = (): string => policy(allowed, rule("phone", "camera", `[tcp/${1000 + count++}]`));

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  const topology = await Topology.create({ mode: "isolating" });
  const [gateway, backend] = await Promise.all([Gateway.start(topology, "quickjs", policy(allowed)), Backend.start(topology.lab, topology.ap)]);
  Object.assign(context, { backend, world: { topology, gateway, unprotected: Promise.resolve(new Map()) } });
  await gateway.join(backend, "gw-1", policy(allowed));
  await topology.online();
  for (const name of ["printer", "camera"] as const) for (const port of [5000]) await topology.station(name).agent.call("serve", { protocol: "udp", port });
}));
test.after(async ({ world }) => world?.topology.close());

interface Fault {
  name: string;
  /** What goes wrong, for its whole time; the wire is mended afterwards. */
  run(backend: Backend): Promise<unknown>;
  /** Milliseconds from the mending until the newest policy is in force, at most. */
  within: number;
}

const seconds = 1000;
const faults: Fault[] = [
  { name: "cut for a minute", within: 5000, run: async ({ wire }) => { await wire.plug(false); await sleep(60 * seconds); } },
  { name: "flapping each second for half a minute", within: 5000, run: async ({ wire }) => {
    for (let i = 0; i < 30; i++) { await wire.plug(i % 2 === 1); await sleep(1 * seconds); }
  } },
  { name: "half-open for 45 s: frames vanish without a sign", within: 5000, run: async ({ wire }) => { await wire.quality({ loss: 100 }); await sleep(45 * seconds); } },
];

for (const { name, run, within } of faults) {
  test(name, async ({ world, backend }) => {
    await world.gateway.policy(another());
    const before = (await world.gateway.status()).memory.resident;
    let took = Infinity;
    const { lost, sent } = await faulty(world, async () => {
      const failing = run(backend);
      await sleep(2 * seconds);
      const pushed = await backend.push("lab", another());
      await failing;
      await Promise.all([backend.wire.plug(true), backend.wire.quality({})]);
      const start = performance.now();
      await until("the newest policy in force", 60_000, async () => (await world.gateway.status()).policy.version === pushed);
      took = performance.now() - start;
    });
    const grown = (await world.gateway.status()).memory.resident - before;
    process.stdout.write(`  ${name}: newest policy in force ${Math.round(took)} ms after the end, ${lost} of ${sent} datagrams lost, ${Math.round(grown / 1000)} kB more memory\n`);
    assert.is(lost, 0);
    assert.ok(took <= within, `in force ${Math.round(took)} ms after the link's return`);
    assert.ok(grown < 2_000_000, `${grown} bytes more`);
  });
}

test("2 s latency and 20 % loss: slow, but policies arrive", async ({ world, backend }) => {
  await world.gateway.policy(another());
  await backend.wire.quality({ delay: 1000, loss: 20 });
  await sleep(5 * seconds);
  const pushed = await backend.push("lab", another());
  const start = performance.now();
  await until("the policy in force", 100_000, async () => (await world.gateway.status()).policy.version === pushed, 200)
    .finally(() => backend.wire.quality({}));
  process.stdout.write(`  2 s latency and 20 % loss: in force after ${Math.round(performance.now() - start)} ms\n`);
  await until("the link well again", 30_000, async () => (await world.gateway.status()).backend?.synchronised);
});

test.run();
