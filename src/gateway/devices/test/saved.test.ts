// SPDX-License-Identifier: Apache-2.0
// The table as a file: through a restart, a clock that jumps, and damage.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DeviceTable, SavedStateError } from "../index.ts";
import { macOf, Scenario, TOPOLOGY } from "./scenario.ts";

const test = suite("devices: saved state");
const DATE = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

function filled(): Scenario {
  return new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    0   lease A 10.0.0.5 3600    => release, bound A 10.0.0.5 lease
    1   claim wlan0 A fe80::a    => release, bound A fe80::a learnt
    2   frame lan1 B             => release, joined B
    3   lease B 10.0.0.6 4294967295 => release, bound B 10.0.0.6 lease
  `);
}

/** The saved text of `filled`, read by a new process whose monotonic clock says 500 s and whose wall clock `date`. */
function reborn(date: number): DeviceTable {
  const table = new DeviceTable(TOPOLOGY);
  table.restore(filled().table.save(10_000, DATE), 500_000, date);
  return table;
}

test("devices keep id, place, key and addresses", () => {
  const before = filled().table;
  const after = reborn(DATE);
  assert.equal(after.devices, before.devices);
  assert.equal(after.info(macOf("A"), 500_000)!.addresses, [{ address: "10.0.0.5", by: "lease", seconds: 3590 }, { address: "fe80::a", by: "learnt" }]);
  assert.is(after.info(macOf("A"), 500_000)!.key, "alice");
  assert.is(after.byAddress("10.0.0.6")!.mac, macOf("B"));
});

test("the key still counts after a restart", () => {
  const { events, setDevices } = reborn(DATE).associated("wlan0", macOf("A"), "bob", 501_000);
  assert.equal([events.map(({ type }) => type), setDevices.map(({ blocked }) => blocked)], [["identity-mismatch", "device-blocked"], [true]]);
});

test("nor does a device that is back from a file lose its place to the first who claims it", () => {
  const table = reborn(DATE + HOUR);
  assert.is(table.frame("wlan1", macOf("B"), 500_001).frame, "drop");
  table.counted(table.byMac(macOf("B"))!.id, 0, 500_002);
  assert.is(table.frame("wlan1", macOf("B"), 529_000).frame, "drop");
  table.counted(table.byMac(macOf("B"))!.id, 0, 530_002);
  assert.is(table.frame("wlan1", macOf("B"), 530_003).frame, "release");
});

test("leases run on by the wall clock; a clock that went back stands still", () => {
  const seconds = (date: number) => reborn(date).info(macOf("A"), 500_000)!.addresses[0]!.seconds;
  assert.is(seconds(DATE + HOUR / 2), 1790);
  assert.is(seconds(DATE - 50 * 365 * 24 * HOUR), 3590);
  assert.is(seconds(0), 3590);
});

test("what seems to have run out meanwhile stays as a learnt address, until the next lease of another; a lease without end stays", () => {
  for (const date of [DATE + HOUR, DATE + 56 * 365 * 24 * HOUR]) {
    const table = reborn(date);
    assert.equal(table.tick(500_001).events, []);
    assert.equal(table.info(macOf("A"), 500_001)!.addresses, [{ address: "10.0.0.5", by: "learnt" }, { address: "fe80::a", by: "learnt" }]);
    assert.equal(table.info(macOf("B"), 500_001)!.addresses, [{ address: "10.0.0.6", by: "lease" }]);
    table.frame("lan1", macOf("C"), 500_002);
    assert.is(table.claim("lan1", macOf("C"), "10.0.0.5", 500_002).frame, "drop");
    assert.is(table.lease({ mac: macOf("C"), address: "10.0.0.5", seconds: 60 }, 500_003).frame, "release");
  }
});

test("a clock that jumped makes nobody idle", () => {
  const table = reborn(DATE + 56 * 365 * 24 * HOUR);
  assert.is(table.info(macOf("B"), 500_000)!.idle, 8);
});

/** As the switch tells it: A with another address than the file says, B at another port, C of whom no file knows. */
const found = [
  { id: 1, mac: macOf("A"), port: "wlan0", addresses: ["10.0.0.5", "10.0.0.7"] }, { id: 2, mac: macOf("B"), port: "wlan1", addresses: ["10.0.0.6"] },
  { id: 9, mac: macOf("C"), port: "lan1", addresses: ["10.0.0.8"] },
];

test("what the switch still has comes back: addresses, places and devices under their ids; a second time nothing changes", () => {
  const table = reborn(DATE);
  const { setDevices } = table.recalled(found, 500_000);
  assert.equal(setDevices.map(({ id }) => id).sort(), [1, 2, 9]);
  assert.equal(table.devices, [{ ...found[0]!, addresses: ["10.0.0.5", "fe80::a", "10.0.0.7"] }, found[1]!, found[2]!]);
  assert.equal(table.recalled(found, 500_001).setDevices, []);
});

test("the switch's word does not beat a lease, the radio, a denial, or the configuration", () => {
  const table = reborn(DATE);
  const [, b] = table.devices;
  table.bar(b!.mac, "denied", 900_000, 500_000);
  table.associated("wlan0", macOf("A"), "alice", 500_000);
  const stale = [
    { id: 1, mac: macOf("A"), port: "lan1", addresses: ["10.0.0.9"] }, { ...b!, port: "wlan1", addresses: ["10.0.0.10"] },
    { id: 9, mac: macOf("C"), port: "lan1", addresses: ["10.0.0.5", "192.0.2.1", "10.0.0.1"] }, { id: 10, mac: macOf("R"), port: "lan1", addresses: [] },
  ];
  table.recalled(stale, 500_000);
  assert.equal(table.devices.map(({ mac, port, addresses }) => [mac, port, addresses]), [
    [macOf("A"), "wlan0", ["10.0.0.5", "fe80::a"]], [macOf("B"), "lan1", ["10.0.0.6"]], [macOf("C"), "lan1", []],
  ]);
});

test("what the configuration no longer allows is left out", () => {
  const table = new DeviceTable({ ...TOPOLOGY, gateways: ["10.0.0.5"], gatewayMacs: [macOf("B")] });
  table.restore(filled().table.save(10_000, DATE), 0, DATE);
  assert.equal(table.devices.map(({ mac, addresses }) => [mac, addresses]), [[macOf("A"), ["fe80::a"]]]);
});

test("an id is not given out again soon, also across a restart", () => {
  const table = reborn(DATE);
  const used = table.devices.map(({ id }) => id);
  table.forget(macOf("B"), 500_000);
  table.frame("lan1", macOf("C"), 500_000);
  assert.not.ok(used.includes(table.byMac(macOf("C"))!.id));
});

const DEVICE = { id: 1, mac: macOf("A"), port: "wlan0", joined: 0, seen: 0, addresses: [] };
const file = (change: object, devices: unknown = [DEVICE]) => JSON.stringify({ version: 1, saved: 0, last: 1, devices, ...change });
const DAMAGED: [text: string, message: string][] = [
  ["", "saved devices: file: not JSON"],
  ["[]", "saved devices: file: expected an object"],
  [file({}).slice(0, -9), "saved devices: file: not JSON"],
  [file({ version: 2 }), "saved devices: version: expected 1, found 2"],
  [file({ saved: "x" }), "saved devices: saved: expected a number"],
  [file({ last: null }), "saved devices: last: expected a number"],
  [file({}, {}), "saved devices: devices: expected a list"],
  [file({}, [null]), "saved devices: devices[0]: expected an object"],
  [file({}, [{ ...DEVICE, mac: "x" }]), "saved devices: devices[0].mac: no MAC address"],
  [file({}, [{ ...DEVICE, port: 7 }]), "saved devices: devices[0].port: expected a short text"],
  [file({}, [{ ...DEVICE, name: "x".repeat(300) }]), "saved devices: devices[0].name: expected a short text"],
  [file({}, [{ ...DEVICE, addresses: [{ address: "10.0.0" }] }]), "saved devices: devices[0].addresses[0].address: no IP address"],
  [file({}, [{ ...DEVICE, addresses: [{ address: "10.0.0.5", expires: "soon" }] }]), "saved devices: devices[0].addresses[0].expires: expected a number"],
];

test("a damaged file is refused by field, and the table stays empty", () => {
  assert.is(new DeviceTable(TOPOLOGY).restore(file({}), 0, 0).setDevices.length, 1);
  for (const [text, message] of DAMAGED) {
    const table = new DeviceTable(TOPOLOGY);
    assert.throws(() => table.restore(text, 0, 0), (error: Error) => error instanceof SavedStateError && error.message === message, `${message} for ${text}`);
    assert.is(table.size, 0);
  }
});

test("a file that lists a MAC, an id or an address twice, or odd ids, makes no invalid devices", () => {
  const address = [{ address: "10.0.0.5" }];
  const table = new DeviceTable(TOPOLOGY);
  table.restore(file({}, [{ ...DEVICE, addresses: address }, DEVICE, { ...DEVICE, mac: macOf("B"), addresses: address }, { ...DEVICE, mac: macOf("C"), id: -3.5 }]), 0, 0);
  const { devices } = table;
  assert.equal(devices.map(({ mac, addresses }) => [mac, addresses]), [[macOf("A"), ["10.0.0.5"]], [macOf("B"), []], [macOf("C"), []]]);
  assert.is(new Set(devices.map(({ id }) => id)).size, 3);
  for (const { id } of devices) assert.ok(Number.isInteger(id) && id > 0);
});

test.run();
