// SPDX-License-Identifier: Apache-2.0
// Whose policy is in force, and when a document counts as enforced.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parsePolicy, type Desired, type Policy } from "@securebox/contract";
import type { Override } from "../../wifi-isolation/index.ts";
import { Policies } from "../policies.ts";
import { StateDirectory } from "../state.ts";
import { Machine, quiet } from "./machine.ts";

const policies = suite("policies");
const FILE = "network: file\nrules:\n  - { from: all, to: internet, allow: all }\n";

function desired(version: number, network = "home"): Desired {
  return { version, policy: validated(`network: ${network}\nrules:\n  - { from: all, to: internet, allow: [tcp/${version}] }\n`), settings: {} };
}

function validated(text: string): Policy {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

/** Sets of names for which no pipeline has bits, beside any policy. */
const TOO_MANY: Override[] = Array.from({ length: 150 }, (_, i) => ({ kind: "allow", a: `02:00:00:00:00:${(i + 16).toString(16)}`, b: "internet", service: `dns:o${i}.example` }));

/** `acknowledge` is the switch: it has everything that was put. */
function open(file?: string, overrides: Override[] = []) {
  const machine = new Machine();
  if (file !== undefined) machine.disk.set("/policy.yaml", file);
  const put: (Policy | undefined)[] = [];
  const waiting: ((inForce: boolean) => void)[] = [];
  let connected = true;
  const subject = new Policies({
    platform: machine.platform, path: "/policy.yaml", state: new StateDirectory(machine.platform, "/state", quiet), log: quiet, overrides: () => overrides,
    put: (policy) => {
      put.push(policy);
      return connected ? new Promise((resolve) => void waiting.push(resolve)) : Promise.resolve(false);
    },
    decided: () => {}, changed: () => {},
  });
  const results: unknown[] = [];
  const turn = async (): Promise<void> => { for (let count = 0; count < 10; count++) await Promise.resolve(); };
  return {
    machine, subject, put, results, turn,
    want: (document: Desired, ignored: string[] = []) => subject.want(document, ignored, (result) => results.push(result)),
    acknowledge: async () => { waiting.splice(0).forEach((tell) => tell(true)); await turn(); },
    lose: () => { connected = false; waiting.splice(0).forEach((tell) => tell(false)); },
    settle: async () => { machine.pass(5); machine.pass(5); await turn(); },
  };
}

policies("until the first document the file counts; then the document, and the file is not read any more", async () => {
  const { machine, subject, want, acknowledge, settle } = open(FILE);
  subject.start();
  await settle();
  await acknowledge();
  assert.equal([subject.status.source, subject.status.network], ["file", "file"]);
  want(desired(80), ["body.curfew"]);
  await acknowledge();
  const { source, network, version, ignored } = subject.status;
  assert.equal({ source, network, version, ignored }, { source: "backend", network: "home", version: 80, ignored: ["body.curfew"] });
  machine.disk.set("/policy.yaml", FILE.replace("network: file", "network: edited"));
  machine.changed();
  subject.reload();
  await settle();
  assert.is(subject.policy!.network, "home");
  assert.is(subject.status.network, "home");
});

policies("without a file and without a document nothing is in force", async () => {
  const { subject, settle } = open();
  subject.start();
  await settle();
  assert.equal([subject.known, subject.status.source, subject.policy], [true, "none", undefined]);
});

policies("a document kept from before comes first: the file is not opened at all", async () => {
  const { subject, put, want, acknowledge, settle } = open(FILE);
  want(desired(1));
  subject.start();
  await settle();
  await acknowledge();
  assert.equal(put.map((policy) => policy?.network), ["home"]);
  assert.is(subject.status.source, "backend");
});

policies("a document is answered when the switch has it, not before, and only the last one", async () => {
  const { subject, results, want, acknowledge } = open();
  want(desired(1));
  assert.equal(results, []);
  assert.is(subject.proven, undefined);
  assert.is(subject.status.source, "none", "the former one is in force until then");
  want(desired(2));
  await acknowledge();
  assert.equal(results, [{ ok: true }]);
  assert.is(subject.proven!.version, 2);
});

policies("without a switch a document is not in force; the synchronisation that read it makes it so", async () => {
  const { subject, results, want, lose, turn } = open();
  lose();
  subject.compared();
  want(desired(1));
  await turn();
  subject.synchronised();
  assert.equal(results, [], "that synchronisation had read its inputs before");
  subject.compared();
  subject.synchronised();
  assert.equal(results, [{ ok: true }]);
  assert.is(subject.proven!.version, 1);
});

policies("what does not fit the pipeline is refused with the reason, and nothing changes", async () => {
  const overrides: Override[] = [];
  const { subject, put, results, want, acknowledge } = open(undefined, overrides);
  want(desired(1));
  await acknowledge();
  overrides.push(...TOO_MANY);
  assert.is(want(desired(2)), false);
  assert.is(put.length, 1);
  assert.is(subject.status.version, 1);
  assert.match((results[1] as { message: string }).message, /sets of DNS names in rules, at most 128/);
});

policies("whoever leaves the backend gets the file again", async () => {
  const { subject, put, want, acknowledge, settle } = open(FILE);
  want(desired(1));
  await acknowledge();
  let left = false;
  void subject.release().then(() => { left = true; });
  await settle();
  assert.not(left, "the flows are the backend's until the switch has the others");
  await acknowledge();
  assert.ok(left);
  assert.equal([subject.status.source, subject.status.network, put.at(-1)?.network], ["file", "file", "file"]);
});

policies("whoever leaves without a file has nothing: everything is denied", async () => {
  const { subject, put, want, acknowledge, settle } = open();
  want(desired(1));
  await acknowledge();
  const left = subject.release();
  await settle();
  await acknowledge();
  await left;
  assert.equal([subject.status.source, put.at(-1)], ["none", undefined]);
});

policies.run();
