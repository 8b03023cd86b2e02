// SPDX-License-Identifier: Apache-2.0
// On the engine's real files: what counts is how writers, the kernel's notifications and our reading play together.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { EventLog } from "../log.ts";
import { PolicyFile } from "../policy-file.ts";
import { parsePolicyText } from "../policy-text.ts";
import { StateDirectory } from "../state.ts";
import { Machine, quiet } from "./machine.ts";

const root = `/tmp/securebox-policy-test-${platform.processes.pid}`;
const path = `${root}/policy.yaml`;
const { files, timers, time } = platform;

const policies = suite("policy file");

function policy(network: string): string {
  return `network: ${network}\nrules:\n  - { from: all, to: internet, allow: all }\n`;
}

interface Opened { file: PolicyFile; seen: string[]; state: StateDirectory; lines: string[] }

let opened: Opened[] = [];

function open(): Opened {
  const lines: string[] = [];
  const log = new EventLog({ ...platform, processes: { ...platform.processes, stderr: (text: string) => void lines.push(text) } }, { level: "debug", format: "text" });
  const state = new StateDirectory(platform, `${root}/state`, log);
  const file = new PolicyFile(platform, path, parsePolicyText, state, log);
  const seen: string[] = [];
  file.changed = ({ network }) => seen.push(network);
  file.start();
  opened.push({ file, seen, state, lines });
  return opened.at(-1)!;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = time.now() + 2000;
  while (!holds()) {
    if (time.now() > deadline) throw new Error(`not within 2 s: ${what}`);
    await sleep(2);
  }
}

function sleep(delay: number): Promise<void> {
  return new Promise((resolve) => void timers.after(delay, resolve));
}

policies.before.each(() => {
  files.makeDirectory(root);
  files.remove(path);
  files.remove(`${root}/state/policy.yaml`);
});
policies.after.each(() => {
  for (const { file, state } of opened) { file.close(); state.flush(); }
  opened = [];
});
policies.after(() => {
  for (const file of [path, `${root}/state/policy.yaml`]) files.remove(file);
});

policies("no file: none in force, and the status says so", () => {
  const { file, seen } = open();
  assert.is(file.status.source, "none");
  assert.match(file.status.errors[0]!.message, "does not exist");
  assert.equal(seen, []);
});

policies("a file that appears later comes into force", async () => {
  const { file, seen } = open();
  files.replace(path, policy("home"));
  await until("in force", () => seen.length === 1);
  assert.is(file.status.source, "file");
  assert.is(file.status.network, "home");
  assert.equal(file.status.errors, []);
  assert.is(file.status.digest!.length, 64);
});

policies("replaced by rename, or written in place: noticed without a poll", async () => {
  files.replace(path, policy("one"));
  const { seen } = open();
  await until("first", () => seen.length === 1);
  for (const [index, write] of [() => files.replace(path, policy("two")), () => { files.append(path, "# a comment\n"); }, () => files.replace(path, policy("three"))].entries()) {
    write();
    await until("next", () => seen.length === index + 2);
  }
  assert.equal(seen, ["one", "two", "two", "three"]);
});

policies("an invalid edit: the old policy stays, error and line are told; taken back, all is well", async () => {
  files.replace(path, policy("good"));
  const { file, seen, lines } = open();
  await until("first", () => seen.length === 1);
  files.replace(path, "network: bad\nrules:\n  - { from: nobody, to: internet, allow: all }\n");
  await until("reported", () => file.status.errors.length > 0);
  assert.is(file.policy!.network, "good");
  assert.is(file.status.source, "last-valid");
  assert.is(file.status.errors[0]!.line, 3);
  assert.match(lines.at(-1)!, /error policy file invalid .*line=3 field=.*in-force="the last valid policy"/);
  files.replace(path, policy("good"));
  await until("valid again", () => file.status.errors.length === 0);
  assert.is(file.status.source, "file");
  assert.equal(seen, ["good"]);
});

policies("a file that is gone leaves the policy in force", async () => {
  files.replace(path, policy("kept"));
  const { file, seen } = open();
  await until("first", () => seen.length === 1);
  files.remove(path);
  await until("reported", () => file.status.errors.length > 0);
  assert.is(file.policy!.network, "kept");
});

policies("a file that still grows is not read: half of it would be valid too", async () => {
  const { file, seen } = open();
  const rules = ["a", "b", "c", "d", "e"].map((mac) => `  - { from: "02:00:00:00:00:0${mac}", to: internet, allow: all }\n`);
  files.append(path, "network: slow\nrules:\n");
  for (const rule of rules) {
    files.append(path, rule);
    await sleep(1);
  }
  await until("in force", () => seen.length > 0);
  assert.is(file.status.rules, 5);
  assert.equal(seen, ["slow"]);
});

policies("a file that a second writer changes while it is read is not in force before it stands still", () => {
  const machine = new Machine();
  const file = new PolicyFile(machine.platform, "/p", parsePolicyText, new StateDirectory(machine.platform, "/s", quiet), quiet);
  const write = (text: string): void => void machine.disk.set("/p", text);
  write(policy("whole"));
  file.start();
  machine.pass(2);
  write("network: torn\n");
  machine.pass(4);
  write("network: torn\nrules: []\n");
  machine.pass(5);
  assert.is(file.policy, undefined);
  write(policy("done"));
  machine.pass(5);
  assert.is(file.policy, undefined);
  machine.pass(5);
  assert.is(file.policy?.network, "done");
});

policies("after a restart with an invalid file the last valid policy is in force at once", async () => {
  files.replace(path, policy("before"));
  const first = open();
  await until("first", () => first.seen.length === 1);
  await until("saved", () => first.state.saved);
  first.file.close();
  files.replace(path, "rules: nonsense\n");
  const second = open();
  assert.is(second.file.policy?.network, "before");
  assert.is(second.file.status.source, "last-valid");
  await until("reported", () => second.file.status.errors.length > 0);
  assert.is(second.file.policy?.network, "before");
});

policies("a file that is too large is refused unread", async () => {
  files.replace(path, `# ${"x".repeat(1024 * 1024)}\n${policy("large")}`);
  const { file } = open();
  assert.match(file.status.errors[0]!.message, "at most 1048576");
});

policies.run();
