// SPDX-License-Identifier: Apache-2.0
// What is not taken: each refusal leaves the old state in force and on flash, and its reason in `reported`.
import { encodeDocument } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BUILD_DATE } from "../clock.ts";
import { DAY, desiredBody, FakeBackend, FakeGateway, linkUp, publicOf, signingKey, TODAY } from "./fake-backend.ts";

const documents = suite("documents at the link");
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const stranger = signingKey();
const bad: Record<string, [code: string, make: (backend: FakeBackend) => Uint8Array]> = {
  older: ["older", (backend) => backend.desired(4)],
  "replayed with other content": ["replayed", (backend) => encodeDocument(backend.sign("desired", desiredBody(99), { sequence: 5 }))],
  unsigned: ["unsigned", (backend) => utf8(text(backend.desired(6)).replace(/"signature":"[^"]*"/, '"signature":""'))],
  "signed by another key": ["unknown-key", (backend) => backend.desired(6, { key: stranger })],
  "signed by another key that calls itself ours": ["signature", (backend) => backend.desired(6, { key: { ...stranger, id: backend.key.id } })],
  "signed by the recovery key": ["key-use", (backend) => backend.desired(6, { key: backend.recovery })],
  expired: ["expired", (backend) => backend.desired(6, { issued: TODAY - 3 * DAY, expires: TODAY - DAY })],
  "not valid yet": ["not-yet", (backend) => backend.desired(6, { issued: TODAY + 2 * DAY, expires: TODAY + 3 * DAY })],
  "for another network": ["network", (backend) => backend.desired(6, { network: "office" })],
  "for another gateway": ["gateway", (backend) => backend.desired(6, { gateway: "cellar" })],
  truncated: ["malformed", (backend) => backend.desired(6).slice(0, 200)],
  "with a byte changed": ["digest", (backend) => utf8(text(backend.desired(6)).replace('"version":6', '"version":7'))],
  "5 MB": ["too-large", () => new Uint8Array(5_000_000)],
  "deeply nested": ["malformed", () => utf8("[".repeat(100_000))],
  "of another kind on this topic": ["malformed", (backend) => encodeDocument(backend.sign("keys", { keys: [publicOf(backend.key)] }, { sequence: 9 }))],
  "of a later version": ["version", (backend) => utf8(text(backend.desired(6)).replace('"v":1', '"v":2'))],
};

for (const [name, [code, make]] of Object.entries(bad)) {
  documents(`${name}: refused, the old state in force, the reason in reported`, async () => {
    const { backend, gateway, pass } = await linkUp();
    backend.deliver("desired", backend.desired(5));
    await pass(2000);
    backend.deliver("desired", make(backend));
    await pass(2000);
    assert.equal(gateway.enforced, [5]);
    assert.is(gateway.link.status.refused?.code, code);
    assert.is(gateway.reported?.refused?.code, code);
    assert.is(gateway.reported?.desired?.sequence, 5);
    assert.is(gateway.store.documents().desired?.sequence, 5);
    assert.is([...backend.events.values()].filter(({ event }) => event === "document refused").length, 1);
    backend.deliver("desired", backend.desired(10));
    await pass(2000);
    assert.equal(gateway.enforced, [5, 10]);
    assert.is(gateway.reported?.refused, undefined, "accepted since");
  });
}

documents("a flood of different bad documents: ten events a minute, one report a second", async () => {
  const { backend, gateway, pass } = await linkUp();
  const before = gateway.sent("reported");
  for (let count = 0; count < 600; count++) {
    backend.deliver("desired", utf8(`{"count":${count}`));
    await pass(100);
  }
  assert.ok(gateway.sent("reported") - before <= 62, `${gateway.sent("reported") - before} reports`);
  assert.ok([...backend.events.values()].filter(({ event }) => event === "document refused").length <= 11);
});

documents("the same retained document with every connection is no refusal and no work", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.deliver("desired", backend.desired(5));
  await pass(2000);
  for (let count = 0; count < 5; count++) {
    backend.cut();
    await pass(2000);
  }
  assert.equal(gateway.enforced, [5]);
  assert.is(gateway.link.status.refused, undefined);
});

documents("the time unknown: documents wait, the newest of them is taken when it is known", async () => {
  const backend = new FakeBackend();
  backend.mode = "mute";
  const { gateway, pass } = await linkUp(backend);
  backend.deliver("desired", backend.desired(5));
  backend.deliver("desired", backend.desired(6));
  backend.deliver("desired", backend.desired(5));
  await pass(1000);
  assert.equal(gateway.enforced, []);
  assert.not(gateway.link.status.synchronised);
  backend.mode = "up";
  await pass(12_000);
  assert.equal(gateway.enforced, [6]);
});

for (const [name, date] of Object.entries({ "in 1970": 0, "at the build date": BUILD_DATE, "an hour ahead": TODAY + 3_600_000, "years ahead": TODAY + 5000 * DAY })) {
  documents(`an access point whose clock stands ${name}: nothing expired or replayed is taken, and the newest is in force soon`, async () => {
    const backend = new FakeBackend();
    backend.machine.time.setDate(date);
    backend.retained.set("securebox/1/home/attic/desired", backend.desired(6, { issued: TODAY - 3 * DAY, expires: TODAY - DAY }));
    const { gateway, pass } = await linkUp(backend);
    assert.equal(gateway.enforced, []);
    assert.is(gateway.link.status.refused?.code, "expired");
    backend.deliver("desired", backend.desired(7));
    await pass(100);
    assert.equal(gateway.enforced, [7]);
    assert.ok("now" in gateway.backend.connection!.options.tls!.validAt === false, "the wall clock is never believed: the first connection knows a lower bound only");
  });
}

documents("what was certain before a restart stays so: expired at the floor is refused without asking the time", async () => {
  const backend = new FakeBackend();
  const first = await linkUp(backend);
  first.gateway.link.stop();
  backend.mode = "mute";
  const { gateway, pass } = await linkUp(backend);
  backend.deliver("desired", backend.desired(6, { issued: TODAY - 3 * DAY, expires: TODAY - DAY }));
  await pass(100);
  assert.is(gateway.link.status.refused?.code, "expired");
});

documents("a time for another nonce is not believed", async () => {
  const backend = new FakeBackend();
  const sign = backend.sign.bind(backend);
  backend.sign = ((kind: "time", body: { nonce: string; now: number }, header: object) => sign(kind, kind === "time" ? { ...body, nonce: "AAAAAAAAAAAAAAAAAAAAAAAA" } : body, header as never)) as never;
  const { gateway } = await linkUp(backend);
  assert.is(gateway.link.status.clock, "floor");
  assert.is(gateway.link.status.refused?.kind, "time");
});

documents("a policy that does not fit: the old one stays in force and on flash; it is not tried with every delivery", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.deliver("desired", backend.desired(5));
  await pass(100);
  gateway.refuses.add(6);
  for (let count = 0; count < 10; count++) {
    backend.deliver("desired", backend.desired(6));
    await pass(100);
  }
  assert.equal(gateway.enforced, [5]);
  assert.is(gateway.link.status.refused?.code, "policy");
  assert.match(gateway.link.status.refused!.message, /too many groups/);
  assert.is(gateway.store.documents().desired?.sequence, 5);
  assert.is(gateway.store.documents().sequences["desired"], 5);
  assert.is(gateway.link.status.desired?.sequence, 5);
});

documents("a newer one while the last is still being put in force: only the newest counts", async () => {
  const { backend, gateway, pass } = await linkUp();
  gateway.delay = 500;
  backend.deliver("desired", backend.desired(5));
  await pass(100);
  backend.deliver("desired", backend.desired(6));
  await pass(100);
  backend.deliver("desired", backend.desired(5));
  await pass(2000);
  assert.is(gateway.link.status.desired?.sequence, 6);
  assert.is(gateway.store.documents().desired?.sequence, 6);
});

documents("a crash between flash and enforcing: the start enforces what is on flash", async () => {
  const backend = new FakeBackend();
  const first = await linkUp(backend);
  backend.deliver("desired", backend.desired(5));
  await first.pass(100);
  first.gateway.delay = 1e9;
  backend.deliver("desired", backend.desired(6));
  await first.pass(100);
  assert.is(first.gateway.link.status.desired?.sequence, 5, "not told to be in force");
  const after = new FakeGateway(backend);
  after.link.start();
  await first.pass(100);
  assert.equal(after.enforced, [6]);
});

documents("and when that does not fit, the one before", async () => {
  const backend = new FakeBackend();
  const first = await linkUp(backend);
  backend.deliver("desired", backend.desired(5));
  await first.pass(100);
  first.gateway.delay = 1e9;
  backend.deliver("desired", backend.desired(6));
  await first.pass(100);
  const after = new FakeGateway(backend);
  after.refuses.add(6);
  after.link.start();
  await first.pass(100);
  assert.equal(after.enforced, [5]);
  assert.is(after.store.documents().desired?.sequence, 5);
  assert.is(after.link.status.refused?.code, "policy");
});

documents("a full disk: the old state in force, the error in status, the link up; the new state when there is room", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.deliver("desired", backend.desired(5));
  await pass(100);
  backend.machine.files.capacity = 0;
  backend.deliver("desired", backend.desired(6));
  gateway.link.event("error", "something", {});
  await pass(20_000);
  assert.equal(gateway.enforced, [5]);
  assert.is(gateway.link.status.state, "connected");
  assert.match(gateway.link.status.storeError!, /ENOSPC/);
  assert.ok([...backend.events.values()].some(({ event }) => event === "document not stored"));
  backend.machine.files.capacity = Infinity;
  await pass(10_000);
  assert.equal(gateway.enforced, [5, 6]);
  assert.is(gateway.link.status.storeError, undefined);
});

documents("keys: a new one signs, the old one is revoked and signs no more; also after a restart", async () => {
  const backend = new FakeBackend();
  const next = signingKey();
  const { gateway, pass } = await linkUp(backend);
  const rotated = encodeDocument(backend.sign("keys", { keys: [publicOf(backend.key), publicOf(next), publicOf(backend.recovery)] }, { sequence: 1 }));
  backend.deliver("desired", backend.desired(5, { key: next }));
  await pass(100);
  assert.is(gateway.link.status.refused?.code, "unknown-key");
  backend.deliver("keys", rotated);
  await pass(100);
  assert.equal(gateway.enforced, [5], "what waited for the key is taken");
  backend.deliver("revocation", encodeDocument(backend.sign("revocation", { keys: [backend.key.id] }, { sequence: 1, key: next })));
  await pass(100);
  backend.deliver("desired", backend.desired(6));
  await pass(100);
  assert.is(gateway.link.status.refused?.code, "revoked-key");
  gateway.link.stop();
  backend.timeKey = next;
  const again = await linkUp(backend);
  backend.deliver("desired", backend.desired(7));
  await pass(100);
  assert.is(again.gateway.link.status.refused?.code, "revoked-key");
  assert.equal(again.gateway.enforced, [5]);
  await pass(1000);
  assert.equal([...again.gateway.reported!.keys].sort(), [next.id, backend.recovery.id].sort());
});

documents("a field that is not known is ignored by name; one that is critical refuses the document", async () => {
  const { backend, gateway, pass } = await linkUp();
  const body = { ...desiredBody(5), curfew: "22:00" };
  backend.deliver("desired", encodeDocument(backend.sign("desired", body, { sequence: 5 })));
  await pass(100);
  assert.equal(gateway.enforced, [5]);
  assert.equal(gateway.ignored, ["body.curfew"]);
  backend.deliver("desired", encodeDocument(backend.sign("desired", { ...body, version: 6 }, { sequence: 6, critical: ["body.curfew"] })));
  await pass(100);
  assert.is(gateway.link.status.refused?.code, "critical");
});

documents.run();
