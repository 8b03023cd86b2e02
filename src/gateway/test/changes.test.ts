// SPDX-License-Identifier: Apache-2.0
// A gateway on OpenWrt that starts after a transaction was interrupted, or after starts that failed.
import { FakePlatform } from "quickjs-ts/fake";
import { platform } from "quickjs-ts/platform";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Changes, type Changing } from "../changes.ts";
import type { Signs } from "../../apply/index.ts";
import type { Log } from "../log.ts";

const changes = suite("changes");
const SITE = { ports: { wlan0: "bss" as const }, managePorts: true, network: { prefixes: ["10.0.0.0/24"], gateways: [], gatewayMacs: [], resolvers: [] } };
const CONFIG = { state: "/state", openwrt: { wifi: [], keys: [], applyDeadline: 30 }, ovsdb: "/db.sock", bridge: "br0", datapath: "netdev" as const, ...SITE };
const WIRELESS = "\nconfig wifi-iface 'ap'\n\toption isolate '1'\n\n";

class Device {
  readonly platform = new FakePlatform(platform.crypto);
  readonly logged: string[] = [];
  reloads = 0;
  readonly #log: Log = { debug() {}, info() {}, warn: (event) => void this.logged.push(event), error: (event) => void this.logged.push(event) };

  constructor(wireless: string) {
    this.platform.files.makeDirectory("/etc/config");
    this.platform.files.replace("/etc/config/wireless", wireless);
    this.platform.processes.programs.set("/sbin/reload_config", (child) => {
      this.reloads++;
      child.handlers.exit(0, null);
    });
  }
  open(): Changes { return new Changes(this.platform, CONFIG, this.#log); }
  get wireless(): string { return this.platform.files.readText("/etc/config/wireless"); }
  async settle<T>(promise: Promise<T>, step = 500): Promise<T> {
    let settled = false;
    void promise.then(() => { settled = true; });
    for (let turn = 0; turn < 2000 && !settled; turn++) {
      for (let count = 0; count < 50; count++) await Promise.resolve();
      if (!settled) await this.platform.time.advance(step);
    }
    assert.ok(settled, "it never ended");
    return promise;
  }
}

/** A gateway whose switch is away: it requests nothing itself. */
const gateway = (healthy: boolean, look: () => Signs, connected = false): Changing => ({
  healthy: () => healthy, connected: () => connected, look: async () => look(), takes: () => false, setSite: async () => true, released: () => {},
});

const interrupted = (old: string): string => JSON.stringify({ format: 1, confirmed: {}, marker: { id: "x", old: { uci: { "wireless.ap.isolate": old } } } });

changes("what was interrupted is undone before the gateway starts, and who reads the configuration is told", async () => {
  const device = new Device(WIRELESS);
  device.platform.files.makeDirectory("/state/apply");
  device.platform.files.replace("/state/apply/journal.json", interrupted("0"));
  const opened = device.open();
  await device.settle(opened.recover());
  await device.platform.time.advance(10);
  assert.is(device.wireless, WIRELESS.replace("'1'", "'0'"));
  assert.is(device.reloads, 1);
  assert.match(opened.problems.join(), "not applied (1 try): interrupted while it was applied");
});

changes("a configuration that cannot be read does not keep the gateway from starting; it is undone when it can", async () => {
  const device = new Device("config wifi-iface 'ap\n");
  device.platform.files.makeDirectory("/state/apply");
  device.platform.files.replace("/state/apply/journal.json", interrupted("0"));
  const opened = device.open();
  await device.settle(opened.recover());
  assert.ok(device.logged.includes("not undone yet; trying on"));
  assert.match(opened.problems.join(), /rolling back: .*line 1: the quote/);
  device.platform.files.replace("/etc/config/wireless", WIRELESS);
  await device.settle((async () => { while (!device.wireless.includes("'0'")) await Promise.resolve(); })(), 5000);
});

changes("a change is probed, confirmed, and comes back in a safe boot after three failed starts", async () => {
  const device = new Device("\nconfig wifi-iface 'ap'\n\n");
  const first = device.open();
  await device.settle(first.recover());
  first.follow(gateway(true, () => ({ backend: true })), SITE);
  assert.equal(await device.settle(first.apply({ id: "a", wanted: { uci: { "wireless.ap.isolate": "1" } } })), { result: "confirmed" });
  assert.is(device.wireless, WIRELESS);
  await device.platform.time.advance(120_000);
  first.close();
  for (let count = 0; count < 3; count++) {
    device.platform.files.replace("/etc/config/wireless", WIRELESS.replace("'1'", "'0'"));
    const failing = device.open();
    await device.settle(failing.recover());
    failing.follow(gateway(false, () => ({})), SITE);
    await device.platform.time.advance(120_000);
    assert.equal(failing.problems, []);
  }
  const safe = device.open();
  await device.settle(safe.recover());
  assert.is(device.wireless, WIRELESS);
  assert.match(safe.problems.join(), "safe boot: 3 starts failed");
});

changes("a backend that the change cuts off: rolled back within the configured deadline", async () => {
  const device = new Device(WIRELESS);
  const opened = device.open();
  await device.settle(opened.recover());
  opened.follow(gateway(true, () => ({ backend: device.wireless === WIRELESS })), SITE);
  const begun = device.platform.time.now();
  const outcome = await device.settle(opened.apply({ id: "b", wanted: { uci: { "wireless.ap.isolate": "0" } } }));
  assert.equal(outcome, { result: "rolled back", reason: "not confirmed within 30 s: no longer seen to work: backend" });
  assert.ok(device.platform.time.now() - begun < 32_000);
  assert.is(device.wireless, WIRELESS);
});

changes("settings are requested once it is healthy; in a safe boot only when somebody wants them", async () => {
  const device = new Device(WIRELESS);
  // The switch's database is away: a request shows in its failure.
  const requested = (opened: Changes): boolean => opened.problems.some((problem) => problem.startsWith("settings not applied: "));
  const first = device.open();
  await device.settle(first.recover());
  let healthy = false;
  first.follow({ ...gateway(false, () => ({}), true), healthy: () => healthy }, SITE);
  await device.platform.time.advance(20_000);
  assert.not(requested(first));
  healthy = true;
  await device.platform.time.advance(20_000);
  assert.ok(requested(first));
  first.close();
  for (let count = 0; count < 3; count++) await device.settle(device.open().recover());
  const safe = device.open();
  await device.settle(safe.recover());
  safe.follow(gateway(true, () => ({}), true), SITE);
  await device.platform.time.advance(90_000);
  assert.not(requested(safe));
  assert.equal(safe.report().safe, { failedStarts: 3 });
  safe.want(CONFIG);
  await device.platform.time.advance(20_000);
  assert.ok(requested(safe));
});

changes("what is not seen to work yet has half a minute before settings are requested", async () => {
  const device = new Device(WIRELESS);
  const opened = device.open();
  await device.settle(opened.recover());
  opened.follow(gateway(true, () => ({ backend: false }), true), SITE);
  await device.platform.time.advance(24_000);
  assert.equal(opened.problems, []);
  await device.platform.time.advance(30_000);
  assert.match(opened.problems.join(), "settings not applied");
});

changes("a site that was confirmed is what the gateway begins with, whatever the file says; none: the file", async () => {
  const device = new Device(WIRELESS);
  const before = device.open();
  await device.settle(before.recover());
  const other = { ...CONFIG, ports: { wlan1: "bss" as const } };
  assert.equal(before.effective(other).ports, { wlan1: "bss" });
  before.follow(gateway(true, () => ({})), SITE);
  assert.is((await device.settle(before.apply({ id: "a", wanted: { flows: { site: { ...SITE, ports: { wlan5: "bss" } } } } }))).result, "confirmed");
  before.close();
  const after = device.open();
  await device.settle(after.recover());
  assert.equal(after.effective(other).ports, { wlan5: "bss" });
  assert.equal(after.report().history.map(({ id, result }) => [id, result]), [["a", "confirmed"]]);
});

changes.run();
