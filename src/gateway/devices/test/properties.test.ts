// SPDX-License-Identifier: Apache-2.0
// Random inputs with a seed. Whatever a station does, it takes nothing from another that is alive; the model's uniqueness rules always hold.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DeviceEvent } from "../index.ts";
import { macOf, Scenario } from "./scenario.ts";

const test = suite("devices: properties");

/** Mulberry32: small, good enough to mix inputs. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const PORTS = ["wlan0", "wlan1", "lan1", "wan"];
const ADDRESSES = ["10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.1", "fe80::a", "fe80::b", "fe80::1", "2001:db8::a", "2001:db8::b", "192.0.2.1"];

/** Y: a keyed station with a lease and a learnt address, sending now and then. */
function victim(): Scenario {
  return new Scenario({ joinBurst: 1e9 }).run(`
    0 list wlan0               => -
    0 list wlan1               => -
    0 assoc wlan0 E eve-is-not => joined E
    0 lease E 10.0.0.5 4294967295 => release, bound E 10.0.0.5 lease
    0 claim wlan0 E fe80::a    => release, bound E fe80::a learnt
  `);
}

/** What an attacker can cause: frames under his MAC or the victim's from every place but the victim's own, associations with his key, leases of free or claimed addresses. */
function attack(pick: (below: number) => number): string[] {
  const mac = ["A", "B", "E"][pick(3)]!;
  const elsewhere = mac === "E" ? PORTS.filter((port) => port !== "wlan0") : PORTS;
  const port = elsewhere[pick(elsewhere.length)]!;
  switch (pick(8)) {
    case 0: return ["frame", port, mac];
    case 1: case 2: return ["claim", port, mac, ADDRESSES[pick(ADDRESSES.length)]!];
    case 3: return ["assoc", PORTS[1 + pick(2)]!, mac, ["mallory", "alice"][pick(2)]!];
    case 4: return ["gone", PORTS[1 + pick(2)]!, mac];
    case 5: return mac === "E" ? ["tick"] : ["lease", mac, ["10.0.0.5", "10.0.0.6", "10.0.0.7"][pick(3)]!, String(pick(100))];
    case 6: return ["assoc", PORTS[1 + pick(2)]!, mac];
    default: return ["tick"];
  }
}

test("no inputs of others change a device's place, addresses or freedom", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const scenario = victim();
    const pick = random(seed);
    const before = JSON.stringify(scenario.table.byMac(macOf("E")));
    const log: string[] = [];
    for (let i = 0; i < 300; i++) {
      scenario.now += pick(3000);
      const input = attack(pick);
      log.push(`${scenario.now / 1000} ${input.join(" ")}`);
      scenario.input(input);
      assert.is(JSON.stringify(scenario.table.byMac(macOf("E"))), before, `seed ${seed}:\n${log.slice(-5).join("\n")}`);
    }
  }
});

/** What is told of E at wlan1. */
const alarmed = (events: readonly DeviceEvent[]): boolean => events.some((event) => event.type === "mac-at-two-places" && event.mac === macOf("E") && event.other === "wlan1");

test("whatever else is done, a frame of a device at another radio is an alarm in time", () => {
  let seen = 0;
  for (let seed = 200; seed < 260; seed++) {
    const scenario = victim();
    const pick = random(seed);
    let [due, last] = [Infinity, -Infinity];
    for (let i = 0; i < 400; i++) {
      scenario.now += pick(500);
      const input = i % 3 === 0 ? ["tick"] : pick(10) === 0 ? ["frame", "wlan0", "E"] : attack(pick);
      const before = scenario.table.info(macOf("E"), scenario.now)!;
      const outcome = scenario.input(input);
      if (outcome && alarmed(outcome.events)) [last, due, seen] = [scenario.now, Infinity, seen + 1];
      // The same alarm is told once in ten seconds.
      else if (["frame", "claim"].includes(input[0]!) && input[1] === "wlan1" && input[2] === "E" && before.associated && scenario.now - last > 10_000) due = Math.min(due, scenario.now + scenario.table.limits.grace + 1500);
      assert.ok(scenario.now <= due, `seed ${seed} step ${i}: no alarm`);
    }
  }
  assert.ok(seen > 60, `${seen} alarms`);
});

test("an honest station that roams, with frames before the radio's word and the radios' words in any order, is no alarm", () => {
  for (let seed = 300; seed < 360; seed++) {
    const scenario = victim();
    const pick = random(seed);
    let at = "wlan0";
    for (let move = 0; move < 40; move++) {
      scenario.now += 1000 + pick(20_000);
      const to = at === "wlan0" ? "wlan1" : "wlan0";
      const words = [["assoc", to, "E", "eve-is-not"], ["gone", at, "E"]];
      const inputs = [...Array.from({ length: pick(4) }, () => ["frame", to, "E"]), ...(pick(2) === 0 ? words : words.reverse()), ["frame", to, "E"], ["tick"]];
      for (const input of inputs) {
        scenario.now += pick(scenario.table.limits.grace / 6);
        const outcome = scenario.input(input);
        assert.equal(outcome?.events.filter(({ type }) => type === "mac-at-two-places"), [], `seed ${seed} move ${move}: ${input.join(" ")}`);
      }
      at = to;
      assert.is(scenario.table.byMac(macOf("E"))!.port, to);
    }
  }
});

test("any inputs at all: one device per MAC and address, and the model follows", () => {
  for (let seed = 100; seed < 160; seed++) {
    const scenario = new Scenario({ devices: 12, joinBurst: 1e9, claimBurst: 1e9 });
    const pick = random(seed);
    const name = (): string => "ABCDEF89"[pick(8)]!;
    for (let i = 0; i < 400; i++) {
      scenario.now += pick(60_000);
      const verbs: string[][] = [
        ["frame", PORTS[pick(4)]!, name()], ["claim", PORTS[pick(4)]!, name(), ADDRESSES[pick(10)]!], ["lease", name(), ADDRESSES[pick(10)]!, String(pick(5000))],
        ["assoc", PORTS[pick(3)]!, name(), ["alice", "bob"][pick(2)]!], ["assoc", PORTS[pick(3)]!, name()], ["gone", PORTS[pick(3)]!, name()],
        ["list", PORTS[pick(2)]!, name(), `${name()}/alice`], ["lost"], ["tick"], ["forget", name()],
      ];
      scenario.input(verbs[pick(verbs.length)]!);
      const told = [...scenario.model].map(([id, { mac, addresses }]) => `${id} ${mac} ${[...addresses].sort().join()}`).sort();
      const own = scenario.table.devices.map(({ id, mac, addresses }) => `${id} ${mac} ${[...addresses].sort().join()}`).sort();
      assert.equal(told, own, `seed ${seed} step ${i}`);
      assert.ok(scenario.table.size <= 12);
      for (const { mac, addresses } of scenario.table.devices) for (const address of addresses) assert.is(scenario.table.byAddress(address)!.mac, mac);
    }
  }
});

test.run();
