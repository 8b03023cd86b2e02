// SPDX-License-Identifier: Apache-2.0
/*
 * /etc/config/securebox wrong in every way, at a reload and at a start: `logread` names section and option, and what was in force stays in force. The cases
 * are made of the table of options. With OPENWRT_PREFIX under OpenWrt's procd, logd and logread; else under stand-in-procd.ts.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SECTIONS } from "../../src/gateway/config/uci/options.ts";
import { until } from "../lab/command.ts";
import { type Case, SECRET, withOption, wrongCases, wrongFiles } from "./cases.ts";
import { type Host, mainOptions, openHost, said } from "./host.ts";

const test = suite("bad UCI");
let host: Host, right: string;

test.before(async () => {
  host = await openHost();
  right = withOption(mainOptions(host.base), SECTIONS[0]!, "bridge", "\toption bridge 'br-test'\n");
});
test.after(() => host.close());

const bridge = async (): Promise<string> => (JSON.parse((await host.securebox("status", "--json", "--socket", `${host.base}/control.sock`)).stdout) as { switch: { bridge: string } }).switch.bridge;

/** A marker in the file that the log repeats: what is told is of this file, not of one before. */
async function tellsAll(cases: readonly Case[]): Promise<void> {
  const missing: string[] = [];
  for (const { what, text, told } of cases) {
    if (missing.length > 2) break;
    const before = (await host.log()).length;
    await host.configure(text);
    await host.reload();
    await until(`a message about ${what}`, 20_000, async () => /configuration wrong; the former one stays in force/.test((await host.log()).slice(before)), 5).catch((error: Error) => missing.push(error.message));
    await until("its lines", 2000, async () => told!.test((await host.log()).slice(before)), 5).catch(async () => missing.push(`${what}: ${(await host.log()).slice(before, before + 600)}`));
  }
  assert.is(missing.length, 0, missing.slice(0, 10).join("\n"));
}

test("each option wrong in each way at a reload: told with section and option, and the gateway goes on as it was", async () => {
  await host.configure(right);
  await host.start();
  await said(host, /gateway starts/);
  const pid = await host.pid();
  assert.is(await bridge(), "br-test");
  const cases = wrongCases(mainOptions(host.base));
  assert.ok(cases.length > 200, `${cases.length} cases`);
  await tellsAll(cases);
  assert.equal([await bridge(), await host.pid()], ["br-test", pid]);
  assert.ok(cases.some(({ text }) => text.includes(SECRET)) && !(await host.log()).includes(SECRET), "a key is in the log");
});

test("files that are wrong as files at a reload", async () => {
  const pid = await host.pid();
  await tellsAll(wrongFiles(right));
  assert.equal([await bridge(), await host.pid()], ["br-test", pid]);
});

test("a right file is taken after all of them", async () => {
  await host.configure(right.replace("br-test", "br-other"));
  await host.reload();
  await until("the new bridge", 20_000, async () => await bridge() === "br-other", 100);
  await host.stop();
  assert.is(await host.pid(), undefined);
});

test("at a start everything that is wrong is told, and the status is 2", async () => {
  const cases = [...SECTIONS.flatMap(({ type }) => wrongCases(mainOptions(host.base)).filter((each) => each.type === type).slice(0, 1)), ...wrongFiles(right)];
  for (const { what, text, told } of cases) {
    await host.configure(text);
    await host.forget();
    const { code, stderr } = await host.securebox("gateway", "--config", "/etc/config/securebox");
    assert.equal([code, told!.test(stderr)], [2, true], `${what}: ${code} ${stderr.slice(0, 600)}`);
    assert.ok(!stderr.includes(SECRET), `${what}: a key in ${stderr}`);
  }
});

test.run();
