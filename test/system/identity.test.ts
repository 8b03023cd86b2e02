// SPDX-License-Identifier: Apache-2.0
// Who a gateway is to its backend, over its life: enrolled, with new signing keys, without its credentials, revoked. All parts real, the gateway on QuickJS.
import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EnrolmentRequest } from "../../backend/src/ports.ts";
import { setup } from "../../tools/setup/index.ts";
import { Backend } from "../lab/backend.ts";
import { telling, until } from "../lab/command.ts";
import { Gateway } from "../lab/gateway.ts";
import { policy, rule } from "../lab/scenario/world.ts";
import { Topology } from "../lab/topology.ts";

const test = suite<{ topology: Topology; gateway: Gateway; backend: Backend }>("identity");
const printing = policy(rule("laptop", "printer", "[tcp/631]"));
const another = policy(rule("laptop", "camera", "[tcp/80]"));

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  const topology = (context.topology = await Topology.create({ mode: "isolating" }));
  [context.gateway, context.backend] = await Promise.all([Gateway.start(topology, "quickjs", policy()), Backend.start(topology.lab, topology.ap)]);
  await context.gateway.join(context.backend, "gw-1", policy());
}));
test.after(async ({ topology }) => topology?.close());

const connected = (gateway: Gateway, deadline = 20_000) => until("the link", deadline, async () => (await gateway.status()).backend?.synchronised);

test("a used token is worth nothing", async ({ backend, gateway }) => {
  const token = await backend.invite("lab", "gw-2");
  const secret = (JSON.parse(Buffer.from(token.slice("sbx1.".length), "base64url").toString()) as { s: string }).s;
  const first = await backend.ask("POST", "/api/v1/enrol", { secret: "A".repeat(secret.length), csr: "x".repeat(100) });
  assert.ok([400, 401, 403].includes(first.status), `${first.status} ${first.text}`);
  const again = await gateway.cli("enroll", token);
  assert.is(again.code, 4, again.stderr);
  assert.match(again.stderr, /enrolled|unenroll/i);
});

test("signing keys are changed, the old one revoked: policies go on arriving", async ({ backend, gateway }) => {
  const before = (await backend.gateway("gw-1")).reported!.keys;
  await backend.api("POST", "/api/v1/keys/rotate", { revoke: true });
  await until("the new keys at the gateway", 10_000, async () => {
    const { keys } = (await backend.gateway("gw-1")).reported!;
    return keys.some((key) => !before.includes(key)) && before.some((key) => !keys.includes(key));
  });
  await gateway.policy(printing);
  assert.is((await gateway.status()).policy.source, "backend");
});

/** Another process in the backend's place, with the other one of two data directories. */
async function change(backend: Backend): Promise<void> {
  await backend.kill("SIGKILL");
  for (const [from, to] of [[".other", ".moving"], ["", ".other"], [".moving", ""]]) renameSync(backend.data + from, backend.data + to);
  await backend.run();
}

test("the whole backend is stolen: its copy gives orders until the recovery key takes the gateway back, and none afterwards", async ({ backend, gateway }) => {
  const key = `${backend.data}.recovery-key.pem`;
  renameSync(join(backend.data, "recovery-key.pem"), key); // as the first start says
  await backend.kill("SIGTERM");
  cpSync(backend.data, `${backend.data}.other`, { recursive: true });
  await backend.run();
  await change(backend);
  const byThief = await backend.push("lab", policy());
  await backend.inForce("gw-1", byThief, 60_000);
  assert.is((await gateway.status()).policy.rules, 0, "believed, as nobody has said otherwise");

  await change(backend);
  const { code, stderr } = await backend.cli("keys", "recover", "--key", key);
  assert.is(code, 0, stderr);
  await until("the epoch at the gateway", 60_000, async () => ((await backend.gateway("gw-1")).reported?.epoch ?? 0) > 0);
  await backend.inForce("gw-1", await backend.push("lab", another), 30_000);
  const { policy: recovered } = await gateway.status();

  await change(backend);
  await backend.push("lab", policy(rule("camera", "printer", "[tcp/631]")));
  const refused = await until("the refusal", 60_000, async () => (await gateway.status()).backend?.refused);
  assert.is(refused.code, "revoked-key", refused.message);
  assert.equal((await gateway.status()).policy, recovered);
  await change(backend);
  await until("the refusal in what it reports", 60_000, async () => (await backend.gateway("gw-1")).reported?.refused?.code === "revoked-key");
  await backend.inForce("gw-1", await backend.push("lab", printing), 30_000);
});

test("credentials that are lost come back by approval in the console, without touching the device", async ({ backend, gateway }) => {
  await gateway.kill("SIGTERM");
  rmSync(join(gateway.stateDirectory, "backend/credentials.json"));
  await gateway.run();
  const { policy: now } = await gateway.status();
  assert.is(now.source, "backend", "the policy stays meanwhile");
  const open = await until("the request", 30_000, async () => (await backend.api<{ items: EnrolmentRequest[] }>("GET", "/api/v1/enrolment-requests")).items.find(({ state, gateway: id }) => state === "open" && id === "gw-1"));
  assert.is(open.sameKey, false, "the key was lost as well");
  assert.is((await gateway.status()).backend?.synchronised, false);
  await backend.api("POST", `/api/v1/enrolment-requests/${open.id}/approve`, {});
  await connected(gateway, 45_000);
  await gateway.policy(policy());
});

test("a revoked gateway is put out at once, keeps its policy, and its certificate is refused from then on", async ({ backend, gateway }) => {
  await gateway.policy(printing);
  await backend.api("POST", "/api/v1/gateways/gw-1/revoke", { reason: "a test" });
  await until("the end of the connection", 5000, async () => (await gateway.status()).backend?.synchronised === false);
  await until("a refusal in the audit", 15_000, async () =>
    (await backend.api<{ items: { outcome: string; target: string; actor: string }[] }>("GET", "/api/v1/audit?limit=50")).items.some(({ outcome, actor, target }) => outcome === "refused" && (actor === "gw-1" || target === "gw-1")));
  const { policy: kept, switch: { state } } = await gateway.status();
  assert.equal([kept.source, kept.rules, state], ["backend", 1, "ready"]);
});

test.run();
