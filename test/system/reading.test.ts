// SPDX-License-Identifier: Apache-2.0
// The executable reads what people write in an engine of its own (src/gateway/reading): it says the same of every text, and byte for byte, as the program that does not.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "../../tools/setup/index.ts";
import { run, telling } from "../lab/command.ts";
import { gatewayProgram } from "../lab/gateway.ts";

const base = mkdtempSync(join(tmpdir(), "sbx-reading-"));
const GOOD = "network: home\ngroups:\n  family: [ { mac: \"02:00:00:00:00:01\" } ]\nrules:\n  - { from: family, to: internet, allow: [tcp/443] }\n";
const POLICIES: Record<string, [text: string, says: RegExp]> = {
  good: [GOOD, /"valid":true/],
  warned: ["network: home\nrules:\n  - { from: all, to: internet, allow: all }\n  - { from: all, to: internet, allow: [tcp/443] }\n", /"warnings":\[\{"line":4,"column":5,/],
  wrong: [`${GOOD}  - { from: nobody, to: internet, allow: [tcp/99999] }\n`, /"errors":\[\{"line":6,"column":/],
  "no-yaml": [`${GOOD}quarantine: [ "caf\u00e9 \u{1f600}"\n`, /is not closed/],
  deep: [`rules: ${"[".repeat(1500)}`, /nested too deeply/],
  empty: ["", /"valid":false/],
};
const SECTIONS = `config securebox 'main'\n\toption bridge 'lan'\nconfig port\n\toption device 'wlan0'\n\toption role 'bss'\nconfig network\n\tlist prefix '10.0.0.0/24'\n`;
const CONFIGURATIONS: Record<string, [text: string, says: RegExp]> = {
  "config/good": [SECTIONS, /^valid\n$/],
  "config/wrong": [`${SECTIONS}\toption role 'b\u00e9'\nconfig limits\n\toption devices '0'\n`, /securebox\.@limits\[0\]\.devices: expected a whole number/],
  "config/no-uci": ["config 'a", /config\/no-uci:1: /],
  "good.yaml": ["ports: { wlan0: bss }\nnetwork: { prefixes: [10.0.0.0/24] }\n", /^valid\n$/],
  "wrong.yaml": ["ports: { wlan0: sea }\nnetwork: { prefixes: [10.0.0.0/24] }\n", /wrong\.yaml:1:\d+: ports\.wlan0: /],
};
let programs: string[][];

test.before(telling(async () => {
  await setup({ parts: ["packages", "quickjs", "securebox"] });
  programs = [await gatewayProgram("quickjs"), await gatewayProgram("node")];
  mkdirSync(join(base, "config"));
}));
test.after(() => rmSync(base, { recursive: true, force: true }));

async function both(name: string, text: string, ...words: string[]): Promise<string> {
  const file = join(base, name);
  writeFileSync(file, text);
  const [ours, other] = await Promise.all(programs.map((program) => run([...program, ...words, file], { deadline: 30_000 })));
  assert.equal(ours, other);
  return `${ours!.stdout}${ours!.stderr}`;
}

test("policies, with their problems, warnings and places", async () => {
  for (const [name, [text, says]] of Object.entries(POLICIES)) assert.match(await both(name, text, "policy", "check", "--json"), says, name);
});

test("a policy that exhausts the stack of the engine apart is a problem of the policy", async () => {
  writeFileSync(join(base, "nested"), `rules: ${"[ 1, ".repeat(20_000)}`);
  const { code, stdout } = await run([...programs[0]!, "policy", "check", join(base, "nested")], { deadline: 30_000 });
  assert.is(code, 1);
  assert.match(stdout, /nested too deeply/); // where, depends on the stack
});

test("configurations of both kinds, with their problems", async () => {
  for (const [name, [text, says]] of Object.entries(CONFIGURATIONS)) assert.match(await both(name, text, "config", "check", "--config"), says, name);
});

test.run();
