// SPDX-License-Identifier: Apache-2.0
// Networks with thin ports: nobody tells of stations that leave, so one that turns up elsewhere is asked where it was.
import { suite } from "uvu";
import { Scenario as Base, TOPOLOGY } from "./scenario.ts";

const topology = { ...TOPOLOGY, ports: [...TOPOLOGY.ports, { name: "ap1", number: 5, role: "thin" as const }, { name: "ap2", number: 6, role: "thin" as const }] };
const scenario = (): Base => new Base({}, topology);
const test = suite("devices: asked at their place");

test("no answer: it has moved, half a second after its first frame from there", () => {
  scenario().run(`
    0    claim ap1 A 10.0.0.9     => release, joined A, bound A 10.0.0.9 learnt
    10   frame ap2 A              => drop, ask ap1 A
    10.05 frame ap2 A             => drop
    10.1 frame ap2 A              => drop, ask ap1 A
    10.4 frame ap2 A              => drop, ask ap1 A
    10.5 frame ap2 A              => release, moved A ap1>ap2
    11   devices                  => A@ap2 10.0.0.9
    11   frame ap1 A              => drop, ask ap2 A
    11.2 frame ap1 A              => drop, ask ap2 A
    11.6 frame ap1 A              => release, moved A ap2>ap1
  `);
});

test("it sent one frame only, and waits: time tells", () => {
  scenario().run(`
    0    claim ap1 A 10.0.0.9     => release, joined A, bound A 10.0.0.9 learnt
    10   frame ap2 A              => drop, ask ap1 A
    10.5 tick                     => ask ap1 A
    11.5 tick                     => moved A ap1>ap2
  `);
});

test("an answer: it keeps its place, the other is told of, and goes on in vain", () => {
  scenario().run(`
    0    claim ap1 A 10.0.0.9     => release, joined A, bound A 10.0.0.9 learnt
    10   frame ap2 A              => drop, ask ap1 A
    10.1 frame ap2 A              => drop, ask ap1 A
    10.2 frame ap1 A              => release, TWO-PLACES A ap1 ap2
    10.6 frame ap2 A              => drop
    11.2 frame ap2 A              => drop, ask ap1 A
    11.3 frame ap1 A              => release
    30   frame ap2 A              => drop, ask ap1 A
    30.1 frame ap1 A              => release, TWO-PLACES A ap1 ap2
    30.9 devices                  => A@ap1 10.0.0.9
  `);
});

test("one question is not enough, and a frame of the third place asks for itself", () => {
  scenario().run(`
    0    claim ap1 A 10.0.0.9     => release, joined A, bound A 10.0.0.9 learnt
    10   frame ap2 A              => drop, ask ap1 A
    12   frame ap2 A              => drop, ask ap1 A
    12.1 frame lan1 A             => drop, ask ap1 A
    12.7 frame lan1 A             => drop, ask ap1 A
    12.8 frame ap2 A              => drop, ask ap1 A
  `);
});

test("without an IPv4 address it cannot be asked: silence decides, as without thin ports", () => {
  scenario().run(`
    0    frame ap1 A              => release, joined A
    1    frame ap2 A              => drop, TWO-PLACES A ap1 ap2
    9    frame ap2 A              => drop
  `);
});

test("from our own radio to a thin port: after two seconds while the radio has it, at once when it has lost it, never with a key", () => {
  scenario().run(`
    0    assoc wlan0 A            => joined A
    0    claim wlan0 A 10.0.0.9   => release, bound A 10.0.0.9 learnt
    1    frame ap1 A              => drop, ask wlan0 A
    1.6  frame ap1 A              => drop, ask wlan0 A
    3    frame ap1 A              => release, moved A wlan0>ap1
    4    assoc wlan0 A            => moved A ap1>wlan0
    5    gone wlan0 A             => -
    5.1  frame ap2 A              => release, moved A wlan0>ap2
    6    assoc wlan0 A k          => moved A ap2>wlan0
    7    gone wlan0 A             => -
    8    frame ap1 A              => drop, IDENTITY A ap1 none for k
  `);
});

test("whom the radio cut off is not given away", () => {
  scenario().run(`
    0    assoc wlan0 A            => joined A
    0    claim wlan0 A 10.0.0.9   => release, bound A 10.0.0.9 learnt
    1    assoc wlan0 A            => TWO-PLACES A wlan0 wlan0, blocked A
    2    frame ap1 A              => drop, TWO-PLACES A wlan0 ap1
    5    frame ap1 A              => drop
  `);
});

test.run();
