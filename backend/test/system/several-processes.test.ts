// SPDX-License-Identifier: Apache-2.0
// Two processes on the real PostgreSQL and the real Mosquitto, with what broker-config wrote: work is shared, and each of the four may be killed.
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { enrolFakeGateway, type FakeGateway } from "../console/fake-gateway.ts";
import { BackendProcess } from "../support/backend-process.ts";
import { freePort, MosquittoServer } from "../support/mosquitto-server.ts";
import { PostgresqlServer } from "../support/postgresql-server.ts";

const test = suite("the backend as several processes");
const directory = mkdtempSync(join(tmpdir(), "securebox-several-"));
let postgresql: PostgresqlServer;
let mosquitto: MosquittoServer;
let gateway: FakeGateway;
let identity: { token: string };
const backends: BackendProcess[] = [];

function brokerOptions(): string[] {
  const at = mosquitto.directory;
  return ["--broker-url", mosquitto.url, "--broker-cert", join(at, "backend.pem"), "--broker-key", join(at, "backend.key"), "--mqtt-url", `mqtts://127.0.0.1:${mosquitto.gatewayPort}`];
}

async function start(index: number): Promise<void> {
  const at = mosquitto.directory;
  const list = index === 0 ? ["--broker-crl", join(at, "crl.pem"), "--broker-reload", MosquittoServer.reloadCommand(at)] : [];
  backends[index] = await BackendProcess.start(join(directory, `data${index}`), [...brokerOptions(), ...list], { DATABASE_URL: postgresql.url });
}

test.before(async () => {
  chmodSync(directory, 0o755); // Mosquitto's user looks below it
  postgresql = await PostgresqlServer.start();
  const [gatewayPort, backendPort] = [await freePort(), await freePort()];
  const at = join(directory, "mosquitto");
  const written = await BackendProcess.run(["broker-config", at, "--data", join(directory, "data0"), "--name", "127.0.0.1", "--listen", "127.0.0.1", "--mqtt-port", String(gatewayPort), "--backend-port", String(backendPort)], { DATABASE_URL: postgresql.url });
  assert.is(await written.ended(), 0, written.stderr);
  assert.match(written.stdout, /mosquitto -c .*mosquitto\.conf/);
  mosquitto = await MosquittoServer.startWritten(at, gatewayPort, backendPort);
  await Promise.all([start(0), start(1)]);
  await backends[0]!.ask("/api/v1/networks", { name: "home" });
  identity = await backends[0]!.ask("/api/v1/networks/home/enrolment-tokens", { gateway: "attic" });
  gateway = await enrolFakeGateway(identity.token, (path, body) => backends[1]!.ask(path, body));
});
test.after(async () => {
  await gateway?.close().catch(() => {});
  for (const backend of backends) await backend.end("SIGKILL");
  await mosquitto?.stop();
  await postgresql?.stop();
  rmSync(directory, { recursive: true, force: true });
});

test("what a gateway says is seen through both", async () => {
  await gateway.presence("online");
  for (const backend of backends) await eventually(async () => (await backend.ask("/api/v1/gateways/attic")).presence === "online", "online");
});

test("a policy pushed at one arrives, and the other shows it", async () => {
  await push(1, 1);
  await eventually(async () => gateway.desired.at(-1)?.body.version === 1, "document");
  assert.is((await backends[0]!.ask("/api/v1/networks/home")).policyVersion, 1);
});

test("100 events, both taking part: each stored once", async () => {
  const before = await received();
  for (let i = 0; i < 100; i++) await gateway.event("counted", { i });
  assert.equal((await counted()).sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  const after = await received();
  assert.ok(after.every((count, i) => count - before[i]! > 10), `shares: ${after.map((count, i) => count - before[i]!).join(", ")}`);
});

test("kill -9 of one: the other goes on, nothing that was acknowledged is lost", async () => {
  await backends[0]!.end("SIGKILL");
  for (let i = 100; i < 150; i++) await gateway.event("counted", { i });
  await push(1, 2);
  await eventually(async () => gateway.desired.at(-1)?.body.version === 2, "document");
  assert.equal((await counted(1)).filter((i) => i >= 100).sort((a, b) => a - b), Array.from({ length: 50 }, (_, i) => 100 + i));
  await start(0);
});

test("a process that starts is not ready before the command line finds its access", async () => {
  const [port, data] = [await freePort(), join(directory, "data2")];
  const health = (): Promise<[number, string]> => fetch(`http://127.0.0.1:${port}/health/ready`).then(async (answer) => [answer.status, await answer.text()], () => [0, ""]);
  const holder = new pg.Client(postgresql.url);
  await holder.connect();
  await holder.query("BEGIN");
  await holder.query("LOCK TABLE api_tokens"); // no token for the command line before this ends
  const third = await BackendProcess.run(["start", "--data", data, "--listen", "127.0.0.1", "--name", "127.0.0.1", "--api-port", "0", "--http-port", String(port), ...brokerOptions()], { DATABASE_URL: postgresql.url });
  try {
    await eventually(async () => (await health())[0] !== 0, "an answer", 60_000);
    assert.match((await health()).join(" "), /^503 .*it is starting/);
    await holder.query("COMMIT");
    await eventually(async () => (await health())[0] === 200, "ready");
    assert.ok(existsSync(join(data, "local.json")));
  } finally {
    await holder.end();
    await third.end("SIGKILL");
  }
});

test("kill -9 of the broker: both come back to it, and a policy pushed meanwhile arrives", async () => {
  await mosquitto.kill();
  await eventually(async () => (await backends[1]!.ask("/api/v1/networks")).items.length === 1, "the API answers meanwhile");
  await push(1, 3);
  await mosquitto.restart();
  await gateway.close().catch(() => {});
  const made = await backends[0]!.ask("/api/v1/networks/home/enrolment-tokens", { gateway: "attic" });
  gateway = await enrolFakeGateway(made.token, (path, body) => backends[0]!.ask(path, body));
  await eventually(async () => gateway.desired.at(-1)?.body.version === 3, "document", 20_000);
});

test("kill -9 of the database: what gateways say meanwhile is there afterwards", async () => {
  await postgresql.kill();
  const said = gateway.presence("offline");
  await new Promise((done) => setTimeout(done, 1_000));
  await postgresql.restart();
  await said;
  await eventually(async () => (await backends[0]!.ask("/api/v1/gateways/attic")).presence === "offline", "presence", 20_000);
});

test("gateways revoked through one process: ignored at once, out, and not let in again, by the list that the other keeps", async () => {
  const made = await backends[1]!.ask("/api/v1/networks/home/enrolment-tokens", { gateway: "cellar" });
  const cellar = await enrolFakeGateway(made.token, (path, body) => backends[1]!.ask(path, body));
  for (const [id, revoked] of [["attic", gateway], ["cellar", cellar]] as const) { // two lists within a second
    assert.ok(revoked.connected);
    await backends[1]!.ask(`/api/v1/gateways/${id}/revoke`, { reason: "stolen" });
    await Promise.race([revoked.presence("online"), new Promise((done) => setTimeout(done, 500))]).catch(() => {});
    assert.is((await backends[1]!.ask(`/api/v1/gateways/${id}`)).presence, "offline");
    await eventually(async () => !revoked.connected, "its connection ended");
    await eventually(async () => revoked.reconnect().then(() => false, () => true), "its certificate refused");
  }
});

test("who is not revoked goes on, and a gateway enrolled again is not pushed out by its old certificate", async () => {
  const told = (): number => backends[0]!.stderr.split("revocations.told").length;
  for (const again of [false, true]) {
    const before = told();
    const made = await backends[1]!.ask("/api/v1/networks/home/enrolment-tokens", { gateway: "porch" });
    const porch = await enrolFakeGateway(made.token, async (path, body) => {
      const answer = await backends[1]!.ask(path, body);
      // Whoever holds the old certificate is disconnected; a gateway that was faster connects once more, but this one is a fake.
      if (again) await eventually(async () => told() > before, "the old certificate told to the broker");
      return answer;
    });
    await porch.presence("online");
    await eventually(async () => (await backends[0]!.ask("/api/v1/gateways/porch")).presence === "online", "online");
    await porch.reconnect();
  }
});

for (const index of [0, 1] as const)
  test(`SIGTERM ends process ${index + 1} with status 0`, async () => assert.is(await backends[index]!.end(), 0, backends[index]!.stderr));

async function push(through: number, version: number): Promise<void> {
  const { version: made } = await backends[through]!.ask("/api/v1/networks/home/policy", { text: `# version ${version}\nnetwork: home\nrules: []\n`, reason: "test" }, "PUT");
  assert.is(made, version);
}

async function counted(through = 0): Promise<number[]> {
  const { items } = await backends[through]!.ask("/api/v1/events?limit=200");
  return items.filter(({ event }: { event: string }) => event === "counted").map(({ fields }: { fields: { i: number } }) => fields.i);
}

/** Messages of gateways that each process got. */
async function received(): Promise<number[]> {
  return Promise.all(backends.map(async (backend) => Number(/^securebox_broker_received (\d+)/m.exec(await backend.metrics())?.[1])));
}

async function eventually(condition: () => Promise<boolean>, what: string, millis = 10_000): Promise<void> {
  for (const end = Date.now() + millis; !(await condition()); await new Promise((done) => setTimeout(done, 50))) if (Date.now() > end) throw new Error(`not within ${millis} ms: ${what}\n${backends.map(({ stderr }) => stderr.slice(-2000)).join("\n---\n")}`);
}

test.run();
