// SPDX-License-Identifier: Apache-2.0
// What may happen to the link, with traffic on an allowed pair and attacks going on: no forbidden packet, no loss, and the newest policy soon after.
// Each fault takes a minute, so each has a network of its own and all go on at once.
import { statSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "../../tools/setup/index.ts";
import { sleep, telling, until } from "../lab/command.ts";
import { faulty } from "../lab/scenario/faults.ts";
import { another, connects, inForce, type Linked, openLinked, resident } from "../lab/scenario/linked.ts";

interface Fault {
  name: string;
  /** What goes wrong, for its whole time; the wire is mended afterwards. */
  run(linked: Linked): Promise<unknown>;
  /** TCP connections that the gateway may try meanwhile: ARCHITECTURE, "The link's numbers", for a minute. */
  connects: number;
}

interface Outcome { lost: number; sent: number; took: number; tried: number; outbox: number; told: unknown; /** Bytes of memory: of the gateway, more at the end than in the first quarter; of the backend, in all at the end (its start takes more for a while). */ gateway: number; backend: number }

const seconds = 1000;
/** ARCHITECTURE, "The link's numbers": a link that became silent is noticed within this time, idle as it was. */
const NOTICED = 35 * seconds;

const faults: Fault[] = [
  { name: "cut for a minute", connects: 60, run: async ({ backend: { wire } }) => { await wire.plug(false); await sleep(60 * seconds); } },
  { name: "flapping each second for a minute", connects: 60, run: async ({ backend: { wire } }) => {
    for (let i = 0; i < 60; i++) { await wire.plug(i % 2 === 0); await sleep(1 * seconds); }
  } },
  { name: "half-open for a minute: frames vanish without a sign", connects: 30, run: halfOpen },
  { name: "2 s latency and 20 % loss for a minute", connects: 30, run: async ({ backend: { wire } }) => { await wire.quality({ delay: 1000, loss: 20 }); await sleep(60 * seconds); } },
];

/** Milliseconds until the gateway knows that nobody hears it. */
async function halfOpen({ world: { gateway }, backend: { wire } }: Linked): Promise<string> {
  const start = performance.now();
  await wire.quality({ loss: 100 });
  await until("the silence noticed", 60 * seconds, async () => (await gateway.status()).backend?.state !== "connected", 200);
  const noticed = performance.now() - start;
  assert.ok(noticed <= NOTICED + 1 * seconds, `noticed after ${Math.round(noticed)} ms`);
  await sleep(60 * seconds - noticed);
  return `noticed after ${Math.round(noticed)} ms`;
}

async function suffer(linked: Linked, fault: Fault): Promise<Outcome> {
  const { world, backend } = linked;
  await world.gateway.policy(another());
  const before = await connects(world);
  let [took, tried, told, memory]: [number, number, unknown, number] = [Infinity, Infinity, undefined, 0];
  const stream = await faulty(world, async () => {
    const failing = fault.run(linked);
    failing.catch(() => {}); // whoever awaits it below gets the error
    await sleep(2 * seconds);
    await backend.push("lab", another());
    await sleep(13 * seconds);
    memory = resident(world.gateway.pid);
    told = await failing;
    const pushed = await backend.push("lab", another());
    tried = (await connects(world)) - before;
    await Promise.all([backend.wire.plug(true), backend.wire.quality({})]);
    took = await inForce(world, pushed);
  });
  const outbox = statSync(join(world.gateway.stateDirectory, "backend/outbox.json"), { throwIfNoEntry: false })?.size ?? 0;
  return { ...stream, took, tried, told, outbox, gateway: resident(world.gateway.pid) - memory, backend: resident(backend.pid) };
}

const test = suite<{ networks: Linked[]; outcomes: Promise<Outcome>[] }>("link faults");

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  context.networks = [];
  for (const _ of faults) context.networks.push(await openLinked());
  context.outcomes = faults.map((fault, i) => suffer(context.networks[i]!, fault));
  for (const outcome of context.outcomes) outcome.catch(() => {});
}));
test.after(async ({ networks }) => void (await Promise.all((networks ?? []).map(({ world }) => world.topology.close()))));

for (const [i, { name, connects }] of faults.entries()) {
  test(name, async ({ outcomes }) => {
    const { lost, sent, took, tried, gateway, backend, outbox, told } = await outcomes[i]!;
    process.stdout.write(`  ${name}: ${told ? `${told}; ` : ""}newest policy in force ${took} ms after the end, ${lost} of ${sent} datagrams lost, ${tried} connects, `
      + `${Math.round(gateway / 1000)} kB more in the gateway, ${Math.round(backend / 1e6)} MB in the backend, ${outbox} bytes of outbox on flash\n`);
    assert.is(lost, 0);
    assert.ok(took <= 5 * seconds, `in force ${took} ms after the link's return`);
    assert.ok(tried <= connects, `${tried} connections tried`);
    assert.ok(gateway < 2_000_000, `${gateway} bytes more in the gateway`);
    assert.ok(backend < 1_200_000_000, `${backend} bytes in the backend`);
    assert.ok(outbox <= 80_000, `${outbox} bytes of outbox`);
  });
}

test.run();
