// SPDX-License-Identifier: Apache-2.0
// Where a MAC is: who may move it, and what an attacker gets who pretends.
import { suite } from "uvu";
import { Scenario } from "./scenario.ts";

const test = suite("devices: places");

test("without station events the first frame binds, a second place is refused", () => {
  new Scenario().run(`
    0   frame wlan0 A            => release, joined A
    1   frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
    2   frame wlan0 A            => release
    3   devices                  => A@wlan0
  `);
});

test("without counters a second place is never believed", () => {
  new Scenario().run(`
    0    frame wlan0 A           => release, joined A
    1    frame wlan1 A           => drop, TWO-PLACES A wlan0 wlan1
    7200 frame wlan1 A           => drop, TWO-PLACES A wlan0 wlan1
  `);
});

test("a device whose counters stand still for 30 s may turn up elsewhere", () => {
  new Scenario().run(`
    0   frame wlan0 A            => release, joined A
    1   count A 5                => -
    12  count A 5                => -
    22  count A 5                => -
    23  frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
    31  count A 5                => -
    32  frame wlan1 A            => release, moved A wlan0>wlan1
    33  devices                  => A@wlan1
    34  frame wlan0 A            => drop, TWO-PLACES A wlan1 wlan0
  `);
});

test("a device that goes on sending keeps its place however long somebody claims it", () => {
  new Scenario().run(`
    0   frame wlan0 A            => release, joined A
    1   frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
    10  count A 10               => -
    20  count A 11               => -
    40  count A 12               => -
    60  count A 12               => -
    61  frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
  `);
});

test("counters that are out of date prove nothing", () => {
  new Scenario().run(`
    0    frame wlan0 A           => release, joined A
    1    count A 5               => -
    40   count A 5               => -
    100  frame wlan1 A           => drop, TWO-PLACES A wlan0 wlan1
  `);
});

test("the same key moves at once and loses the old port", () => {
  new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    1   claim wlan0 A 10.0.0.5   => release, bound A 10.0.0.5 learnt
    2   assoc wlan1 A alice      => moved A wlan0>wlan1
    3   frame wlan0 A            => wait
    3   gone wlan0 A             => -
    4   devices                  => A@wlan1 10.0.0.5
    5   tick                     => -
    6   tick                     => TWO-PLACES A wlan1 wlan0
  `);
});

test("a frame that comes before the radio's word is no alarm when that follows", () => {
  new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    0   assoc wlan0 B            => joined B
    0   list wlan1               => -
    1   frame wlan1 A            => wait
    1   frame wlan1 B            => wait
    2   frame wlan1 A            => wait
    2.5 assoc wlan1 A alice      => moved A wlan0>wlan1
    3   gone wlan0 B             => -
    3.5 list wlan1 A/alice B     => moved B wlan0>wlan1
    4   frame wlan1 A            => release
    10  tick                     => -
    11  devices                  => A@wlan1, B@wlan1
  `);
});

test("a frame that the radio's word never follows is an alarm after the grace, and nothing is learnt of it", () => {
  new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    0   list wlan1               => -
    1   claim wlan1 A 10.0.0.66  => wait
    3.9 tick                     => -
    4   tick                     => TWO-PLACES A wlan0 wlan1
    5   devices                  => A@wlan0
    6   frame wlan1 A            => wait
    8   tick                     => -
    20  tick                     => -
    21  frame wlan1 A            => wait
    24  tick                     => TWO-PLACES A wlan0 wlan1
  `);
});

test("nobody puts the alarm off: not by frames elsewhere, nor by what the radios tell of other places", () => {
  new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    0   list wlan1               => -
    0   list lan1                => -
    1   frame wlan1 A            => wait
    2   frame lan1 A             => wait
    2.5 gone wlan1 A             => -
    3   frame wlan0 A            => release
    3.2 gone wlan0 A             => -
    3.4 frame wlan1 A            => wait
    3.6 assoc wlan0 A alice      => -
    3.8 frame wlan1 A            => wait
    4   frame wlan1 A            => wait, TWO-PLACES A wlan0 wlan1
    5   tick                     => TWO-PLACES A wlan0 lan1
    6   assoc lan1 A alice       => moved A wlan0>lan1
    7   devices                  => A@lan1
  `);
});

test("without a source of station events there is nothing to wait for", () => {
  new Scenario().run(`
    0   assoc wlan0 A            => joined A
    0   list wlan1               => -
    1   frame wlan1 A            => wait
    2   lost                     => -
    5   tick                     => -
    6   frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
  `);
});

test("another key at another port is refused; the device goes on", () => {
  new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    1   assoc wlan1 A bob        => IDENTITY A wlan1 bob for alice, deauth wlan1 A
    2   frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
    3   devices                  => A@wlan0
    60  tick                     => -
    61  frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
    62  devices                  => A@wlan0
  `);
});

test("another key at the same port: blocked until its own key is back", () => {
  new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    1   assoc wlan0 A bob        => IDENTITY A wlan0 bob for alice, blocked A, deauth wlan0 A
    2   claim wlan0 A 10.0.0.7   => drop
    3   devices                  => A@wlan0!
    30  tick                     => -
    31  devices                  => A@wlan0!
    32  assoc wlan0 A alice      => unblocked A
    33  claim wlan0 A 10.0.0.7   => release, bound A 10.0.0.7 learnt
  `);
});

test("the block ends with the hold-down once the other is gone", () => {
  new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    1   assoc wlan0 A bob        => IDENTITY A wlan0 bob for alice, blocked A, deauth wlan0 A
    2   gone wlan0 A             => -
    3   tick                     => -
    12  tick                     => unblocked A
    13  assoc wlan0 A bob        => IDENTITY A wlan0 bob for alice, blocked A, deauth wlan0 A
  `);
});

test("no key where the device has one is another key", () => {
  new Scenario().run(`
    0   assoc wlan0 A alice      => joined A
    1   assoc wlan1 A            => IDENTITY A wlan1 none for alice, deauth wlan1 A
    2   frame lan1 A             => drop, IDENTITY A lan1 none for alice
    3   gone wlan0 A             => -
    13  frame lan1 A             => drop, IDENTITY A lan1 none for alice
    14  devices                  => A@wlan0
  `);
});

test("without keys a device that left moves at once", () => {
  new Scenario().run(`
    0   assoc wlan0 A            => joined A
    5   gone wlan0 A             => -
    6   assoc wlan1 A            => moved A wlan0>wlan1
  `);
});

test("without keys a second place waits for the hold-down; then it counts", () => {
  new Scenario().run(`
    0   assoc wlan0 A            => joined A
    5   assoc wlan1 A            => TWO-PLACES A wlan0 wlan1
    6   frame wlan1 A            => drop
    7   devices                  => A@wlan0
    14  tick                     => -
    15  tick                     => moved A wlan0>wlan1
  `);
});

test("not when the old place goes on sending", () => {
  new Scenario().run(`
    0   assoc wlan0 A            => joined A
    1   count A 100              => -
    5   assoc wlan1 A            => TWO-PLACES A wlan0 wlan1
    9   count A 200              => -
    15  tick                     => TWO-PLACES A wlan0 wlan1
    20  count A 200              => -
    24  tick                     => -
    25  tick                     => moved A wlan0>wlan1
  `);
});

test("not when the second place is gone by then", () => {
  new Scenario().run(`
    0   assoc wlan0 A            => joined A
    5   assoc wlan1 A            => TWO-PLACES A wlan0 wlan1
    8   gone wlan1 A             => -
    15  tick                     => -
    16  devices                  => A@wlan0
  `);
});

test("without keys a re-association at the same port blocks for the hold-down (MacStealer)", () => {
  new Scenario().run(`
    0   assoc wlan0 A            => joined A
    5   assoc wlan0 A            => TWO-PLACES A wlan0 wlan0, blocked A
    6   claim wlan0 A 10.0.0.5   => drop
    14  tick                     => -
    15  tick                     => unblocked A
  `);
});

test("leaving and coming back does not end the hold-down", () => {
  new Scenario().run(`
    0   assoc wlan0 A            => joined A
    5   assoc wlan0 A            => TWO-PLACES A wlan0 wlan0, blocked A
    6   gone wlan0 A             => -
    7   assoc wlan0 A            => -
    16  tick                     => -
    17  tick                     => unblocked A
  `);
});

test("a hold-down of 0 lets it move at once", () => {
  new Scenario({ holdDown: 0 }).run(`
    0   assoc wlan0 A            => joined A
    5   assoc wlan0 A            => -
    6   assoc wlan1 A            => moved A wlan0>wlan1
  `);
});

test("where the radio tells of stations, a frame of an unknown one waits for it", () => {
  new Scenario().run(`
    0   list wlan0               => -
    1   frame wlan0 A            => wait
    2   assoc wlan0 A            => joined A
    3   frame wlan0 A            => release
    4   frame lan1 B             => release, joined B
    5   lost                     => -
    6   frame wlan0 C            => release, joined C
  `);
});

test("a list of stations is the truth about its BSS", () => {
  new Scenario().run(`
    0   list wlan0 A/alice B     => joined A, joined B
    1   lost                     => -
    2   list wlan0 B C           => joined C
    3   assoc wlan1 A alice      => moved A wlan0>wlan1
    4   list wlan0 B C           => -
    5   assoc wlan1 B            => TWO-PLACES B wlan0 wlan1
    6   list wlan0 C             => -
    7   list wlan0 C B           => -
  `);
});

test("a list repeats what an association said, it does not begin anew", () => {
  new Scenario().run(`
    0   list wlan0 A B/bob       => joined A, joined B
    5   assoc wlan1 A            => TWO-PLACES A wlan0 wlan1
    5   assoc wlan1 B eve        => IDENTITY B wlan1 eve for bob, deauth wlan1 B
    9   list wlan1 A B/eve       => -
    15  tick                     => moved A wlan0>wlan1
  `);
});

test("what the radio says is gone may appear at a wired port", () => {
  new Scenario().run(`
    0   assoc wlan0 A            => joined A
    1   frame lan1 A             => drop, TWO-PLACES A wlan0 lan1
    2   gone wlan0 A             => -
    3   frame lan1 A             => release, moved A wlan0>lan1
  `);
});

test("nobody is the gateway, and nobody is at the uplink", () => {
  new Scenario().run(`
    0   assoc wlan0 R            => GATEWAY R wlan0 R, deauth wlan0 R
    1   frame lan1 R             => drop, GATEWAY R lan1 R
    2   frame wan A              => drop
    3   frame ghost A            => drop
    4   devices                  => -
  `);
});

test("the same alarm is told once in ten seconds", () => {
  new Scenario().run(`
    0   frame wlan0 A            => release, joined A
    1   frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
    2   frame wlan1 A            => drop
    5   frame lan1 A             => drop, TWO-PLACES A wlan0 lan1
    10  frame wlan1 A            => drop
    11  frame wlan1 A            => drop, TWO-PLACES A wlan0 wlan1
  `);
});

test.run();
