// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import { equal } from "uvu/assert";
import { originOf, portOf, StationPorts } from "../station-ports.ts";

const [A, B] = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"];
const test = suite("ports of stations");

function ports(placed: Record<string, string> = {}, separate = false): StationPorts {
  return new StationPorts({ keyOf: (vlan) => ({ 20: "printer" })[vlan], placed: (mac) => placed[mac], separate: () => separate });
}
const associated = (bss: string, address: string, more: { vlan?: number; key?: string } = {}) => ({ event: "associated" as const, bss, address, ...more });
const disassociated = (bss: string, address: string) => ({ event: "disassociated" as const, bss, address });
const stations = (bss: string, ...list: { address: string; key?: string; vlan?: number }[]) => ({ event: "stations" as const, bss, stations: list });

test("names of netdevs, both ways; what only looks like one is none", () => {
  const BSSES = ["wlan0", "phy0-ap0"];
  for (const [bss, vlan, port] of [["wlan0", 0, "wlan0"], ["wlan0", 20, "wlan0-20"], ["phy0-ap0", 4094, "phy0-ap0-4094"], ["wlan0", 4096, "wlan0.4096"], ["phy0-ap0", 0, "phy0-ap0"]] as const) {
    equal(portOf(bss, vlan), port);
    equal(originOf(port, BSSES), { bss, vlan });
  }
  for (const port of ["wlan1", "wlan1-20", "wlan0-4095", "wlan0-4096", "wlan0.20", "wlan0.4095", "wlan0-020", "wlan0.sta1", "wlan0-guest", "wlan0-", "phy0-ap1"]) equal(originOf(port, BSSES), undefined, port);
});

test("a station is at the port of its number; the key that has the VLAN to itself is proved by it", () => {
  const split = ports();
  equal(split.split(associated("wlan0", A, { vlan: 20 })), [associated("wlan0-20", A, { key: "printer" })]);
  equal(split.split(associated("wlan0", B, { vlan: 21 })), [associated("wlan0-21", B)]);
  equal(split.split(associated("wlan0", B, { vlan: 4096, key: "bob" })), [disassociated("wlan0-21", B), associated("wlan0.4096", B, { key: "bob" })]);
  equal(split.ports, ["wlan0-20", "wlan0.4096"]);
  equal(split.split(disassociated("wlan0", A)), [disassociated("wlan0-20", A)]);
  equal(split.ports, ["wlan0.4096"]);
});

test("a list does not tell numbers: what was told stands, and ports without stations are told to have none", () => {
  const split = ports();
  split.split(associated("wlan0", A, { vlan: 20 }));
  equal(split.split(stations("wlan0", { address: A }, { address: B })), [stations("wlan0", { address: B }), stations("wlan0-20", { address: A, key: "printer" })]);
  equal(split.split(stations("wlan0", { address: B })), [stations("wlan0", { address: B }), stations("wlan0-20")]);
  equal(split.split(stations("wlan0")), [stations("wlan0")]);
});

test("another key under the same address, one without a VLAN, is not taken for the former", () => {
  const split = ports({ [A]: "wlan0-20" });
  split.split(associated("wlan0", A, { vlan: 20 }));
  equal(split.split(associated("wlan0", A)), [disassociated("wlan0-20", A), associated("wlan0", A)]);
  equal(split.split(stations("wlan0", { address: A })), [stations("wlan0", { address: A })]);
});

test("after a restart a listed station is where the gateway has it", () => {
  const split = ports({ [A]: "wlan0.4097", [B]: "wlan1-20" });
  equal(split.split(stations("wlan0", { address: A }, { address: B })), [stations("wlan0", { address: B }), stations("wlan0.4097", { address: A })]);
});

test("where stations have interfaces of their own, one that nobody knows the interface of is left to its frames", () => {
  const placed: Record<string, string> = {};
  const split = ports(placed, true);
  equal(split.split(stations("wlan0", { address: A })), [stations("wlan0")]);
  equal(split.split(associated("wlan0", A)), []);
  placed[A] = "wlan0.4098";
  equal(split.split(stations("wlan0", { address: A })), [stations("wlan0"), stations("wlan0.4098", { address: A })]);
});

test.run();
