// SPDX-License-Identifier: Apache-2.0
// Enrolment with the real authority and the real fleet on PGlite; only the broker is a fake.
import { sign, X509Certificate } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createEnrolment } from "../../src/enrolment/index.ts";
import { createFleet, type OwnFleet } from "../../src/fleet/index.ts";
import { openLive } from "../../src/live/index.ts";
import { RequestError, type Actor, type Enrolment } from "../../src/ports.ts";
import { openDatabase } from "../../src/store/index.ts";
import { createVerdicts } from "../../src/verdicts/index.ts";
import { openPki, type OwnPki } from "../../src/pki/index.ts";
import { makeRequest } from "../broker/fixture.ts";
import { FakeBroker } from "../support/fake-broker.ts";

const test = suite("enrolment");
const anna: Actor = { name: "anna", kind: "user", role: "operator", remote: "192.0.2.1" };
let fleet: OwnFleet;
let pki: OwnPki;
let enrolment: Enrolment;
let database: Awaited<ReturnType<typeof openDatabase>>;
let now = Date.now();

test.before(async () => {
  database = await openDatabase({ directory: undefined });
  pki = await openPki({ database, names: ["x"], keepRecoveryKey: async () => {} });
  const live = await openLive({ database, log: () => {} });
  fleet = createFleet({ database, broker: new FakeBroker(), pki, live, verdicts: createVerdicts({ database, live }), log: () => {} });
  enrolment = createEnrolment({ database, fleet, pki, live, addresses: () => ({ api: "https://backend.example:8443", broker: "mqtts://backend.example:8883" }), now: () => now });
  await fleet.createNetwork(anna, "home", "");
  await fleet.createNetwork(anna, "office", "");
});
test.before.each(() => { now = Date.now(); });
test.after(async () => { fleet.close(); await database.close(); });

const content = (token: string): { u: string; s: string; p: string } => JSON.parse(Buffer.from(token.replace("sbx1.", ""), "base64url").toString());
const prove = (key: string, id: string): string => sign("sha256", Buffer.from(`securebox-enrolment:${id}`), { key, dsaEncoding: "ieee-p1363" }).toString("base64");

async function refused(promise: Promise<unknown>, status: number, pattern: RegExp): Promise<void> {
  const error = await promise.then(() => assert.unreachable(`accepted; expected ${pattern}`), (e: Error) => e);
  assert.instance(error, RequestError);
  assert.is((error as RequestError).status, status);
  assert.match((error as Error).message, pattern);
}

test("a token says where, whom to believe, and a secret that only its hash is kept of", async () => {
  const { token, gateway, expires } = await enrolment.createToken(anna, "home", { gateway: "attic" });
  const { u, s, p } = content(token);
  assert.is(u, "https://backend.example:8443");
  assert.is(p, pki.caFingerprint);
  assert.is(Buffer.from(s, "base64url").length, 32);
  assert.is(gateway, "attic");
  assert.ok(Math.abs(Date.parse(expires) - now - 86_400_000) < 5_000);
  assert.not(JSON.stringify(await database.query("SELECT * FROM enrolment_tokens")).includes(s));
});

test("a gateway enrols once, and the fleet knows it", async () => {
  const { token } = await enrolment.createToken(anna, "home", { gateway: "cellar", title: "Cellar" });
  const { csr } = await makeRequest();
  const enrolled = await enrolment.enrol(content(token).s, csr, "192.0.2.7");
  assert.equal([enrolled.network, enrolled.gateway, enrolled.broker, enrolled.ca], ["home", "cellar", "mqtts://backend.example:8883", pki.caPem]);
  assert.equal(enrolled.keys, pki.keys);
  const certificate = new X509Certificate(enrolled.certificate);
  assert.is(certificate.subject, "CN=cellar\nOU=home");
  assert.is((await fleet.gateway("cellar")).title, "Cellar");
  assert.ok(await fleet.isAccepted("cellar", "home", certificate.serialNumber.toLowerCase()));
  await refused(enrolment.enrol(content(token).s, csr, "192.0.2.7"), 401, /used already/);
});

test("of two uses of one token at the same time exactly one wins", async () => {
  for (let round = 0; round < 5; round++) {
    const { token } = await enrolment.createToken(anna, "home", { gateway: `race-${round}` });
    const requests = await Promise.all(Array.from({ length: 4 }, () => makeRequest()));
    const results = await Promise.allSettled(requests.map(({ csr }) => enrolment.enrol(content(token).s, csr, "192.0.2.7")));
    assert.is(results.filter(({ status }) => status === "fulfilled").length, 1);
    for (const result of results) if (result.status === "rejected") assert.match(result.reason.message, /used already/);
    assert.is((await database.query(`SELECT serial FROM certificates WHERE gateway = 'race-${round}'`)).length, 1);
  }
});

test("an unknown or expired secret is refused, and a bad request does not use the token up", async () => {
  const { token } = await enrolment.createToken(anna, "home", { gateway: "shed", lifetime: 60 });
  const { csr } = await makeRequest();
  await refused(enrolment.enrol("x".repeat(43), csr, "192.0.2.7"), 401, /not known/);
  await refused(enrolment.enrol(content(token).s, "nonsense", "192.0.2.7"), 400, /PEM/);
  now += 61_000;
  await refused(enrolment.enrol(content(token).s, csr, "192.0.2.7"), 401, /expired at/);
  now -= 61_000;
  assert.is((await enrolment.enrol(content(token).s, csr, "192.0.2.7")).gateway, "shed");
});

test("when the fleet cannot take the gateway, the token is good for another try", async () => {
  const { token } = await enrolment.createToken(anna, "home", { gateway: "unlucky" });
  const failing = createEnrolment({ database, pki, live: { emit: () => {} }, addresses: () => ({ api: "", broker: "" }), fleet: { ...fleet, enrolled: async () => { throw new Error("the database is away"); } } });
  const { csr } = await makeRequest();
  const message = await failing.enrol(content(token).s, csr, "192.0.2.7").then(() => "", (error: Error) => error.message);
  assert.is(message, "the database is away");
  assert.is((await enrolment.enrol(content(token).s, csr, "192.0.2.7")).gateway, "unlucky");
});

test("identifiers: no other network's, well formed, or made up", async () => {
  await refused(enrolment.createToken(anna, "nowhere", {}), 404, /nowhere/);
  await refused(enrolment.createToken(anna, "home", { gateway: "A_b" }), 400, /identifier/);
  await refused(enrolment.createToken(anna, "office", { gateway: "cellar" }), 409, /"cellar" in the network "home"/);
  await refused(enrolment.createToken(anna, "home", { lifetime: 0 }), 400, /lifetime/);
  assert.match((await enrolment.createToken(anna, "home", {})).gateway, /^gw-[a-z0-9]{8}$/);
});

test("a new token for a gateway that is there replaces its identity", async () => {
  const before = (await fleet.gateway("cellar")).certificate!.serial;
  const { token } = await enrolment.createToken(anna, "home", { gateway: "cellar" });
  await enrolment.enrol(content(token).s, (await makeRequest()).csr, "192.0.2.7");
  assert.not(await fleet.isAccepted("cellar", "home", before));
});

test("a lost certificate: asked for, approved by a person, collected by the key's owner alone", async () => {
  const { key, csr } = await makeRequest();
  const { id } = await enrolment.request("cellar", csr, "192.0.2.7");
  assert.equal(await enrolment.request("cellar", csr, "192.0.2.7"), { id }, "the same request again");
  const [listed] = await enrolment.requests();
  assert.equal([listed!.id, listed!.gateway, listed!.state, listed!.sameKey, listed!.remote], [id, "cellar", "open", false, "192.0.2.7"]);
  assert.is(await enrolment.collect(id, prove(key, id)), undefined);
  await enrolment.decide(anna, id, true);
  await refused(enrolment.collect(id, prove((await makeRequest()).key, id)), 403, /proof/);
  await refused(enrolment.collect(id, prove(key, "another")), 403, /proof/);
  await refused(enrolment.collect(id, ""), 403, /proof/);
  const enrolled = (await enrolment.collect(id, prove(key, id)))!;
  assert.ok(new X509Certificate(enrolled.certificate).checkPrivateKey((await import("node:crypto")).createPrivateKey(key)));
  assert.ok(await fleet.isAccepted("cellar", "home", new X509Certificate(enrolled.certificate).serialNumber.toLowerCase()));
  await refused(enrolment.decide(anna, id, false), 409, /approved already/);
  const again = await enrolment.request("cellar", csr, "192.0.2.7");
  assert.is((await enrolment.requests()).find((request) => request.id === again.id)!.sameKey, true);
});

test("a rejected request, one of nobody, one of a revoked gateway", async () => {
  const { key, csr } = await makeRequest();
  const { id } = await enrolment.request("shed", csr, "192.0.2.7");
  await enrolment.decide(anna, id, false);
  await refused(enrolment.collect(id, prove(key, id)), 403, /rejected/);
  await refused(enrolment.request("nobody", csr, "192.0.2.7"), 404, /nobody/);
  await refused(enrolment.decide(anna, "unknown", true), 404, /no enrolment request/);
  const asked = await enrolment.request("shed", (await makeRequest()).csr, "192.0.2.7");
  const before = await enrolment.createToken(anna, "home", { gateway: "shed" });
  await fleet.revokeGateway(anna, "shed", "stolen");
  await refused(enrolment.enrol(content(before.token).s, csr, "192.0.2.7"), 401, /not known/);
  assert.is((await enrolment.requests()).find((request) => request.id === asked.id)!.state, "rejected", "who is revoked does not wait for an answer any more");
  await refused(enrolment.request("shed", csr, "192.0.2.7"), 403, /revoked/);
  const after = await enrolment.createToken(anna, "home", { gateway: "shed" });
  await enrolment.enrol(content(after.token).s, csr, "192.0.2.7");
  assert.is((await fleet.gateway("shed")).state, "enrolled");
});

test("two decisions at once: one counts", async () => {
  const { csr } = await makeRequest();
  const { id } = await enrolment.request("unlucky", csr, "192.0.2.7");
  const results = await Promise.allSettled([enrolment.decide(anna, id, true), enrolment.decide(anna, id, false)]);
  assert.is(results.filter(({ status }) => status === "fulfilled").length, 1);
});

test("strangers cannot fill the operator's list: five open requests of a gateway at once", async () => {
  for (let i = 0; i < 5; i++) await enrolment.request("attic2", (await makeRequest()).csr, "192.0.2.7").catch(() => {});
  const { token } = await enrolment.createToken(anna, "home", { gateway: "attic2" });
  await enrolment.enrol(content(token).s, (await makeRequest()).csr, "192.0.2.7");
  for (let i = 0; i < 5; i++) await enrolment.request("attic2", (await makeRequest()).csr, "192.0.2.7");
  await refused(enrolment.request("attic2", (await makeRequest()).csr, "192.0.2.7"), 429, /too many/);
});

test("the audit log says who made tokens, approved and rejected", async () => {
  const actions = (await fleet.audit({ limit: 200 })).map(({ actor, action }) => `${actor} ${action}`);
  for (const expected of ["anna enrolment.token", "anna enrolment.approve", "anna enrolment.reject", "cellar gateway.enrol", "cellar enrolment.request"]) assert.ok(actions.includes(expected), `${expected} in ${[...new Set(actions)].join(", ")}`);
});

test.run();
