// SPDX-License-Identifier: Apache-2.0
// A thief had the database: the recovery key's documents end all that he signed and numbered, at gateways that are there and those that come back.
import { createPrivateKey, createPublicKey } from "node:crypto";
import { epochOf, judgeDocument, keyIdOf, signDocument, type DocumentKnowledge, type PublicKey, type SignedDocument } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openPki, type OwnPki } from "../../src/pki/index.ts";
import { signer } from "../../src/pki/signer.ts";
import type { RecoveryPlan } from "../../src/ports.ts";
import { openDatabase } from "../../src/store/index.ts";
import { FakeBroker } from "../support/fake-broker.ts";
import { FakePki } from "../support/fake-pki.ts";
import { ANNA, eventually, hello, makeNetwork, makeRigWith, policyText, refused, report, type Rig } from "./rig.ts";

type Certifying = OwnPki & Pick<FakePki, "certificate">;
const test = suite<{ rig: Rig<Certifying>; recoveryKey: string }>("recovery from stolen signing keys");
const HIGHEST = Number.MAX_SAFE_INTEGER;

test.before(async (context) => {
  const database = await openDatabase({ directory: undefined });
  const pki = await openPki({ database, names: ["x"], keepRecoveryKey: async (key) => { context.recoveryKey = key; } });
  context.rig = await makeRigWith(database, new FakeBroker(), Object.assign(pki, { certificate: () => new FakePki().certificate() }));
});
test.after(async ({ rig }) => {
  await rig?.close();
  await rig?.database.close();
});

const idOf = (privateKey: string): string => keyIdOf(signer, createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "pem" }) as string);
const signAll = ({ documents }: RecoveryPlan, privateKey: string): SignedDocument<"keys">[] => documents.map((document) => signDocument<"keys">(signer, privateKey, idOf(privateKey), document));
const idsOf = (keys: readonly PublicKey[]): string[] => keys.map(({ id }) => id);
const signing = (keys: readonly PublicKey[]): string => keys.findLast(({ use }) => use === "sign")!.id;

test("what is not what was planned, or not signed by the recovery key, changes nothing", async ({ rig, recoveryKey }) => {
  const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
  await makeNetwork(rig);
  const before = rig.pki.keys;
  const [own] = await rig.database.query<{ private_pem: string }>("SELECT private_pem FROM keys WHERE use = 'sign'");
  const plan = (): Promise<RecoveryPlan> => rig.fleet.planRecovery();
  const byThief = await refused(rig.fleet.recoverKeys(ANNA, signAll(await plan(), own!.private_pem)), 422);
  assert.match(byThief.message, /only a keys document by the recovery key begins another/);
  const wanting = (await plan()).documents.slice(1);
  await refused(rig.fleet.recoverKeys(ANNA, signAll({ documents: wanting }, recoveryKey)), 409);
  const withMore = (await plan()).documents.map((document) => ({ ...document, body: { keys: [...document.body.keys, before[0]!] } }));
  assert.match((await refused(rig.fleet.recoverKeys(ANNA, signAll({ documents: withMore }, recoveryKey)), 422)).message, /not the one that was to be signed/);
  const first = await plan();
  rig.clock.ahead = 2000;
  await plan();
  rig.clock.ahead = 0;
  await refused(rig.fleet.recoverKeys(ANNA, [{ ...signAll(first, recoveryKey)[0]!, epoch: 1 }]), 409);
  await refused(rig.fleet.recoverKeys(ANNA, []), 409);
  assert.equal([rig.pki.keys, rig.pki.epoch, rig.broker.documents(id, "keys")], [before, 0, []]);
  assert.is((await rig.fleet.audit({ network, limit: 50 })).some(({ action }) => action === "keys.recover"), false);
});

test("recovered: one key counts, numbers begin anew, a gateway of before is led there by its next hello", async ({ rig, recoveryKey }) => {
  const { network, ids: [here, away] } = await makeNetwork(rig, 2) as { network: string; ids: [string, string] };
  const before = rig.pki.keys;
  const knowledge: DocumentKnowledge = { network, gateway: here, keys: before, revoked: [], sequence: HIGHEST - 1, now: Date.now(), notBefore: 0 };
  await rig.fleet.pushPolicy(ANNA, network, policyText(network, "one"), "first");
  await rig.send(here, "hello", hello({ believes: idsOf(before), desired: { sequence: HIGHEST - 1, digest: "0".repeat(64) } }), { network });
  await rig.fleet.pushPolicy(ANNA, network, policyText(network, "two"), "second");
  await eventually(() => rig.broker.documents(here, "desired").at(-1)?.body.version === 2, "the push");
  assert.is(rig.broker.documents(here, "desired").at(-1)!.sequence, HIGHEST, "above a thief's number as long as there is a number");

  const plan = await rig.fleet.planRecovery();
  assert.is(rig.pki.epoch, 0, "nothing changed yet");
  await rig.fleet.recoverKeys(ANNA, signAll(plan, recoveryKey));
  const { epoch } = plan.documents[0]!;
  const [recovery] = rig.broker.documents(here, "keys");
  assert.equal([rig.pki.epoch, recovery!.key, recovery!.epoch, idsOf(recovery!.body.keys).sort()], [epoch, idOf(recoveryKey), epoch, idsOf(rig.pki.keys).sort()]);
  assert.is(judgeDocument(signer, recovery!, { ...knowledge, sequence: HIGHEST }), undefined);
  assert.is(before.some(({ id, use }) => use === "sign" && idsOf(rig.pki.keys).includes(id)), false);
  await eventually(() => rig.broker.documents(here, "desired").at(-1)?.epoch === epoch, "the desired document of the new key");
  const desired = rig.broker.documents(here, "desired").at(-1)!;
  assert.equal([desired.key, desired.sequence, desired.body.version], [signing(rig.pki.keys), 1, 2]);
  assert.is(rig.broker.documents(here, "revocation").length, 0, "comes when the gateway says that it believes the new key");

  await rig.fleet.keysChanged();
  assert.equal(rig.broker.documents(away, "keys").map(({ key }) => key), [idOf(recoveryKey), idOf(recoveryKey)]);
  const counts = [rig.broker.documents(away, "keys").length, rig.broker.documents(away, "desired").length];
  await rig.send(away, "hello", hello({ believes: idsOf(before), keys: 2 ** 50, revocation: 2 ** 50, desired: { sequence: HIGHEST, digest: "0".repeat(64) } }), { network });
  const { time } = rig.broker.told(away, "welcome").at(-1)!;
  assert.equal([idsOf(before).includes(time.key), epochOf(time)], [true, 0], "in the words of the epoch that it knows");
  assert.equal([rig.broker.documents(away, "keys").length, rig.broker.documents(away, "desired").length], [counts[0]! + 1, counts[1]]);
  assert.is(rig.broker.documents(away, "keys").at(-1)!.key, idOf(recoveryKey));
  await rig.send(away, "hello", hello({ believes: idsOf(rig.pki.keys), epoch, keys: recovery!.sequence }), { network });
  assert.equal(rig.broker.documents(away, "revocation").at(-1)!.body.keys.sort(), before.filter(({ use }) => use === "sign").map(({ id }) => id).sort());
  const [forAway] = rig.broker.documents(away, "desired").slice(counts[1]);
  assert.equal([rig.broker.documents(away, "keys").length, forAway!.epoch, forAway!.sequence < 10], [counts[0]! + 1, epoch, true], "where no thief was, numbers go on");
});

test("a rotation after a recovery stays in its epoch; who missed both gets the recovery first", async ({ rig, recoveryKey }) => {
  const { network, ids: [id] } = await makeNetwork(rig) as { network: string; ids: [string] };
  await rig.fleet.recoverKeys(ANNA, signAll(await rig.fleet.planRecovery(), recoveryKey));
  const { epoch, keys } = rig.pki;
  await rig.send(id, "reported", report({ keys: idsOf(keys), epoch }), { network });
  await rig.pki.rotate({ revoke: false });
  await rig.fleet.keysChanged();
  const rotated = rig.broker.documents(id, "keys").at(-1)!;
  assert.equal([rig.pki.epoch, rotated.epoch, rotated.key, rotated.body.keys.length], [epoch, epoch, signing(keys), 3]);
  const knowledge: DocumentKnowledge = { network, gateway: id, keys, epoch, revoked: [], sequence: rotated.sequence - 1, now: Date.now(), notBefore: 0 };
  assert.is(judgeDocument(signer, rotated, knowledge), undefined);
  await rig.send(id, "hello", hello({ believes: [] }), { network });
  assert.is(rig.broker.documents(id, "keys").at(-1)!.key, idOf(recoveryKey));
  await rig.send(id, "hello", hello({ believes: idsOf(keys), epoch, keys: rotated.sequence - 1 }), { network });
  assert.equal([rig.broker.documents(id, "keys").at(-1)!.key, rig.broker.documents(id, "keys").at(-1)!.sequence], [signing(keys), rotated.sequence]);
  await rig.send(id, "hello", hello({ epoch: epoch + 5 }), { network });
  assert.ok(rig.logged.some(({ event, fields }) => event === "keys.outdated" && fields?.["gateway"] === id), "a backup of before a recovery says so");
});

test("a second recovery counts after the first; one of the same second, too", async ({ rig, recoveryKey }) => {
  const epochs: number[] = [];
  for (let count = 0; count < 2; count++) {
    await rig.fleet.recoverKeys(ANNA, signAll(await rig.fleet.planRecovery(), recoveryKey));
    epochs.push(rig.pki.epoch);
  }
  assert.ok(epochs[1]! > epochs[0]!, epochs.join());
});

test.run();
