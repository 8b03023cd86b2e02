// SPDX-License-Identifier: Apache-2.0
// The real gateway on a real Open vSwitch, with a real Mosquitto over TLS and a stand-in for the backend behind it: enrolment, documents in force and
// refused, questions, restarts, and a broker that is gone.
import { mkdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encodeDocument, type AskQuestion, type RefusalCode, type SignedDocument } from "@securebox/contract";
import { arp, tcp } from "../../src/wifi-isolation/fake/frames.ts";
import { setup } from "../../tools/setup/index.ts";
import { sleep, telling, until } from "../lab/command.ts";
import { DummyGateway } from "../lab/dummy-gateway.ts";
import type { Engine } from "../lab/gateway.ts";
import { desiredOf, signingKey, StandInBackend } from "../lab/stand-in-backend.ts";

interface Context { gateway: DummyGateway; backend: StandInBackend }

const policy = (network: string, port: number): string => `network: ${network}\nrules:\n  - { from: all, to: internet, allow: [tcp/${port}] }\n`;
const NEW = "02:00:00:00:00:91";
const arpFrom = (mac: string, last: number): Uint8Array => arp(1, { mac, ip: `10.77.0.${last}` }, { ip: "10.77.0.1" });

for (const engine of ["quickjs", "node"] as Engine[]) {
  const test = suite<Context>(`gateway and backend, on ${engine}`);

  test.before(telling(() => setup({ parts: ["packages", "openvswitch", "quickjs", "securebox"] })));
  test.before.each(telling(async (context: Context) => {
    context.gateway = await DummyGateway.prepare(engine, policy("file", 80));
    const directory = `${context.gateway.directory}/backend`;
    mkdirSync(directory);
    context.backend = await StandInBackend.start(directory);
  }));
  test.after.each(async ({ gateway, backend }) => {
    await gateway.stop();
    await backend.stop();
  });

  test("enrolled while it runs, by a token on standard input: the file until the first document, then the document, in the switch and in reported", async ({ gateway, backend }) => {
    await gateway.start();
    const enrolled = await gateway.cli(["enroll", "-", "--json"], `${backend.token}\n`);
    assert.is(enrolled.code, 0, enrolled.stderr);
    assert.equal(JSON.parse(enrolled.stdout), { network: "home", gateway: "gw-test", broker: `127.0.0.1:${backend.brokerPort}` });
    await until("a report", 5000, () => backend.reported?.policy.source === "file" && backend.reported.switch.state === "ready");
    assert.is((await gateway.status()).policy.source, "file");
    const before = await gateway.flows();
    assert.match(before, "ct_tp_dst=80");

    const document = backend.desire(policy("home", 443), 1);
    await until("the document in force", 5000, () => backend.reported?.desired?.sequence === document.sequence);
    const flows = await gateway.flows();
    assert.match(flows, "ct_tp_dst=443");
    assert.not.match(flows, "ct_tp_dst=80");
    const { desired, policy: reported, switch: state, healthy, clock, keys, certificate } = backend.reported!;
    assert.equal(desired, { sequence: document.sequence, digest: document.digest, version: 1 });
    assert.equal([reported.source, reported.network, state.state, healthy, clock], ["backend", "home", "ready", true, "trusted"]);
    assert.equal(keys, [backend.key.id]);
    assert.ok(certificate!.expires > Date.now());
    const status = await gateway.status();
    assert.equal([status.policy.source, status.policy.version, status.backend!.state, status.backend!.synchronised], ["backend", 1, "connected", true]);
    assert.match((await gateway.cli(["status"])).stdout, /backend: +gw-test of network home at 127\.0\.0\.1:\d+, connected since .*, desired 1 \(version 1\), certificate until /);
    assert.match((await gateway.cli(["policy", "show"])).stdout, "# from the backend; the policy file is not read");
    await until("the events", 5000, () => backend.events.some(({ event }) => event === "policy enforced"));
    assert.is((await gateway.cli(["enroll", backend.token])).code, 4, "a second time");
    await gateway.kill("SIGTERM");
    await until("the farewell", 2000, () => backend.presence === "offline stopped");
  });

  test("enrolled where no gateway runs, with wrong tokens refused; it connects when it starts", async ({ gateway, backend }) => {
    const config = ["--config", gateway.configFile];
    for (const [token, status] of [["nonsense", 4], ["", 2], [`${backend.token.slice(0, -8)}`, 4]] as const) {
      const { code, stderr } = await gateway.cli(["enroll", "-", ...config], token);
      assert.is(code, status, stderr);
    }
    assert.is((await gateway.cli(["unenroll", ...config])).code, 4);
    const { code, stdout, stderr } = await gateway.cli(["enroll", backend.token, ...config]);
    assert.is(code, 0, stderr);
    assert.match(stdout, "enrolled as gw-test of network home");
    await gateway.start();
    await until("a report", 5000, () => backend.reported?.gateway.engine === engine);
    assert.is(backend.presence, "online");
  });

  test("what must not count is refused, each with its reason in reported, and the flows stay", async ({ gateway, backend }) => {
    await enrolled(gateway, backend);
    const flows = await gateway.flows();
    const other = signingKey();
    const body = desiredOf(policy("home", 22), 2);
    const now = Date.now();
    const changed = (document: SignedDocument, change: object): Uint8Array => new TextEncoder().encode(canonical({ ...document, ...change }));
    const refusals: [RefusalCode, Uint8Array][] = [
      ["older", encodeDocument(backend.document(body, { sequence: 0 }))],
      ["replayed", encodeDocument(backend.document(body, { sequence: 1 }))],
      ["unsigned", changed(backend.document(body), { signature: "" })],
      ["signature", changed(backend.document(body), { signature: backend.document(body).signature })],
      ["digest", changed(backend.document(body), { body: desiredOf(policy("home", 23), 2) })],
      ["unknown-key", encodeDocument(backend.document(body, {}, other))],
      ["expired", encodeDocument(backend.document(body, { issued: now - 7_200_000, expires: now - 3_600_000 }))],
      ["not-yet", encodeDocument(backend.document(body, { issued: now + 3_600_000, expires: now + 7_200_000 }))],
      ["network", encodeDocument(backend.document(body, { network: "office" }))],
      ["gateway", encodeDocument(backend.document(body, { gateway: "gw-other" }))],
      ["version", changed(backend.document(body), { v: 2 })],
      ["critical", encodeDocument(backend.document({ ...body, settings: { curfew: "22:00" } } as never, { critical: ["body.settings.curfew"] }))],
      ["malformed", encodeDocument(backend.document(body)).subarray(0, 200)],
      ["malformed", new TextEncoder().encode("[".repeat(100_000))],
      ["policy", encodeDocument(backend.document({ version: 2, settings: {} } as never))],
    ];
    for (const [code, bytes] of refusals) {
      const last = backend.reported?.refused?.message;
      backend.publish(bytes, false);
      await until(`the refusal ${code}`, 5000, () => backend.reported?.refused?.code === code && (backend.reported.refused.message !== last || undefined))
        .catch((error: Error) => { throw new Error(`${error.message}; refused is ${JSON.stringify(backend.reported?.refused)}`); });
      assert.is(backend.reported!.desired!.sequence, 1, code);
    }
    assert.is(await gateway.flows(), flows);
    assert.match((await gateway.cli(["status"])).stdout, "refused: ");

    const hellos = backend.hellos;
    backend.publish(new Uint8Array(5_000_000), false); // beyond what the gateway reads: the connection ends, and comes again
    await until("the next hello", 20_000, () => backend.hellos > hellos);
    assert.is(await gateway.flows(), flows);

    const good = backend.document({ ...desiredOf(policy("home", 8443), 3), curfew: "22:00" } as never);
    backend.publish(encodeDocument(good));
    await until("the next good one", 20_000, () => backend.reported?.desired?.sequence === good.sequence);
    assert.is(backend.reported!.refused, undefined);
    assert.equal(backend.reported!.policy.ignored, ["body.curfew"]);
    assert.match(await gateway.flows(), "ct_tp_dst=8443");
  });

  test("restarted without its backend it enforces the last document, whatever the file says, and says so", async ({ gateway, backend }) => {
    await enrolled(gateway, backend);
    const flows = await gateway.flows();
    await backend.broker.stop();
    await gateway.kill("SIGKILL");
    const status = await gateway.start();
    assert.is(status.policy.source, "backend");
    assert.is(await gateway.flows(), flows);
    assert.is(status.switch.lastSync!.changed, 0);
    assert.match((await gateway.cli(["status"])).stdout, "NOT CONNECTED");
    assert.is((await gateway.cli(["status"])).code, 0, "a cut link is no problem of the gateway's health");
    await backend.brokerAgain();
    const next = backend.desire(policy("home", 8443), 2);
    await until("the next document", 20_000, () => backend.reported?.desired?.sequence === next.sequence);
  });

  for (const [what, clock] of [["at 1970", "@1970-01-01 00:01:00"], ["an hour slow", "-1h"], ["an hour fast", "+1h"]] as const) {
    test(`a clock ${what}: the kept policy at once, the link, the right time; what has expired stays refused`, async ({ gateway, backend }) => {
      await enrolled(gateway, backend);
      await gateway.kill("SIGKILL");
      backend.reported = undefined;
      const status = await gateway.start(wrongClock(clock));
      assert.is(status.policy.source, "backend");
      await until("the link", 10_000, () => backend.reported?.clock === "trusted");
      const now = Date.now();
      backend.publish(encodeDocument(backend.document(desiredOf(policy("home", 22), 2), { issued: now - 7_200_000, expires: now - 1_800_000 })), false);
      await until("the refusal", 5000, () => backend.reported?.refused?.code === "expired");
      const next = backend.desire(policy("home", 8443), 3);
      await until("the next document", 5000, () => backend.reported?.desired?.sequence === next.sequence);
      const year = new Date(backend.events.at(-1)!.at!).getTime();
      assert.ok(Math.abs(year - Date.now()) < 60_000, `an event is dated ${new Date(year).toISOString()}`);
    });
  }

  test("left, it goes back to its file, and to nothing when there is none", async ({ gateway, backend }) => {
    await enrolled(gateway, backend);
    const { code, stdout } = await gateway.cli(["unenroll"]);
    assert.is(code, 0);
    assert.match(stdout, /left network home.*\n.*policy file is in force now.*\n.*revoke it there/);
    assert.match(await gateway.flows(), "ct_tp_dst=80");
    await until("the farewell", 2000, () => backend.presence === "offline stopped");
    const status = await gateway.status();
    assert.equal([status.policy.source, status.backend], ["file", undefined]);
    await gateway.kill("SIGTERM");
    assert.is((await gateway.start()).policy.source, "file");
  });

  test("a new device: asked about with its first packet held; denied, late, unanswered, garbled", async ({ gateway, backend }) => {
    await enrolled(gateway, backend);
    const asked: string[] = [];
    backend.answer = (question) => {
      asked.push(question.device);
      return question.device === NEW ? { verdict: "deny", lifetime: 600_000, reason: "not on the list" } : undefined;
    };
    await gateway.receive("p1", arpFrom(NEW, 91));
    const denied = await until("the denied device", 3000, async () => (await gateway.devices()).find(({ mac }) => mac === NEW));
    assert.equal([denied.blocked, denied.reason], [true, "denied by the backend: not on the list"]);
    await until("the report", 10_000, () => backend.devices?.devices.some(({ mac, blocked, reason }) => mac === NEW && blocked && reason === denied.reason));

    const silent = "02:00:00:00:00:92";
    await gateway.receive("p1", arpFrom(silent, 92));
    const joined = await until("the unanswered one", 3000, async () => (await gateway.devices()).find(({ mac }) => mac === silent));
    assert.equal([joined.blocked, joined.addresses], [false, ["10.77.0.92"]]);

    const garbled = "02:00:00:00:00:93";
    backend.garble = ({ id }) => new TextEncoder().encode(JSON.stringify({ v: 1, type: "answers", id: "x", body: { answers: [{ id: id + 1000, verdict: "deny", lifetime: 1 }, { id: 7.5 }] } }));
    await gateway.receive("p1", arpFrom(garbled, 93));
    const third = await until("the garbled one", 3000, async () => (await gateway.devices()).find(({ mac }) => mac === garbled));
    assert.is(third.blocked, false);
    assert.equal(asked, [NEW, silent, garbled]);

    await gateway.kill("SIGKILL");
    await gateway.start();
    assert.is((await gateway.devices()).find(({ mac }) => mac === NEW)!.blocked, true, "the denial outlives a restart");
  });

  test("a flow that a rule asks about: held, answered, in the switch; one question for all its packets; the fallback when nobody answers", async ({ gateway, backend }) => {
    await enrolled(gateway, backend);
    const questions: AskQuestion[] = [];
    backend.answer = (question) => {
      questions.push(question);
      return question.kind === "device" || question.port === 4433 ? { verdict: "allow", lifetime: 600_000, reason: "known" } : undefined;
    };
    const next = backend.desire("network: home\nrules:\n  - { from: all, to: internet, otherwise: ask, fallback: deny }\n", 2);
    await until("the rule", 5000, () => backend.reported?.desired?.sequence === next.sequence);
    await gateway.receive("p1", arpFrom(NEW, 91));
    await until("the device", 3000, async () => (await gateway.devices()).some(({ mac, addresses }) => mac === NEW && addresses.length > 0));
    const before = (await gateway.status()).held;
    const ends = { from: { mac: NEW, ip: "10.77.0.91" }, to: { mac: "02:77:00:00:00:01", ip: "192.0.2.80" } };
    await Promise.all([50_001, 50_002, 50_003].map((port) => gateway.receive("p1", tcp(ends, port, 4433))));
    await until("the verdict", 3000, async () => /idle_timeout=60.*ct_tp_dst=4433.*goto_table/.test(await gateway.flows()));
    assert.equal(questions.filter(({ kind }) => kind === "flow").map((question) => ({ ...question, id: 0 })), [{ id: 0, kind: "flow", device: NEW, address: "192.0.2.80", protocol: 6, port: 4433 }]);
    await until("none held any more", 3000, async () => (await gateway.status()).held.now === 0);
    const after = (await gateway.status()).held; // one that came after the verdict was not held at all
    assert.ok(after.released > before.released && after.dropped === before.dropped, JSON.stringify({ before, after }));

    const answered = (await gateway.status()).held;
    await gateway.receive("p1", tcp(ends, 50_010, 5555));
    await until("the fallback", 1000, async () => /idle_timeout=60.*ct_tp_dst=5555.*actions=drop/.test(await gateway.flows()));
    const { released, dropped, now } = (await gateway.status()).held;
    assert.equal([released, dropped, now], [answered.released, answered.dropped + 1, 0]);
  });

  test("settings: new devices are not asked about, and only errors are events", async ({ gateway, backend }) => {
    await enrolled(gateway, backend);
    const next = backend.desire(policy("home", 443), 2, { askDevices: false, events: "error" });
    await until("the settings", 5000, () => backend.reported?.desired?.sequence === next.sequence);
    await sleep(300);
    const events = backend.events.length;
    await gateway.receive("p1", arpFrom(NEW, 91));
    await until("the device", 3000, async () => (await gateway.devices()).some(({ mac }) => mac === NEW));
    assert.is(backend.said.filter(({ type }) => type === "ask").length, 0);
    await sleep(500);
    assert.is(backend.events.length, events);
  });

  test.run();
}

async function enrolled(gateway: DummyGateway, backend: StandInBackend): Promise<void> {
  backend.desire(policy("home", 443), 1);
  await gateway.start();
  const { code, stderr } = await gateway.cli(["enroll", "-"], backend.token);
  assert.is(code, 0, stderr);
  await until("the first document in force", 10_000, () => backend.reported?.desired?.sequence === 1);
}

/** By libfaketime; the monotonic clock goes on. */
function wrongClock(clock: string): Record<string, string> {
  return { LD_PRELOAD: "/usr/$LIB/faketime/libfaketime.so.1", FAKETIME: clock, DONT_FAKE_MONOTONIC: "1" };
}

/** RFC 8785 for what stands in these documents. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`).join()}}`;
}
