// SPDX-License-Identifier: Apache-2.0
/*
 * uci_validate_section with openwrt/files/securebox.validate: what our reader takes passes it, and what the reader refuses it refuses as well, but for what
 * it cannot say (cases.ts, `unseen`). With OPENWRT_PREFIX by OpenWrt's functions.sh, procd.sh and validate_data; else the expressions of the file are
 * interpreted by stand-in-validate.ts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SECTIONS } from "../../src/gateway/config/uci/options.ts";
import { parseUciConfig } from "../../src/gateway/config/uci/read.ts";
import { type Case, rightCases, withOption, wrongCases } from "./cases.ts";
import { Machine } from "./machine.ts";
import { hasMachine } from "./prefix.ts";
import { standInValidate } from "./stand-in-validate.ts";

const test = suite(hasMachine ? "uci_validate_section" : "the stand-in for uci_validate_section");
const SCRIPT = readFileSync("openwrt/files/securebox.validate", "utf8");
const right = rightCases({}), wrong = wrongCases({});

/** Each case as init scripts do it: every section of the type, by config_foreach. */
const EACH = `. /lib/functions.sh; . /lib/functions/procd.sh; . /tmp/host/validate
one() { validate_$2 "$1" 2>/dev/null || failed=1; }
i=0; while [ -f /tmp/host/case.$i ]; do
	cp /tmp/host/case.$i /etc/config/securebox; read type </tmp/host/type.$i
	failed=0; config_load securebox; config_foreach one $type $type; echo $failed; i=$((i+1))
done`;

async function verdicts(cases: readonly Case[]): Promise<boolean[]> {
  if (!hasMachine) return cases.map(({ text, type }) => standInValidate(SCRIPT, type!, String(text)));
  const machine = await Machine.open({});
  try {
    writeFileSync(join(machine.directory, "validate"), SCRIPT);
    for (const [index, { text, type }] of cases.entries()) {
      writeFileSync(join(machine.directory, `case.${index}`), text);
      writeFileSync(join(machine.directory, `type.${index}`), `${type}\n`);
    }
    return (await machine.must(EACH, 120_000)).trim().split("\n").map((line) => line === "0");
  } finally {
    await machine.close();
  }
}

test("what the reader takes passes; what it refuses does not, but for what cannot be said", async () => {
  const cases = [...right, ...wrong], passed = await verdicts(cases);
  assert.is(passed.length, cases.length);
  const taken = cases.map(({ text }) => parseUciConfig(String(text)).errors.length === 0);
  const differ = cases.flatMap(({ what, unseen }, index) => (passed[index] === (taken[index] || unseen !== undefined) ? [] : [`${what}: reader ${taken[index]}, validation ${passed[index]}`]));
  assert.equal(differ, []);
  assert.is(taken.filter(Boolean).length, right.length);
});

test("the default file passes", async () => {
  const text = readFileSync("openwrt/files/securebox.config", "utf8");
  assert.equal(await verdicts(SECTIONS.map(({ type }) => ({ what: type, type, text }))), SECTIONS.map(() => true));
});

test("an option that may not stand in it is noticed", async () => {
  const text = withOption({}, SECTIONS.find(({ type }) => type === "limits")!, "devices", "\toption devices '0'\n");
  assert.equal(await verdicts([{ what: "", type: "limits", text }, { what: "", type: "apply", text }]), [false, true]);
});

test.run();
