// SPDX-License-Identifier: Apache-2.0
/*
 * A real gateway, and the backend as two processes on PostgreSQL and Mosquitto: each part killed (SIGKILL) and started again, with traffic on an allowed pair,
 * attacks, pushes and events going on. Nobody gets through, nothing allowed is lost, and what was acknowledged is there afterwards.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "../../tools/setup/index.ts";
import type { Backend } from "../lab/backend.ts";
import { sleep, telling, until } from "../lab/command.ts";
import { Gateway } from "../lab/gateway.ts";
import { faulty } from "../lab/scenario/faults.ts";
import { policy, rule, type World } from "../lab/scenario/world.ts";
import { type Servers, startServers } from "../lab/servers.ts";
import { Topology } from "../lab/topology.ts";

const ID = "gw-1";
/** Known to no network here, so that its quarantine changes nothing but events. */
const STRANGER = "02:00:00:00:00:f0";
/** Longer than the API's patience with the database. */
const AWAY = 6_000;
const PUSHES_APART = 300;
/** The gateway's log, and so its events, tells ten of a kind in ten seconds. */
const DECISIONS_APART = 1_100;
const IN_FORCE_WITHIN = 5_000;
/** Events whose message was lost are sent again after 15 s. */
const DELIVERED_WITHIN = 30_000;

interface Context { world: World; servers: Servers; work: Work }

/** Pushes of policies through both processes in turn, and decisions at the gateway, which are events: in a row until it is stopped. */
class Work {
  /** Text by version, as the API answered 2xx. */
  readonly acknowledged = new Map<number, string>();
  decisions = 0;
  failed = 0;
  #count = 0;
  readonly #going = { pushes: false, decisions: false };
  #running: Promise<unknown> = Promise.resolve();

  constructor(private readonly gateway: Gateway, private readonly backends: readonly Backend[]) {}

  get newest(): number { return Math.max(...this.acknowledged.keys()); }

  start(): void {
    Object.assign(this.#going, { pushes: true, decisions: true });
    this.#running = Promise.all([this.#repeat("pushes", PUSHES_APART, () => this.#push()), this.#repeat("decisions", DECISIONS_APART, () => this.#decide())]);
  }

  pausePushes(): void { this.#going.pushes = false; }

  /** Resolves when what was under way is over. */
  async stop(): Promise<void> {
    Object.assign(this.#going, { pushes: false, decisions: false });
    await this.#running;
  }

  /** Until the API has taken one. */
  async pushOne(): Promise<void> {
    await until("a push acknowledged", 60_000, () => this.#push(), PUSHES_APART);
  }

  async #repeat(what: "pushes" | "decisions", apart: number, step: () => Promise<unknown>): Promise<void> {
    for (; this.#going[what]; await sleep(apart)) await step();
  }

  async #push(): Promise<boolean> {
    const text = policy(rule("laptop", "printer", "[udp/5000]"), rule("phone", "camera", `[tcp/${1000 + ++this.#count}]`));
    const backend = this.backends[this.#count % this.backends.length]!;
    const answer = await backend.ask("PUT", "/api/v1/networks/lab/policy", { text, reason: "a test" }, backend.token()).catch(() => undefined);
    if (!answer || answer.status >= 300) return this.failed++, false;
    this.acknowledged.set((JSON.parse(answer.text) as { version: number }).version, text);
    return true;
  }

  async #decide(): Promise<void> {
    await this.gateway.json("quarantine", STRANGER);
    this.decisions++;
    await this.gateway.json("undo");
  }
}

const test = suite<Context>("server faults");

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  const topology = await Topology.create({ mode: "isolating" });
  try {
    const [gateway, servers] = await Promise.all([Gateway.start(topology, "quickjs", policy()), startServers(topology.lab, topology.ap)]);
    const [first] = servers.backends;
    await gateway.join(first, ID, policy(rule("laptop", "printer", "[udp/5000]")));
    await topology.online();
    for (const name of ["printer", "camera"] as const) await topology.station(name).agent.call("serve", { protocol: "udp", port: 5000 });
    Object.assign(context, { servers, world: { topology, gateway, unprotected: Promise.resolve(new Map()) }, work: new Work(gateway, servers.backends) });
  } catch (error) {
    await topology.close();
    throw error;
  }
}));
test.after(async ({ world }) => world?.topology.close());

interface Fault { name: string; kill(servers: Servers): Promise<void>; restart(servers: Servers): Promise<void> }

const faults: Fault[] = [
  { name: "the broker", kill: ({ mosquitto }) => mosquitto.kill(), restart: ({ mosquitto }) => mosquitto.restart() },
  { name: "the database, postmaster and children", kill: ({ postgresql }) => postgresql.killAll(), restart: ({ postgresql }) => postgresql.restart() },
  { name: "one of the backend's processes", kill: ({ backends }) => backends[0].kill("SIGKILL"), restart: ({ backends }) => backends[0].run() },
];

for (const { name, kill, restart } of faults) {
  test(`kill -9 of ${name}: protected, no loss, the newest policy in force within 5 s of the return`, async ({ world, servers, work }) => {
    let [newest, next] = [Infinity, Infinity];
    const { lost, sent } = await faulty(world, async () => {
      work.start();
      await sleep(1_000);
      await kill(servers);
      await sleep(AWAY);
      work.pausePushes(); // what was acknowledged meanwhile has to arrive without another push
      await restart(servers);
      const start = performance.now();
      await inForce(world.gateway, work.newest);
      newest = performance.now() - start;
      await work.pushOne();
      await inForce(world.gateway, work.newest);
      next = performance.now() - start;
      await work.stop();
    }).finally(() => work.stop());
    process.stdout.write(`  ${name}: the newest policy in force ${Math.round(newest)} ms after the return, another push ${Math.round(next)} ms; ${lost} of ${sent} datagrams lost; ${work.acknowledged.size} pushes acknowledged, ${work.failed} not, ${work.decisions} decisions\n`);
    assert.is(lost, 0);
    assert.ok(newest <= IN_FORCE_WITHIN, `the newest policy in force ${newest} ms after the return`);
    assert.ok(next <= IN_FORCE_WITHIN, `another push in force ${next} ms after the return`);
    const start = performance.now();
    await delivered(world.gateway);
    process.stdout.write(`  events delivered ${Math.round(performance.now() - start)} ms later\n`);
  });
}

test("every version that the API acknowledged is in the history, with its text, and none is missing between", async ({ servers: { backends }, work }) => {
  for (const backend of backends) {
    const versions: { version: number; text?: string }[] = [];
    for (let before = ""; ;) {
      const page = await backend.api<{ items: { version: number }[]; next?: string | number }>("GET", `/api/v1/networks/lab/policy/history?limit=100${before}`);
      versions.push(...page.items);
      if (page.next === undefined) break;
      before = `&before=${page.next}`;
    }
    assert.equal(versions.map(({ version }) => version), Array.from({ length: versions.length }, (_, i) => versions.length - i));
  }
  for (const [version, text] of work.acknowledged) assert.is((await backends[1].api<{ text: string }>("GET", `/api/v1/networks/lab/policy/history/${version}`)).text, text);
});

test("every event of the gateway is in the database once, those of the outages too", async ({ world, servers: { postgresql }, work }) => {
  assert.is((await world.gateway.status()).backend!.outbox.lost, 0);
  const rows = await postgresql.query<{ stream: string; n: string; event: string; fields: { override?: string; id?: number } }>("SELECT stream, n, event, fields FROM events WHERE gateway = $1 ORDER BY stream, n", [ID]);
  assert.is(new Set(rows.map(({ stream }) => stream)).size, 1);
  assert.equal(rows.map(({ n }) => Number(n)), Array.from({ length: rows.length }, (_, i) => i), "a number is missing or twice there");
  const decided = rows.filter(({ event, fields }) => event === "override" && fields.override === `quarantine ${STRANGER}`);
  assert.is(decided.length, work.decisions);
  assert.is(new Set(decided.map(({ fields }) => fields.id)).size, work.decisions);
});

/** Or a newer version. */
async function inForce(gateway: Gateway, version: number): Promise<void> {
  await until(`version ${version} in force`, 60_000, async () => {
    const { policy, switch: { state } } = await gateway.status();
    return state === "ready" && (policy.version ?? 0) >= version;
  });
}

async function delivered(gateway: Gateway): Promise<void> {
  await until("the outbox empty", DELIVERED_WITHIN, async () => (await gateway.status()).backend?.outbox.events === 0, 100);
}

test.run();
