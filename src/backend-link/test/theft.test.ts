// SPDX-License-Identifier: Apache-2.0
// A signing key was stolen: what its thief can do to a gateway, what he cannot, and how the recovery key takes the gateway back.
import { encodeDocument, type PublicKey } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DAY, FakeBackend, linkUp, publicOf, signingKey, TODAY, type SigningKey } from "./fake-backend.ts";

const theft = suite("a stolen signing key");
const HIGH = 2 ** 50;
const YEAR_2100 = Date.UTC(2100, 0);
type Linked = Awaited<ReturnType<typeof linkUp>>;

/** What the thief has, `backend.key`, signs this. */
const keysOf = (backend: FakeBackend, keys: PublicKey[], header: Parameters<FakeBackend["sign"]>[2] = {}): Uint8Array => encodeDocument(backend.sign("keys", { keys }, header));

/** The thief's best: a key of his own, ours revoked, numbers that leave no room above, a policy, and a clock of the next century. */
async function takeOver({ backend, pass }: Linked): Promise<SigningKey> {
  const thief = { ...signingKey(), notAfter: YEAR_2100 + 10 * 365 * DAY };
  backend.deliver("keys", keysOf(backend, [publicOf(thief), publicOf(backend.key), publicOf(backend.recovery)], { sequence: HIGH }));
  await pass(100);
  backend.deliver("revocation", encodeDocument(backend.sign("revocation", { keys: [backend.key.id] }, { sequence: HIGH, key: thief })));
  backend.deliver("desired", backend.desired(HIGH, { key: thief }));
  await pass(100);
  const { epoch } = backend;
  [backend.timeKey, backend.epoch] = [thief, YEAR_2100 - backend.machine.time.now()];
  backend.cut();
  await pass(2000);
  backend.epoch = epoch;
  return thief;
}

/** As `keys recover` does. */
function recover(backend: FakeBackend, next: SigningKey, epoch = 1): Uint8Array {
  [backend.timeKey, backend.keysEpoch] = [next, epoch];
  return keysOf(backend, [publicOf(next), publicOf(backend.recovery)], { key: backend.recovery, epoch, sequence: 1 });
}

const touching: Record<string, (backend: FakeBackend) => PublicKey[]> = {
  drops: ({ key }) => [publicOf(key)],
  replaces: ({ key }) => [publicOf(key), publicOf(signingKey("recovery"))],
  "adds to": ({ key, recovery }) => [publicOf(key), publicOf(recovery), publicOf(signingKey("recovery"))],
  "shortens the life of": ({ key, recovery }) => [publicOf(key), { ...publicOf(recovery), notAfter: TODAY }],
};
for (const [what, keys] of Object.entries(touching)) {
  theft(`the thief ${what} the recovery key: refused, told in reported, the keys stay`, async () => {
    const { backend, gateway, pass } = await linkUp();
    const { keys: before } = gateway.reported!;
    backend.deliver("keys", keysOf(backend, keys(backend)));
    await pass(2000);
    assert.is(gateway.link.status.refused?.code, "recovery-key");
    assert.equal([gateway.reported!.refused?.code, gateway.reported!.refused?.kind, gateway.reported!.keys], ["recovery-key", "keys", before]);
    assert.is(gateway.store.documents().keys, undefined);
  });
}

theft("the thief revokes the recovery key, or begins an epoch: refused", async () => {
  const { backend, gateway, pass } = await linkUp();
  backend.deliver("revocation", encodeDocument(backend.sign("revocation", { keys: [backend.recovery.id] }, {})));
  await pass(2000);
  assert.is(gateway.reported!.refused?.code, "recovery-key");
  assert.equal(gateway.store.documents().revoked, []);
  backend.deliver("keys", keysOf(backend, [publicOf(backend.key), publicOf(backend.recovery)], { epoch: 9, sequence: HIGH }));
  await pass(2000);
  assert.is(gateway.reported!.refused?.code, "epoch");
  assert.is(gateway.reported!.epoch, undefined);
});

theft("recovery: only the new key is believed, numbers begin anew, the time is right; also after a restart", async () => {
  const linked = await linkUp();
  const { backend, gateway, pass } = linked;
  const thief = await takeOver(linked);
  assert.equal([gateway.enforced, gateway.link.status.desired?.sequence], [[HIGH], HIGH], "until then he has the gateway");
  assert.ok(gateway.store.documents().revoked.includes(backend.key.id));
  const next = signingKey();
  const recovery = recover(backend, next);
  backend.deliver("keys", recovery);
  await pass(2000);
  assert.equal(gateway.reported!.keys, [next.id, backend.recovery.id]);
  assert.equal([gateway.reported!.epoch, gateway.reported!.clock, gateway.link.status.state], [1, "trusted", "connected"]);
  const { validAt } = backend.connection!.options.tls!;
  assert.ok("notBefore" in validAt && validAt.notBefore < TODAY + DAY, "the backend's certificate is judged by the recovery key's date, not by the thief's");
  const hello = backend.received.findLast(({ channel }) => channel === "hello")!.envelope.body;
  assert.equal({ ...hello, nonce: 0, reported: 0, devices: 0, events: 0 }, { nonce: 0, epoch: 1, keys: 1, revocation: 0, believes: [next.id, backend.recovery.id], reported: 0, devices: 0, events: 0 });
  backend.deliver("desired", backend.desired(1, { key: next, epoch: 1 }));
  await pass(100);
  assert.equal(gateway.enforced, [HIGH, 1]);
  const his = { desired: backend.desired(HIGH + 1, { key: thief }), keys: keysOf(backend, [publicOf(thief), publicOf(backend.recovery)], { key: thief, sequence: HIGH + 1 }) };
  for (const [channel, bytes] of Object.entries(his)) {
    backend.deliver(channel, bytes);
    await pass(100);
    assert.equal([gateway.link.status.refused?.kind, gateway.link.status.refused?.code], [channel, "revoked-key"]);
  }
  gateway.link.stop();
  backend.retained.set("securebox/1/home/attic/keys", recovery);
  backend.retained.set("securebox/1/home/attic/desired", his.desired);
  const again = await linkUp(backend);
  assert.equal([again.gateway.enforced, again.gateway.link.status.refused?.code, again.gateway.link.status.clock], [[1], "revoked-key", "trusted"]);
  backend.deliver("desired", backend.desired(2, { key: next, epoch: 1 }));
  await pass(100);
  assert.equal(again.gateway.enforced, [1, 2]);
});

theft("stolen again after a recovery: that one's document does not come back, the next one's does", async () => {
  const linked = await linkUp();
  const { backend, gateway, pass } = linked;
  const [second, third] = [signingKey(), signingKey()];
  const [first, next] = [recover(backend, second, 1), recover(backend, third, 2)];
  for (const bytes of [first, next, first]) {
    backend.deliver("keys", bytes);
    await pass(1000);
  }
  assert.equal(gateway.reported!.keys, [third.id, backend.recovery.id]);
  assert.is(gateway.link.status.refused?.code, "epoch");
  backend.deliver("desired", backend.desired(7, { key: second, epoch: 1 }));
  await pass(100);
  assert.equal([gateway.enforced, gateway.link.status.refused?.code], [[], "revoked-key"]);
});

theft("the first policy after the recovery cannot be enforced: the one before stays, and its number binds nobody", async () => {
  const linked = await linkUp();
  const { backend, gateway, pass } = linked;
  await takeOver(linked);
  const next = signingKey();
  backend.deliver("keys", recover(backend, next));
  await pass(1000);
  gateway.refuses.add(1);
  backend.deliver("desired", backend.desired(1, { key: next, epoch: 1 }));
  await pass(1000);
  assert.is(gateway.link.status.refused?.code, "policy");
  backend.deliver("desired", backend.desired(2, { key: next, epoch: 1 }));
  await pass(1000);
  assert.equal(gateway.enforced, [HIGH, 2]);
});

theft("no room on flash: the recovery does not count yet, and comes again with the next connection", async () => {
  const { backend, gateway, pass } = await linkUp();
  const next = signingKey();
  backend.machine.files.capacity = 0;
  backend.deliver("keys", recover(backend, next));
  await pass(1000);
  assert.ok(gateway.link.status.storeError);
  assert.is(gateway.reported!.epoch, undefined);
  backend.machine.files.capacity = Infinity;
  backend.cut();
  await pass(3000);
  assert.equal([gateway.reported!.epoch, gateway.reported!.keys], [1, [next.id, backend.recovery.id]]);
});

theft.run();
