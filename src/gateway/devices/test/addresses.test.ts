// SPDX-License-Identifier: Apache-2.0
// Which device may use which address.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Scenario, TOPOLOGY } from "./scenario.ts";

const test = suite("devices: addresses");

test("the first to claim an address has it", () => {
  new Scenario().run(`
    0   claim wlan0 A 10.0.0.5     => release, joined A, bound A 10.0.0.5 learnt
    1   claim wlan0 A fe80::a      => release, bound A fe80::a learnt
    2   claim wlan0 B 10.0.0.5     => drop, joined B, CONFLICT B 10.0.0.5 of A
    3   claim lan1 B fe80::a       => drop, TWO-PLACES B wlan0 lan1
    4   claim wlan0 B fe80::a      => drop, CONFLICT B fe80::a of A
    5   claim wlan0 A 10.0.0.5     => release
    6   devices                    => A@wlan0 fe80::a 10.0.0.5, B@wlan0
  `);
});

test("addresses of the router, the resolvers, other networks and none at all", () => {
  new Scenario().run(`
    0   claim wlan0 A 10.0.0.1     => drop, joined A, GATEWAY A wlan0 10.0.0.1
    1   claim wlan0 A 10.0.0.53    => drop, GATEWAY A wlan0 10.0.0.53
    2   claim wlan0 A fe80::1      => drop, GATEWAY A wlan0 fe80::1
    3   claim wlan0 A 10.0.1.5     => drop, REFUSED A 10.0.1.5
    4   claim wlan0 A 10.0.0.0     => drop, REFUSED A 10.0.0.0
    5   claim wlan0 A 10.0.0.255   => drop, REFUSED A 10.0.0.255
    6   claim wlan0 A 2001:db8::   => drop, REFUSED A 2001:db8::
    7   claim wlan0 A ff02::1      => drop, REFUSED A ff02::1
    8   claim wlan0 A 0.0.0.0      => drop, REFUSED A 0.0.0.0
    9   claim wlan0 A nonsense     => drop, REFUSED A nonsense
    9   lease A 10.0.0.1 60        => drop
    11  devices                    => A@wlan0
  `);
});

test("a lease beats a claim, not another lease", () => {
  new Scenario().run(`
    0   claim wlan0 A 10.0.0.5     => release, joined A, bound A 10.0.0.5 learnt
    1   frame wlan0 B              => release, joined B
    2   lease B 10.0.0.5 60        => release, CONFLICT B 10.0.0.5 of A, unbound A 10.0.0.5 leased-to-another, bound B 10.0.0.5 lease
    3   claim wlan0 A 10.0.0.5     => drop, CONFLICT A 10.0.0.5 of B
    4   lease A 10.0.0.5 60        => drop
    62  tick                       => unbound B 10.0.0.5 expired
    63  lease A 10.0.0.5 60        => release, bound A 10.0.0.5 lease
  `);
});

test("a lease is renewed, runs out, and is 4294967295 seconds for ever", () => {
  new Scenario().run(`
    0     frame wlan0 A            => release, joined A
    1     lease A 10.0.0.5 60      => release, bound A 10.0.0.5 lease
    31    lease A 10.0.0.5 60      => release
    62    tick                     => -
    91    tick                     => unbound A 10.0.0.5 expired
    92    lease A 10.0.0.6 4294967295 => release, bound A 10.0.0.6 lease
    9999  tick                     => -
  `);
});

test("a lease to nobody known is not delivered", () => {
  new Scenario().run(`0 lease A 10.0.0.5 60 => drop`);
});

test("a learnt address may be taken once its device is unseen for fifteen minutes", () => {
  new Scenario().run(`
    0    claim wlan0 A 10.0.0.5    => release, joined A, bound A 10.0.0.5 learnt
    10   frame wlan0 B             => release, joined B
    899  claim wlan0 B 10.0.0.5    => drop, CONFLICT B 10.0.0.5 of A
    900  claim wlan0 B 10.0.0.5    => release, unbound A 10.0.0.5 absent, bound B 10.0.0.5 learnt
  `);
});

test("a leased one not before the lease ends", () => {
  new Scenario().run(`
    0    frame wlan0 A             => release, joined A
    0    lease A 10.0.0.5 3600     => release, bound A 10.0.0.5 lease
    10   frame wlan0 B             => release, joined B
    3599 claim wlan0 B 10.0.0.5    => drop, CONFLICT B 10.0.0.5 of A
    3600 tick                      => unbound A 10.0.0.5 expired
    3601 claim wlan0 B 10.0.0.5    => release, bound B 10.0.0.5 learnt
  `);
});

test("not while it is associated, nor while its counters grow", () => {
  new Scenario().run(`
    0    assoc wlan0 A             => joined A
    1    claim wlan0 A 10.0.0.5    => release, bound A 10.0.0.5 learnt
    2    claim lan1 C 10.0.0.6     => release, joined C, bound C 10.0.0.6 learnt
    3    frame lan1 B              => release, joined B
    800  count C 7                 => -
    1000 claim lan1 B 10.0.0.5     => drop, CONFLICT B 10.0.0.5 of A
    1001 claim lan1 B 10.0.0.6     => drop, CONFLICT B 10.0.0.6 of C
  `);
});

test("four IPv4 addresses: the one claimed longest ago goes, leases stay", () => {
  new Scenario().run(`
    0   frame wlan0 A              => release, joined A
    0   lease A 10.0.0.2 600       => release, bound A 10.0.0.2 lease
    1   claim wlan0 A 10.0.0.3     => release, bound A 10.0.0.3 learnt
    2   claim wlan0 A 10.0.0.4     => release, bound A 10.0.0.4 learnt
    3   claim wlan0 A 10.0.0.5     => release, bound A 10.0.0.5 learnt
    4   claim wlan0 A 10.0.0.3     => release
    5   claim wlan0 A 10.0.0.6     => release, unbound A 10.0.0.4 replaced, bound A 10.0.0.6 learnt
    6   devices                    => A@wlan0 10.0.0.2 10.0.0.5 10.0.0.3 10.0.0.6
  `);
});

test("four leases leave no room for a fifth", () => {
  const scenario = new Scenario().run(`0 frame wlan0 A => release, joined A`);
  for (const last of [2, 3, 4, 5]) scenario.run(`1 lease A 10.0.0.${last} 600 => release, bound A 10.0.0.${last} lease`);
  scenario.run(`
    2 lease A 10.0.0.6 600     => drop, TOO-MANY A 10.0.0.6
    3 claim wlan0 A 10.0.0.6   => drop
  `);
});

test("sixteen IPv6 addresses, and no more than one new claim in two seconds after twenty", () => {
  const scenario = new Scenario().run(`0 frame wlan0 A => release, joined A`);
  for (let i = 1; i <= 16; i++) scenario.run(`0 claim wlan0 A 2001:db8::${i} => release, bound A 2001:db8::${i} learnt`);
  for (let i = 17; i <= 20; i++) scenario.run(`1 claim wlan0 A 2001:db8::${i} => release, unbound A 2001:db8::${i - 16} replaced, bound A 2001:db8::${i} learnt`);
  scenario.run(`
    1 claim wlan0 A 2001:db8::99 => drop, TOO-MANY A 2001:db8::99
    2 claim wlan0 A 2001:db8::98 => release, unbound A 2001:db8::5 replaced, bound A 2001:db8::98 learnt
    2 claim wlan0 A 2001:db8::97 => drop, TOO-MANY A 2001:db8::97
  `);
  assert.is(scenario.table.devices[0]!.addresses.length, 16);
});

test("a changed network takes what no longer belongs to it", () => {
  const scenario = new Scenario().run(`
    0   claim wlan0 A 10.0.0.5     => release, joined A, bound A 10.0.0.5 learnt
    1   claim wlan0 A fe80::a      => release, bound A fe80::a learnt
    2   claim wlan0 B 2001:db8::b  => release, joined B, bound B 2001:db8::b learnt
  `);
  const { removeDevices, setDevices } = scenario.table.setTopology({ ...TOPOLOGY, prefixes: ["192.168.0.0/24", "2001:db8::/64"], gatewayMacs: ["02:00:00:00:00:0b"] }, 3000);
  assert.equal([removeDevices.length, setDevices.map(({ addresses }) => addresses)], [1, [["fe80::a"]]]);
});

test("a host name of a lease is kept", () => {
  const scenario = new Scenario().run(`0 frame wlan0 A => release, joined A`);
  const { setDevices } = scenario.table.lease({ mac: "02:00:00:00:00:0a", address: "10.0.0.5", seconds: 60, hostname: "laptop" }, 1000);
  assert.equal(setDevices.map(({ name, addresses }) => [name, addresses]), [["laptop", ["10.0.0.5"]]]);
  assert.equal(scenario.table.info("02:00:00:00:00:0a", 11_000)!.addresses, [{ address: "10.0.0.5", by: "lease", seconds: 50 }]);
});

test.run();
