// SPDX-License-Identifier: Apache-2.0
// Full disks, a switch that dies and events that come while the backend is away; with traffic on an allowed pair and attacks going on.
import { statSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EventRow, PolicyVersion } from "../../backend/src/ports.ts";
import { setup } from "../../tools/setup/index.ts";
import { onLines, telling, until } from "../lab/command.ts";
import { fill } from "../lab/disk.ts";
import { macs } from "../lab/gateway.ts";
import { faulty } from "../lab/scenario/faults.ts";
import { another, inForce, type Linked, openLinked } from "../lab/scenario/linked.ts";
import { all, reaches, type World } from "../lab/scenario/world.ts";

const test = suite<Linked>("disk faults");

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  Object.assign(context, await openLinked("224m"));
}));
test.after(async ({ world }) => world?.topology.close());

const say = (text: string): boolean => process.stdout.write(`  ${text}\n`);
const protectedStill = (world: World): Promise<void> => all(world, "closed", [["phone", "printer", "udp/5000"], ["laptop", "camera", "udp/5000"]]);

test("ovs-vswitchd killed while the backend is away: the gateway puts the last policy back by itself", async ({ world, backend }) => {
  await world.gateway.policy(another());
  const { version } = (await world.gateway.status()).policy;
  const { gap, lost } = await faulty(world, async () => {
    await backend.kill("SIGKILL");
    world.topology.ovs.kill("vswitchd", "SIGKILL");
    await world.topology.ovs.restartVswitchd();
    await until("the allowed pair open again", 20_000, () => reaches(world, "laptop", "printer", "udp/5000", 4, 100));
    await protectedStill(world);
    assert.is((await world.gateway.status()).policy.version, version);
  });
  await backend.run();
  const pushed = await backend.push("lab", another());
  const took = await inForce(world, pushed);
  say(`gap ${gap} ms, ${lost} datagrams; newest policy in force ${took} ms after the backend's return`);
  assert.ok(gap < 10_000, `a gap of ${gap} ms`);
  assert.ok(took <= 5000, `in force after ${took} ms`);
});

test("600 decisions while the backend cannot be reached: few events, on flash at a stop, stored after the return", async ({ world: { gateway }, backend }) => {
  await backend.wire.plug(false);
  const before = (await gateway.status()).memory.resident;
  await decisions(gateway.socket, 300);
  const { backend: link, memory } = await gateway.status();
  const { events, lost } = link!.outbox;
  assert.ok(events >= 20 && events <= 512 && lost === 0, JSON.stringify(link)); // the log lets 10 of a kind through in 10 s
  assert.ok(memory.resident - before < 2_000_000, `${memory.resident - before} bytes more`);
  await gateway.kill("SIGTERM");
  const { size } = statSync(join(gateway.stateDirectory, "backend/outbox.json"));
  assert.ok(size > 1000 && size <= 98_304, `${size} bytes on flash`); // 64 KiB of events at most, and for each the name of its stream
  await gateway.run();
  await backend.wire.plug(true);
  await until("the events stored", 30_000, async () => (await gateway.status()).backend!.outbox.events === 0, 100);
  const stored = (await backend.api<{ items: EventRow[] }>("GET", "/api/v1/events?network=lab&limit=200")).items.filter(({ event }) => event === "override undone");
  assert.equal(stored.map(({ fields }) => fields["id"]).reverse().slice(0, 10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  say(`${events} events kept, ${size} bytes on flash, ${Math.round((memory.resident - before) / 1000)} kB more memory`);
});

/** So many times mallory is put into quarantine and let out again: two events each. */
function decisions(socket: string, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket).on("error", reject);
    let left = 2 * count;
    const ask = (): void => {
      if (left === 0) return void connection.end(resolve);
      const request = left-- % 2 === 0 ? { method: "quarantine", params: { device: macs.mallory } } : { method: "undo", params: {} };
      connection.write(`${JSON.stringify({ id: left, ...request })}\n`);
    };
    onLines(connection, (line) => (line.includes('"error"') ? reject(new Error(line)) : ask()));
    ask();
  });
}

test("a full disk of the gateway: the policy waits with its reason told, and comes into force when there is room", async ({ world, backend }) => {
  await world.gateway.policy(another());
  const { version } = (await world.gateway.status()).policy;
  let took = 0;
  const { lost, sent } = await faulty(world, async () => {
    const free = fill(world.gateway.stateDirectory);
    const pushed = await backend.push("lab", another());
    const row = await until("the reason told", 15_000, async () => {
      const found = await backend.gateway(world.gateway.id!);
      return found.reported?.problems.some((problem) => /cannot be stored.*(space|ENOSPC)/.test(problem)) ? found : undefined;
    }, 100);
    assert.is(row.drift?.kind, "behind");
    assert.match(row.drift!.message, /should have .*cannot be stored/);
    assert.is(row.reported!.desired!.version, version);
    assert.is((await world.gateway.status()).policy.version, version);
    await protectedStill(world);
    free();
    took = await inForce(world, pushed);
  });
  say(`in force ${took} ms after there was room; ${lost} of ${sent} datagrams lost`);
  assert.is(lost, 0);
  assert.ok(took <= 15_000, `in force ${took} ms after there was room`); // it tries each 10 s
  await until("the drift gone", 15_000, async () => (await backend.gateway(world.gateway.id!)).drift === undefined, 100);
});

test("a full disk of the backend: pushes fail clearly, networks stay protected, nothing acknowledged is lost", async ({ world, backend }) => {
  await world.gateway.policy(another());
  const before = await history();
  let took = 0;
  const { lost, sent } = await faulty(world, async () => {
    const free = fill(backend.data);
    await refused();
    assert.equal(await history(), before);
    const health = await backend.ask("GET", "/health/ready");
    assert.is(health.status, 503);
    assert.match(health.text, /disk .* is full/);
    await world.gateway.json("quarantine", "phone"); // an event that the backend cannot store now
    await protectedStill(world);
    free();
    const pushed = await backend.push("lab", another());
    took = await inForce(world, pushed);
    await until("the event stored", 30_000, async () => (await events()).some(({ event, fields }) => event === "override" && String(fields["override"]).includes(macs.phone)), 100);
  });
  say(`in force ${took} ms after there was room; ${lost} of ${sent} datagrams lost`);
  assert.is(lost, 0);
  assert.ok(took <= 5000, `in force ${took} ms after there was room`);
  assert.is((await world.gateway.status()).backend!.outbox.lost, 0);

  async function refused(): Promise<void> {
    const { status, text } = await backend.ask("PUT", "/api/v1/networks/lab/policy", { text: another(), reason: "there is no room for it" }, backend.token());
    assert.is(status, 503, text);
    assert.match(text, /disk .* is full: nothing was changed/);
  }
  async function history(): Promise<number[]> {
    return (await backend.api<{ items: PolicyVersion[] }>("GET", "/api/v1/networks/lab/policy/history")).items.map(({ version }) => version);
  }
  async function events(): Promise<EventRow[]> {
    return (await backend.api<{ items: EventRow[] }>("GET", "/api/v1/events?network=lab")).items;
  }
});

test("killed with a full disk: the backend says why it does not start, and has everything when there is room", async ({ world, backend }) => {
  const pushed = await backend.push("lab", another());
  await inForce(world, pushed);
  const free = fill(backend.data);
  await backend.kill("SIGKILL");
  const start = await backend.run().then(() => "it started", (error: Error) => error.message);
  assert.match(start, /the disk of .* is full: 0 MiB are left/);
  await protectedStill(world);
  free();
  await backend.run();
  const { version } = await backend.api<PolicyVersion>("GET", "/api/v1/networks/lab/policy");
  assert.is(version, pushed);
  const took = await inForce(world, await backend.push("lab", another()));
  say(`started again: newest policy in force ${took} ms after its return`);
  assert.ok(took <= 5000, `in force after ${took} ms`);
});

test.run();
