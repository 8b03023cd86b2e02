// SPDX-License-Identifier: Apache-2.0
// Many stations, real and invented: what is bounded, and who keeps his place.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DeviceTable, type DeviceEvent } from "../index.ts";
import { macOf, Scenario, TOPOLOGY } from "./scenario.ts";

const test = suite("devices: floods");

function invented(i: number): string {
  return `06:00:00:00:${(i >> 8).toString(16).padStart(2, "0")}:${(i & 255).toString(16).padStart(2, "0")}`;
}

test("new MACs from one port: 64 at once, then one a second; other ports are not concerned", () => {
  const table = new DeviceTable(TOPOLOGY);
  const joined = (now: number, from: number, count: number) => Array.from({ length: count }, (_, i) => table.frame("lan1", invented(from + i), now)).filter(({ frame }) => frame === "release").length;
  assert.is(joined(0, 0, 500), 64);
  assert.is(joined(3000, 1000, 500), 3);
  assert.is(table.frame("wlan0", macOf("A"), 3000).frame, "release");
});

test("a flood fills a quarter of the table, turns over its own devices, and evicts nobody known", () => {
  const table = new DeviceTable(TOPOLOGY, { devices: 100, joinBurst: 1e9 });
  const events: DeviceEvent[] = [];
  table.associated("wlan0", macOf("A"), "alice", 0);
  table.frame("lan1", macOf("B"), 0);
  table.lease({ mac: macOf("B"), address: "10.0.0.5", seconds: 86400 }, 0);
  table.frame("lan1", macOf("C"), 0);
  table.setNamed([macOf("C")]);
  table.frame("lan1", macOf("D"), 0);
  table.counted(table.byMac(macOf("D"))!.id, 1, 0);
  table.counted(table.byMac(macOf("D"))!.id, 2, 600_000);
  table.frame("wlan1", macOf("E"), 0);
  for (let i = 0; i < 5000; i++) events.push(...table.frame("lan1", invented(i), 600_001 + i).events);
  assert.is(table.size, 5 + 25);
  for (const name of ["A", "B", "C", "D", "E"]) assert.ok(table.byMac(macOf(name)), name);
  assert.ok(events.every((event) => event.type !== "device-left" || event.mac.startsWith("06:")));
  assert.is(table.frame("wlan1", macOf("F"), 700_000).frame, "release");
});

test("nor anybody who is associated, though nothing else is known of him", () => {
  const table = new DeviceTable(TOPOLOGY, { devices: 20, joinBurst: 1e9 });
  table.associated("wlan0", macOf("A"), undefined, 0);
  table.stationsLost();
  for (let i = 0; i < 100; i++) table.frame("wlan0", invented(i), 1 + i);
  assert.ok(table.byMac(macOf("A")));
  assert.is(table.size, 5);
});

test("a table full of known devices takes no more", () => {
  const table = new DeviceTable(TOPOLOGY, { devices: 10 });
  for (let i = 0; i < 10; i++) table.associated("wlan0", invented(i), `key${i}`, 0);
  const { events, deauthenticate, setDevices } = table.associated("wlan0", macOf("A"), "alice", 1);
  assert.equal([events, setDevices], [[{ type: "too-many-stations", port: "wlan0" }], []]);
  assert.equal(deauthenticate, [{ port: "wlan0", mac: macOf("A"), reason: 5 }]);
});

test("ids stay within twice the number of devices, and none is in use twice", () => {
  const table = new DeviceTable(TOPOLOGY, { devices: 40, joinBurst: 1e9 });
  const used = new Map<number, string>();
  for (let i = 0; i < 3000; i++) {
    const { setDevices, removeDevices } = table.frame(["lan1", "wlan0", "wlan1"][i % 3]!, invented(i), i);
    for (const id of removeDevices) used.delete(id);
    for (const { id, mac } of setDevices) {
      assert.ok(id >= 1 && id <= 80, `id ${id}`);
      assert.not.ok(used.has(id), `id ${id} twice`);
      used.set(id, mac);
    }
  }
  assert.is(used.size, table.size);
});

test("unknown devices are forgotten after two hours, known ones after thirty days, associated ones never", () => {
  new Scenario().run(`
    0       frame lan1 A           => release, joined A
    0       frame lan1 B           => release, joined B
    0       lease B 10.0.0.5 60    => release, bound B 10.0.0.5 lease
    0       assoc wlan0 C alice    => joined C
    0       assoc wlan0 D bob      => joined D
    0       gone wlan0 D           => -
    60      tick                   => unbound B 10.0.0.5 expired
    7199    tick                   => -
    7200    tick                   => left A idle, left B idle
    2592000 tick                   => left D idle
    9000000 tick                   => -
    9000000 forget C               => left C forgotten
  `);
});

test("alarms of many kinds do not pile up", () => {
  const table = new DeviceTable(TOPOLOGY, { joinBurst: 1e9 });
  let told = 0;
  for (let i = 0; i < 5000; i++) told += table.claim("lan1", invented(i % 1000), `192.0.${i >> 8}.${i & 255}`, 1).events.filter(({ type }) => type === "address-refused").length;
  assert.is(told, 128);
});

test("who raises alarms without end hides nobody else's", () => {
  const table = new DeviceTable(TOPOLOGY, { joinBurst: 1e9 });
  const alarms = (port: string, mac: string, count: number): number => {
    table.frame(port, mac, 0);
    return Array.from({ length: count }, (_, i) => table.claim(port, mac, `192.0.2.${i}`, 1).events.length).filter((told) => told > 0).length;
  };
  assert.is(alarms("wlan0", macOf("A"), 250), 16);
  assert.is(alarms("wlan0", macOf("B"), 3), 3, "at the same port");
  for (let i = 0; i < 30; i++) alarms("lan1", invented(i), 16);
  assert.is(alarms("wlan1", macOf("C"), 3), 3, "beside a port full of invented stations");
});

test.run();
