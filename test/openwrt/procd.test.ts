// SPDX-License-Identifier: Apache-2.0
/*
 * The gateway as a service: with OPENWRT_PREFIX under OpenWrt's procd as process 1 of its namespaces, by rc.common, `uci` and reload_config, its log read by
 * logread; else under stand-in-procd.ts, and then it is only the gateway's part that is tested.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SECTIONS } from "../../src/gateway/config/uci/options.ts";
import { until } from "../lab/command.ts";
import { withOption } from "./cases.ts";
import { type Host, mainOptions, openHost, said } from "./host.ts";
import { hasMachine } from "./prefix.ts";

const test = suite(hasMachine ? "a service of procd" : "a service of the stand-in for procd");
let host: Host;

test.before(async () => { host = await openHost(); });
test.after(() => host.close());

const count = (log: string, what: RegExp): number => log.match(new RegExp(what, "g"))?.length ?? 0;

test("it starts, and says so in the log", async () => {
  await host.configure(withOption(mainOptions(host.base), SECTIONS[0]!, "bridge", "\toption bridge 'br-test'\n"));
  await host.start();
  await said(host, /gateway starts version=.* bridge=br-test/);
  assert.is(count(await host.log(), /gateway starts/), 1);
});

test("killed, it comes again, and takes its socket back", async () => {
  const before = await host.pid();
  await host.kill();
  await until("another start", 30_000, async () => count(await host.log(), /gateway starts/) === 2);
  const after = await host.pid();
  assert.ok(after !== undefined && after !== before, `${before} ${after}`);
  assert.is((await host.securebox("status", "--socket", `${host.base}/control.sock`)).code === null, false);
  assert.match((await host.securebox("status", "--json", "--socket", `${host.base}/control.sock`)).stdout, /"bridge":\s*"br-test"/);
});

test("uci set, uci commit and reload_config: taken over by the same process", async () => {
  const pid = await host.pid();
  await host.set("bridge", "br-next");
  await said(host, /gateway begins anew, with the flows that the switch has"? changed=.*bridge/);
  await said(host, /gateway starts version=.* bridge=br-next/);
  assert.is(await host.pid(), pid);
});

test("a wrong option by uci: told, and the same process goes on", async () => {
  const pid = await host.pid();
  await host.set("bridge", "no bridge");
  await said(host, /configuration wrong; the former one stays in force.*securebox\.@securebox\[0\]\.bridge: expected an interface name/);
  assert.is(await host.pid(), pid);
});

test("killed with it: starts again with the last right configuration, and says so", async () => {
  const before = (await host.log()).length;
  await host.kill();
  await until("another start", 30_000, async () => /gateway starts version=.* bridge=br-next/.test((await host.log()).slice(before)));
  assert.match((await host.log()).slice(before), /configuration wrong; the last right one is in force.*securebox\.@securebox\[0\]\.bridge: expected an interface name/);
  const status = JSON.parse((await host.securebox("status", "--json", "--socket", `${host.base}/control.sock`)).stdout) as { problems: string[] };
  assert.ok(status.problems.some((problem) => /^the configuration is wrong, and the last right one is in force: .*bridge/.test(problem)), status.problems.join("\n"));
});

test("a start with it, where no right one was kept: told each time, and not for ever", async () => {
  await host.stop();
  await host.forget();
  assert.is(await host.pid(), undefined);
  const before = (await host.log()).length;
  await host.start();
  await until("the message", 20_000, async () => /securebox\.@securebox\[0\]\.bridge: expected an interface name/.test((await host.log()).slice(before)));
  if (hasMachine) assert.match((await said(host, /securebox: not started/)).slice(before), /daemon\.err securebox: .*bridge: expected/);
  assert.is(count((await host.log()).slice(before), /gateway starts/), 0);
});

test("a stop is orderly", async () => {
  await host.set("bridge", "br-test");
  await host.stop();
  const before = count(await host.log(), /gateway starts/);
  await host.start();
  await until("the start", 30_000, async () => count(await host.log(), /gateway starts/) > before);
  await host.stop();
  assert.is(await host.pid(), undefined);
  assert.match(await host.log(), /gateway ends reason=SIGTERM/);
});

test.run();
