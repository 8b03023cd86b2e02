// SPDX-License-Identifier: Apache-2.0
// Changes of a device with a real Open vSwitch, a real DHCP server and stations: Wi-Fi settings, ports, what is probed, what is rolled back.
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "../../tools/setup/index.ts";
import { run, telling, until } from "../lab/command.ts";
import { addresses, OpenwrtDevice } from "../lab/openwrt-device.ts";

const test = suite<{ device: OpenwrtDevice }>("changes of a device");
const WIFI = "config wifi\n\toption iface 'default_radio0'\n";

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  context.device = await OpenwrtDevice.create();
  await context.device.start();
  await context.device.phoneIsBack();
  await context.device.manage();
}));
test.after(async ({ device }) => device?.close());

test("Wi-Fi settings: written, the netdev that vanishes and returns is followed, management and DHCP are seen to work again", async ({ device }) => {
  const forbidden = device.lab.spawn(device.hosts.printer.inside(["ping", "-i", "0.05", "-W", "1", addresses.phone]), { stdio: ["ignore", "pipe", "ignore"] });
  let replies = "";
  forbidden.stdout!.on("data", (chunk: Buffer) => { replies += String(chunk); });
  const [since, address] = [device.said.length, await device.address()];
  device.configure(device.configuration(WIFI));
  assert.match(await device.says(/applying .*/, 20_000, since), /parts=uci .*watched=dhcp,management/);
  await device.says(/confirmed/, 30_000, since);
  forbidden.kill("SIGINT");
  assert.match(device.said.slice(since), /ports.*wlan0/);
  const wireless = device.read("etc/config/wireless");
  for (const line of ["option isolate '1'", "list hostapd_bss_options 'disable_dgaf=1'", "option multicast_to_unicast_all '1'", "option ssid 'home'"]) assert.match(wireless, line);
  assert.not.match(wireless, "option network");
  assert.is(device.read("reloads"), "reload\n");
  assert.is(await device.address(), address, "the device's own address does not depend on the radio's");
  await device.phoneIsBack();
  assert.not.match(replies, "bytes from", "nothing forbidden passed meanwhile");
  const { history } = await device.changes();
  assert.equal(history.map(({ result }) => result), ["confirmed"]);
});

test("a change after which the phone does not come back: everything is as it was, and it is said why", async ({ device }) => {
  const [before, since] = [device.read("etc/config/wireless"), device.said.length];
  device.configure(device.configuration(WIFI + "\toption group_keys 'per-station'\nconfig key 'printer'\n\toption key 'sEcReT passphrase'\n"));
  await device.says(/applying/, 20_000, since);
  await until("the key's section", 10_000, () => device.read("etc/config/wireless").includes("config wifi-station 'sbk_0_printer'"));
  await device.says(/rolled back .*/, 40_000, since);
  assert.is(device.read("etc/config/wireless"), before);
  const { history, problems } = await device.changes();
  assert.match(JSON.stringify(history.at(-1)), /"rolled back","reason":"not confirmed within 10 s: no longer seen to work: management"/);
  assert.match(problems.join(), "no longer seen to work: management");
  assert.not.match(device.said + JSON.stringify([history, problems]), "sEcReT");
  await device.phoneIsBack();
});

test("a port that DHCP needs is taken away: bridge, flows and what is said of them are as before", async ({ device }) => {
  const since = device.said.length;
  device.configure(device.configuration(WIFI, { br0: "local", wlan0: "bss", lan1: "wired" }));
  assert.match(await device.says(/applying .*/, 20_000, since), /parts=flows,ovsdb/);
  await until("the uplink is gone", 15_000, async () => (await device.listPorts()).join() === "lan1,wlan0");
  await device.says(/rolled back .*dhcp/, 40_000, since);
  assert.equal(await device.listPorts(), ["lan1", "uplink", "wlan0"]);
  // The uplink comes back with another number, which is a new topology.
  const { ports } = await until("its flows are in force", 10_000, async () => { const { switch: known } = await device.status(); return known.state === "ready" && known.ports.every(({ number }) => number !== undefined) ? known : undefined; });
  assert.equal(ports.map(({ name }) => name).sort(), ["br0", "lan1", "uplink", "wlan0"]);
});

test("killed amid a change: `recover` has UCI back before anybody reads it, the start says what happened", async ({ device }) => {
  const [since, before] = [device.said.length, device.read("etc/config/wireless")];
  device.configure(device.configuration(WIFI + "\toption group_keys 'shared'\n"));
  await device.says(/bridge repaired: added wlan0/, 20_000, since);
  assert.is.not(device.read("etc/config/wireless"), before);
  await device.end("SIGKILL");
  const recovered = await run([...device.program, "recover", "--config", join(device.root, "etc/config/securebox")]);
  assert.equal([recovered.code, device.read("etc/config/wireless")], [0, before]);
  assert.match(recovered.stderr, /^securebox recover: the change "settings [0-9a-f]{12}" was interrupted; undone 1 value of UCI$/m);
  device.write("etc/config/securebox", device.configuration(WIFI));
  await device.start();
  assert.equal((await device.changes()).history.map(({ result, reason = "" }) => [result, reason.split(":")[0]]), [
    ["confirmed", ""], ["rolled back", "not confirmed within 10 s"], ["rolled back", "not confirmed within 10 s"], ["rolled back", "interrupted while it was applied"]]);
  await device.phoneIsBack();
});

test("policy path and log level are taken over; limits make the gateway begin anew, in the same process and without a flow changed", async ({ device }) => {
  const { pid } = await device.status();
  device.write("etc/other.yaml", device.read("etc/policy.yaml"));
  device.configure(device.configuration(WIFI, undefined, "\toption log_level 'debug'\n").replace("etc/policy.yaml", "etc/other.yaml"));
  await until("the other policy file", 10_000, async () => (await device.status()).policy.path.endsWith("other.yaml"));
  const since = device.said.length;
  device.configure(device.configuration(WIFI + "config limits\n\toption devices '99'\n"));
  await device.says(/gateway begins anew, with the flows that the switch has.* changed=limits/, 10_000, since);
  await device.says(/switch ready.*/, 20_000, since);
  const status = await device.status();
  assert.equal([status.pid, status.switch.lastSync?.changed], [pid, 0]);
  assert.ok(await device.pings("phone", addresses.device), `the phone's way is as it was: ${(await device.ovs.ofctl("dump-flows", "br0", "table=1")).split("\n").length} ${device.said.slice(since)}`);
});

test.run();
