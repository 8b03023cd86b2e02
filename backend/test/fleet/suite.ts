// SPDX-License-Identifier: Apache-2.0
// What a fleet promises, on whichever database.
import { judgeDocument } from "@securebox/contract";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { signer } from "../../src/pki/signer.ts";
import type { Database } from "../../src/ports.ts";
import { ANNA, device, digest, eventually, hello, makeNetwork, makeRig, policyText, refused, report, type Rig } from "./rig.ts";

export function fleetSuite(engine: string, open: () => Promise<Database>): void {
  let rig: Rig;
  const it = (name: string, run: () => Promise<void>): void => void test(`${engine}: ${name}`, run);

  test.before(async () => { rig = await makeRig(await open()); });
  test.after(async () => {
    await rig?.close();
    await rig?.database.close();
  });

  it("networks: made, changed, listed; names checked; removed only without gateways", async () => {
    const { network, ids } = await makeNetwork(rig);
    await refused(rig.fleet.createNetwork(ANNA, network, ""), 409);
    await refused(rig.fleet.createNetwork(ANNA, "Not a name", ""), 422);
    await refused(rig.fleet.network("nowhere"), 404);
    await refused(rig.fleet.changeNetwork(ANNA, network, { settings: { events: "loud" as never } }), 422);
    const row = await rig.fleet.changeNetwork(ANNA, network, { title: "Attic", settings: { events: "warn" } });
    assert.is(row.title, "Attic");
    assert.equal((await rig.fleet.network(network)).settings, { events: "warn" });
    await refused(rig.fleet.removeNetwork(ANNA, network), 409);
    await rig.fleet.revokeGateway(ANNA, ids[0]!, "gone");
    await rig.fleet.removeNetwork(ANNA, network);
    await refused(rig.fleet.network(network), 404);
  });

  it("policies: versions, equal text, expected, invalid, another network's, history, rollback", async () => {
    const { network } = await makeNetwork(rig);
    const first = await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    assert.is(first.version, 1);
    assert.is((await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "again")).version, 1);
    const conflict = await refused(rig.fleet.pushPolicy(ANNA, network, policyText(network, "two"), "x", 0), 409);
    assert.equal(conflict.details, { version: 1 });
    const invalid = await refused(rig.fleet.pushPolicy(ANNA, network, "rules: [", "x"), 422);
    assert.ok((invalid.details as { problems: unknown[] }).problems.length > 0);
    const foreign = await refused(rig.fleet.pushPolicy(ANNA, network, policyText("elsewhere", "x"), "x"), 422);
    assert.equal((foreign.details as { problems: { field: string; line: number }[] }).problems.map(({ field, line }) => ({ field, line })), [{ field: "network", line: 2 }]);
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "two"), "second", 1);
    const back = await rig.fleet.rollback(ANNA, network, 1, "two was wrong");
    assert.equal([back.version, back.rolledBackFrom, back.text], [3, 1, policyText(network, "one")]);
    assert.equal((await rig.fleet.history(network, { limit: 2 })).map(({ version, reason }) => [version, reason]), [[3, "two was wrong"], [2, "second"]]);
    assert.equal((await rig.fleet.history(network, { before: 2, limit: 5 })).map(({ version }) => version), [1]);
    assert.is((await rig.fleet.policy(network))!.version, 3);
    await refused(rig.fleet.rollback(ANNA, network, 9, "x"), 404);
    const actions = (await rig.fleet.audit({ network, limit: 50 })).map(({ action }) => action);
    assert.equal(actions, ["policy.rollback", "policy.push", "policy.push", "gateway.enrol", "network.create"]);
  });

  it("a push signs one document per gateway, with its own sequence, that the gateway's judge accepts", async () => {
    const { network, ids } = await makeNetwork(rig, 3);
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    await eventually(() => ids.every((id) => rig.broker.documents(id, "desired").length === 1), "three documents");
    for (const id of ids) {
      const [document] = rig.broker.documents(id, "desired");
      const refusal = judgeDocument(signer, document!, { network, gateway: id, keys: rig.pki.keys, revoked: [], sequence: undefined, now: Date.now(), notBefore: 0 });
      assert.is(refusal, undefined, refusal?.message);
      assert.equal([document!.sequence, document!.body.version, document!.gateway], [1, 1, id]);
      assert.is(document!.digest, (await rig.fleet.gateway(id)).desired!.digest);
    }
    assert.ok(rig.broker.published.filter(({ topic }) => topic.endsWith("/desired")).every(({ retain }) => retain));
  });

  it("drift: never reported, behind, in force, refused, unhealthy, offline", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    const drift = async (): Promise<string | undefined> => (await rig.fleet.gateway(id)).drift?.kind;
    assert.is(await drift(), "never-reported");
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    await rig.send(id, "presence", { state: "online" }, { network });
    await rig.send(id, "reported", report(), { network });
    assert.is(await drift(), "behind");
    const { sequence, digest: wanted, version } = (await rig.fleet.gateway(id)).desired!;
    await rig.send(id, "reported", report({ desired: { sequence, digest: wanted, version } }), { network });
    assert.is(await drift(), undefined);
    await rig.send(id, "reported", report({ desired: { sequence, digest: wanted, version }, healthy: false, problems: ["no switch"] }), { network });
    assert.equal((await rig.fleet.gateway(id)).drift, { kind: "unhealthy", message: "no switch" });
    await rig.send(id, "reported", report({ refused: { kind: "desired", code: "policy", message: "too many groups", sequence, at: 1 } }), { network });
    assert.is(await drift(), "refused");
    await rig.send(id, "reported", report(), { network });
    await rig.send(id, "presence", { state: "offline", reason: "lost" }, { network });
    assert.is(await drift(), "offline");
  });

  it("a state that comes after a newer one of the same start undoes nothing, live or retained; one of another start counts by its arrival", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    const say = async (number: number, start = "aB-_9", retained = false): Promise<void> => {
      await rig.send(id, "reported", report({ problems: [`${number}`] }), { network, retained, id: `${start}-${number}` });
      await rig.send(id, "devices", { devices: [device(`02:00:00:00:00:${number}`)] }, { network, retained, id: `${start}-${number}` });
    };
    const has = async (): Promise<unknown> => [(await rig.fleet.gateway(id)).reported!.problems, (await rig.fleet.devices(network)).filter(({ associated }) => associated).map(({ mac }) => mac)];
    const state = (number: number): unknown => [[`${number}`], [`02:00:00:00:00:${number}`]];
    await say(20);
    await say(19);
    await say(18, "aB-_9", true);
    assert.equal(await has(), state(20));
    rig.clock.ahead = -1000; // a process whose clock is behind
    await say(21);
    rig.clock.ahead = 0;
    assert.equal(await has(), state(21));
    await say(10, "other");
    assert.equal(await has(), state(10));
  });

  it("hello: a gateway that has everything gets a welcome alone", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    await eventually(() => rig.broker.documents(id, "desired").length === 1, "the push");
    const [desired] = rig.broker.documents(id, "desired");
    const reported = report({ desired: { sequence: desired!.sequence, digest: desired!.digest, version: 1 } });
    await rig.send(id, "reported", reported, { network });
    await rig.send(id, "devices", { devices: [] }, { network });
    await rig.send(id, "events", { stream: "s1", events: [{ n: 4, level: "info", event: "x", fields: {} }] }, { network });
    await rig.send(id, "hello", hello({ desired: { sequence: desired!.sequence, digest: desired!.digest }, reported: digest(reported), devices: digest({ devices: [] }) }), { network });
    const [welcome] = rig.broker.told(id, "welcome");
    assert.equal([welcome!.want, welcome!.stored, welcome!.time.body.nonce], [[], 4, "0123456789abcdef"]);
    assert.is(judgeDocument(signer, welcome!.time, { network, gateway: id, keys: rig.pki.keys, revoked: [], sequence: undefined, now: Date.now(), notBefore: 0 }), undefined);
    assert.is(rig.broker.documents(id, "desired").length, 1);
  });

  it("hello: what differs is asked for and sent", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    rig.broker.fail = true;
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    await eventually(() => rig.logged.some(({ event, fields }) => event === "publish.failed" && fields?.["gateway"] === id), "the failed publish");
    rig.broker.fail = false;
    await rig.send(id, "hello", hello(), { network });
    assert.equal(rig.broker.told(id, "welcome")[0]!.want, ["reported", "devices"]);
    assert.is(rig.broker.told(id, "welcome")[0]!.stored, -1);
    assert.is(rig.broker.documents(id, "desired").at(-1)!.body.version, 1);
    assert.is((await rig.fleet.gateway(id)).presence, "online");
  });

  it("hello: a gateway that knows a higher sequence (our database is older) gets nothing until somebody pushes, then one above it", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    await rig.send(id, "hello", hello({ desired: { sequence: 41, digest: "e".repeat(64) } }), { network });
    await rig.fleet.resynchronise();
    await rig.fleet.changeNetwork(ANNA, network, { settings: { events: "warn" } });
    rig.clock.ahead = 25 * 86_400_000;
    await rig.fleet.reconcile();
    rig.clock.ahead = 0;
    assert.is(rig.broker.documents(id, "desired").filter(({ sequence }) => sequence > 1).length, 0);
    const { drift } = await rig.fleet.gateway(id);
    assert.is(drift!.kind, "held");
    assert.match(drift!.message, /restored from an older backup: gateway has document 41, backend knows \d/);
    assert.is((await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "the same confirms")).version, 1);
    await eventually(() => rig.broker.documents(id, "desired").at(-1)?.sequence === 42, "the push");
    assert.is.not((await rig.fleet.gateway(id)).drift?.kind, "held");
  });

  it("reported: a refusal as older is answered with a new number; one of the policy is not", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    await eventually(() => rig.broker.documents(id, "desired").length === 1, "the push");
    await rig.send(id, "reported", report({ refused: { kind: "desired", code: "policy", message: "no", sequence: 1, at: 1 } }), { network });
    assert.is(rig.broker.documents(id, "desired").length, 1);
    await rig.send(id, "reported", report({ desired: { sequence: 7, digest: "e".repeat(64), version: 9 }, refused: { kind: "desired", code: "older", message: "no", sequence: 1, at: 1 } }), { network });
    assert.equal([rig.broker.documents(id, "desired").length, (await rig.fleet.gateway(id)).drift!.kind], [1, "held"], "it has what we do not know: see hello");
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "two"), "decided");
    await eventually(() => rig.broker.documents(id, "desired").at(-1)?.sequence === 8, "the push");
    await rig.send(id, "reported", report({ desired: { sequence: 7, digest: "e".repeat(64), version: 9 }, refused: { kind: "desired", code: "expired", message: "no", sequence: 8, at: 1 } }), { network });
    assert.is(rig.broker.documents(id, "desired").at(-1)!.sequence, 9);
  });

  it("events: stored once, acknowledged after the commit, paged, filtered; hostile text and times are stored too", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    const event = (n: number, level: "info" | "warn" | "error" = "info") => ({ n, level, event: `e${n}`, fields: { mac: "x" } });
    const batch = { stream: "abc", events: [event(0), event(1, "warn"), event(2, "error")] };
    await rig.send(id, "events", batch, { network });
    await rig.send(id, "events", { ...batch, events: [...batch.events, event(3)] }, { network });
    assert.equal(rig.broker.told(id, "ack"), [{ stream: "abc", stored: 2 }, { stream: "abc", stored: 3 }]);
    const rows = await rig.fleet.events({ network, limit: 10 });
    assert.equal(rows.map(({ event: name }) => name), ["e3", "e2", "e1", "e0"]);
    assert.equal((await rig.fleet.events({ network, level: "warn", limit: 10 })).map(({ event: name }) => name), ["e2", "e1"]);
    assert.equal((await rig.fleet.events({ gateway: id, before: rows[1]!.id, limit: 1 })).map(({ event: name }) => name), ["e1"]);
    await rig.database.query("DELETE FROM events WHERE network = $1", [network]);
    await rig.send(id, "events", batch, { network });
    assert.is((await rig.fleet.events({ network, limit: 10 })).length, 0, "repeats of what retention removed stay away");
    await rig.send(id, "events", { stream: "def", events: [{ n: 9, at: 8_640_000_000_000_000, level: "info", event: "nul\0", fields: { "a\0": "\ud800" } }] }, { network });
    assert.equal((await rig.fleet.events({ network, limit: 1 }))[0]?.fields, { "a\ufffd": "\ufffd" });
    await eventually(() => rig.seen.some((seen) => seen.kind === "event" && seen.gateway === id && seen.event.event === "e2"), "the live event");
  });

  it("devices: the latest place of each; those that went stay known", async () => {
    const { network, ids: [one, two] } = await makeNetwork(rig, 2) as { network: string; ids: [string, string] };
    const mac = "02:00:00:00:00:11";
    await rig.send(one, "devices", { devices: [device(mac, { name: "lamp", addresses: ["192.0.2.7"] }), device("02:00:00:00:00:12")] }, { network });
    await rig.send(two, "devices", { devices: [device(mac)] }, { network });
    await rig.send(one, "devices", { devices: [device("02:00:00:00:00:12")] }, { network });
    const rows = await rig.fleet.devices(network);
    assert.equal(rows.map((row) => [row.mac, row.gateway, row.associated]), [[mac, two, true], ["02:00:00:00:00:12", one, true]]);
    await rig.send(two, "devices", { devices: [] }, { network });
    assert.equal((await rig.fleet.devices(network)).map(({ associated }) => associated), [false, true]);
  });

  it("dry run: problems or difference, changed decisions, what is not enforced; nothing changes", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    await rig.send(id, "devices", { devices: [device("02:00:00:00:00:11"), device("02:00:00:00:00:12")] }, { network });
    const text = policyText(network, "x", '[{ from: "02:00:00:00:00:11", to: "02:00:00:00:00:12", allow: [tcp/80] }]');
    const run = await rig.fleet.dryRun(network, text);
    assert.equal([run.valid, run.gateways], [true, 1]);
    assert.match(run.diff, `+network: ${network}`);
    assert.equal(run.changes, [{ from: "02:00:00:00:00:11", to: "02:00:00:00:00:12", service: "tcp/80", before: "deny", after: "allow" }]);
    assert.equal([run.total, run.cut], [1, []]);
    await rig.database.query(
      `INSERT INTO devices (gateway, mac, network, port, addresses, groups, quarantined, blocked, associated, first_seen, last_seen)
       SELECT $1, '02:00:00:01:' || lpad(to_hex(i / 256), 2, '0') || ':' || lpad(to_hex(i % 256), 2, '0'), $2, '', '[]', '[]', false, false, false, to_timestamp(0), to_timestamp(0) FROM generate_series(1, 499) i`, [id, network]);
    assert.equal((await rig.fleet.dryRun(network, text)).cut, ["devices"], "501 devices");
    const bad = await rig.fleet.dryRun(network, "network: [");
    assert.not(bad.valid);
    assert.ok(bad.problems.length > 0);
    assert.is((await rig.fleet.network(network)).policyVersion, 0);
    await refused(rig.fleet.dryRun("nowhere", text), 404);
  });

  it("identity: accepted, renewed, enrolled again, revoked", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    const first = (await rig.fleet.gateway(id)).certificate!.serial;
    assert.ok(await rig.fleet.isAccepted(id, network, first));
    assert.not(await rig.fleet.isAccepted(id, "elsewhere", first));
    await rig.send(id, "renew", { csr: "x".repeat(60) }, { network });
    const second = (await rig.fleet.gateway(id)).certificate!.serial;
    assert.is.not(second, first);
    assert.is(rig.broker.told(id, "certificate").length, 1);
    assert.ok(await rig.fleet.isAccepted(id, network, first), "the one before is good until it ends");
    await rig.fleet.enrolled(ANNA, id, network, "", rig.pki.certificate());
    assert.not(await rig.fleet.isAccepted(id, network, second), "a new enrolment ends the old certificates");
    assert.ok(rig.broker.disconnected.includes(id));
    const third = (await rig.fleet.gateway(id)).certificate!.serial;
    await rig.fleet.revokeGateway(ANNA, id, "stolen");
    assert.not(await rig.fleet.isAccepted(id, network, third));
    assert.is((await rig.database.query("SELECT serial FROM revoked_certificates WHERE gateway = $1", [id])).length, 3);
    await rig.send(id, "reported", report(), { network });
    assert.is((await rig.fleet.gateway(id)).reported, undefined);
    assert.ok((await rig.fleet.audit({ network, limit: 20 })).some(({ action, outcome }) => action === "gateway.message" && outcome === "refused"));
  });

  it("a gateway is removed after it was revoked, never before; its certificates stay worthless, and its name is free for another network", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    const { serial } = (await rig.fleet.gateway(id)).certificate!;
    await rig.send(id, "devices", { devices: [device("02:00:00:00:00:11")] }, { network });
    assert.match((await refused(rig.fleet.removeGateway(ANNA, id), 409)).message, /revoke it first/);
    await rig.fleet.revokeGateway(ANNA, id, "sold");
    await rig.fleet.removeGateway(ANNA, id);
    await refused(rig.fleet.removeGateway(ANNA, id), 404);
    assert.equal([await rig.fleet.gateways(network), await rig.fleet.devices(network)], [[], []]);
    const other = await makeNetwork(rig);
    await rig.fleet.enrolled(ANNA, id, other.network, "", rig.pki.certificate());
    assert.not(await rig.fleet.isAccepted(id, network, serial));
    assert.is((await rig.fleet.gateway(id)).network, other.network);
  });

  it("a message that is malformed, of another network or an unknown gateway changes nothing and is counted", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    const before = { ...rig.fleet.statistics };
    const raw = (text: string) => rig.fleet.take({ network, gateway: id, channel: "reported", payload: new TextEncoder().encode(text), retained: false });
    for (const text of ["{", "null", "[".repeat(5000), '{"v":1,"type":"hello","id":"a","body":{}}', '{"v":2,"type":"reported","id":"a","body":{}}']) await raw(text);
    assert.is(rig.fleet.statistics.malformed - before.malformed, 5);
    assert.is(rig.logged.filter(({ event, fields }) => event === "message.malformed" && fields?.["gateway"] === id).length, 1, "logged once a minute");
    const other = await makeNetwork(rig);
    await rig.send(id, "reported", report(), { network: other.network });
    await rig.send("nobody", "reported", report(), { network });
    assert.is(rig.fleet.statistics.unknown - before.unknown, 2);
    assert.is((await rig.fleet.gateway(id)).reported, undefined);
  });

  it("reconciliation: an online gateway that stays behind gets its document again", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    await rig.send(id, "presence", { state: "online" }, { network });
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    await eventually(() => rig.broker.documents(id, "desired").length === 1, "the push");
    await rig.fleet.reconcile();
    assert.is(rig.broker.documents(id, "desired").length, 1, "a push has ten seconds");
    rig.clock.ahead = 11_000;
    await rig.fleet.reconcile();
    assert.is(rig.broker.documents(id, "desired").length, 2);
    await rig.send(id, "presence", { state: "offline", reason: "lost" }, { network });
    await rig.fleet.reconcile();
    assert.is(rig.broker.documents(id, "desired").length, 2, "who is offline says hello first");
    rig.clock.ahead = 25 * 86_400_000;
    await rig.fleet.reconcile();
    const fresh = rig.broker.documents(id, "desired").at(-1)!;
    rig.clock.ahead = 0;
    assert.is(fresh.sequence, 2, "a document near its end is dated anew");
    assert.ok(fresh.expires > Date.now() + 50 * 86_400_000);
  });

  it("keys: after a rotation every gateway gets the document, signed by a key that it believes; a missed one with the next hello", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    const old = rig.pki.keys.at(-1)!.id;
    await rig.send(id, "reported", report({ keys: [old] }), { network });
    await rig.pki.rotate();
    await rig.fleet.keysChanged();
    const [document] = rig.broker.documents(id, "keys");
    assert.equal([document!.key, document!.body.keys.length], [old, rig.pki.keys.length]);
    await rig.send(id, "hello", hello({ believes: [old] }), { network });
    assert.is(rig.broker.documents(id, "keys").length, 2);
    assert.is(rig.broker.told(id, "welcome").at(-1)!.time.key, old, "also the time: it knows no other key yet");
    await rig.send(id, "hello", hello({ keys: document!.sequence }), { network });
    assert.is(rig.broker.documents(id, "keys").length, 2);
    assert.is.not(rig.broker.told(id, "welcome").at(-1)!.time.key, old);
  });

  it("an answer never comes from an older policy than the gateway has in force", async () => {
    const { network, ids: [id] } = await makeNetwork(rig);
    const rules = (fallback: string): string => `[ { from: all, to: internet, otherwise: ask, fallback: ${fallback} } ]`;
    const question = { id: 1, kind: "flow" as const, device: "02:00:00:00:00:01", address: "198.51.100.7", protocol: 17, port: 5000 };
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one", rules("allow")), "");
    assert.is((await rig.verdicts.decide(network, id!, question)).verdict, "allow");
    const { version } = await rig.fleet.pushPolicy(ANNA, network, policyText(network, "two", rules("deny")), "");
    assert.is((await rig.verdicts.decide(network, id!, question, version)).verdict, "deny"); // the notification takes longer than this
  });

  it("verdicts: operator's most specific row, then the policy, then the fallback; answered over the link", async () => {
    const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
    const lamp = "02:00:00:00:00:11";
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "x", `[{ from: "${lamp}", to: internet, allow: [tcp/443], otherwise: ask, fallback: allow }]`) + 'quarantine: ["02:00:00:00:00:66"]\n', "first");
    const flow = (more = {}) => ({ id: 1, kind: "flow" as const, device: lamp, address: "198.51.100.7", protocol: 6, port: 80, ...more });
    const decide = async (question: Parameters<Rig["verdicts"]["decide"]>[2]) => (await rig.verdicts.decide(network, id, question)).verdict;
    await eventually(async () => (await decide(flow())) === "allow", "the policy's fallback");
    assert.is(await decide({ id: 1, kind: "device", device: "02:00:00:00:00:66", port: "wlan0" }), "deny");
    assert.is(await decide({ id: 1, kind: "device", device: lamp, port: "wlan0" }), "allow");
    const verdict = { network, device: lamp, remote: "198.51.100.0/24", kind: "flow" as const, verdict: "deny" as const, reason: "no", lifetime: 600 };
    const denied = await rig.fleet.addVerdict(ANNA, verdict);
    await eventually(async () => (await decide(flow())) === "deny", "the new row");
    await rig.fleet.addVerdict(ANNA, { ...verdict, remote: "198.51.100.7", verdict: "allow" });
    await eventually(async () => (await decide(flow())) === "allow", "the narrower row");
    await rig.send(id, "ask", { questions: [flow({ id: 5, address: "198.51.100.9" }), { id: 6, kind: "device", device: lamp, port: "wlan0" }] }, { network });
    const { answers } = rig.broker.told(id, "answers")[0]!;
    assert.equal(answers.map((answer) => [answer.id, answer.verdict, answer.lifetime]).sort(), [[5, "deny", 600_000], [6, "allow", 60_000]]);
    await rig.fleet.removeVerdict(ANNA, denied.id);
    await refused(rig.fleet.removeVerdict(ANNA, denied.id), 404);
    await refused(rig.fleet.addVerdict(ANNA, { ...verdict, remote: "not an address" }), 422);
  });

  it("a push to 1,000 gateways keeps the event loop free", async () => {
    const { network } = await makeNetwork(rig);
    await rig.database.query("INSERT INTO gateways (id, network) SELECT $1 || '-' || n, $1 FROM generate_series(1, 999) n", [network]);
    let [last, worst, turns] = [performance.now(), 0, 0];
    const watch = setInterval(() => { const now = performance.now(); turns++; worst = Math.max(worst, now - last); last = now; }, 1);
    const start = performance.now();
    await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
    const acknowledged = performance.now() - start;
    await eventually(() => rig.broker.published.filter(({ topic }) => topic.startsWith(`securebox/1/${network}/`)).length === 1000, "1,000 documents", 20_000);
    clearInterval(watch);
    console.log(`  ${engine}: push to 1,000 gateways: acknowledged after ${acknowledged.toFixed(0)} ms, all published after ${(performance.now() - start).toFixed(0)} ms, event loop held for ${worst.toFixed(0)} ms at most, ${turns} turns`);
    // Turns of the loop, not milliseconds: others may use the processor as well. Signed and published in one go it would turn once or twice.
    assert.ok(turns >= 5, `the event loop turned only ${turns} times`);
  });
}
