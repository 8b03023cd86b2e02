// SPDX-License-Identifier: Apache-2.0
// npm run attacks without a machine: its table, its command line, and that attacks refuse to run here.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AttackRecord, asTable, writeTable } from "../../tools/attacks/table.ts";
import { bundle } from "../../tools/bundle.mjs";
import { repositoryRoot } from "../lab/command.ts";

const root = repositoryRoot();
const test = suite("npm run attacks");
const record = (attack: string, target: string, result: string, expected = result, reason?: string): AttackRecord => ({ attack, target, expected, result, ...(reason && { reason }), seconds: 1 });
const records = [record("a-b", "plain", "succeeds"), record("a-b", "thin-edge", "succeeds", "blocked"), record("c", "plain", "succeeds"), record("c", "thin-edge", "succeeds", "succeeds", "Why.")];

test("what is not as expected is in capitals; what is missing is said", () => {
  assert.is(asTable([...records, record("d", "plain", "succeeds")]), "attack  plain     thin-edge\na-b     succeeds  SUCCEEDS\nc       succeeds  succeeds\nd       succeeds  no result\n");
});

test("the docs' table keeps what is around it, and gives reasons", () => {
  const begin = "<!-- begin: npm run attacks -- --write -->";
  const text = writeTable(`before\n${begin}\nold\n<!-- end -->\nafter\n`, records);
  assert.match(text, /^before\n[^]*<!-- end -->\nafter\n$/);
  assert.not.match(text, /old/);
  assert.match(text, /^\| `c` \| succeeds \| succeeds \|$/m);
  assert.match(text, /^- `c`, thin-edge: succeeds. Why.$/m);
  assert.throws(() => writeTable("nothing", records), /docs\/attacks.md: no/);
});

test("a wrong command says what was expected", () => {
  for (const [argv, words] of [[["--target", "moon"], /--target moon: expected plain, intelligent-edge, thin-edge/], [["--only", "no-such"], /--only no-such: expected .*plain-unicast/], [["--write", "--only", "plain-unicast"], /--write: the table is of all/]] as const) {
    const { status, stderr } = spawnSync(process.execPath, ["tools/run.mjs", "tools/attacks.ts", ...argv], { cwd: root, encoding: "utf8", timeout: 60_000 });
    assert.is(status, 2, stderr);
    assert.match(stderr, words);
  }
});

test("the ciphers of attacks on radios: known answers of IEEE 802.11 (annex J, CCMP) and RFC 2202", () => {
  const folder = mkdtempSync(join(tmpdir(), "ciphers-"));
  try {
    const run = (program: string, ...words: string[]): string => spawnSync(program, words, { cwd: root, encoding: "utf8", timeout: 60_000 }).stdout.trim();
    const ciphers = join(folder, "ciphers");
    run("gcc", "-std=gnu11", "-o", ciphers, "test/attacks/ciphers.c", "-lmbedcrypto");
    const sealed = [["c97c1f67ce371185514a8a19f2bdd52f", "005030f1844408b5039776e70c", "08400fd2e128a57c5030f1844408abaea5b8fcba0000"], "f8ba1a55d02f85ae967bb62fb6cda8eb7e78a050", "f3d0a2fe9a3dbf2342a643e43246e80c3c04d0197845ce0b16f97623"] as const;
    assert.is(run(ciphers, "seal", ...sealed[0], sealed[1]), sealed[2]);
    assert.is(run(ciphers, "open", ...sealed[0], sealed[2]), sealed[1]);
    assert.is(spawnSync(ciphers, ["open", ...sealed[0], sealed[2].replace("f3", "f2")]).status, 1);
    assert.is(run(ciphers, "sha1", "0b".repeat(20), "4869205468657265"), "b617318655057264e28bc0b6fb378c8ef146be00");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("attacks refuse to run on this computer, before they send anything", async () => {
  const directory = mkdtempSync(join(tmpdir(), "securebox-attacks-"));
  try {
    await bundle(join(root, "test/attacks/scenario.ts"), join(directory, "scenario.mjs"), "quickjs", { absWorkingDir: root });
    const { status, stdout, stderr } = spawnSync(join(root, "build/quickjs-ts"), [join(directory, "scenario.mjs"), "target=plain"], { encoding: "utf8", timeout: 60_000 });
    assert.is(status, 3, stderr);
    assert.match(stdout + stderr, /run in a virtual machine of their own only/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.run();
