// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import { equal } from "uvu/assert";
import { Radio } from "../radio.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const list = (bss: string, ...addresses: string[]) => [{ event: "stations", bss, stations: addresses.map((address) => ({ address })) }];

function listed(radio: Radio, bss: string, ...addresses: string[]): void {
  radio.added(bss);
  radio.listing(bss);
  radio.listed(bss, addresses);
}

const test = suite("stations of hostapd");

test("a list, then who comes and goes", () => {
  const radio = new Radio();
  radio.added("wlan0");
  radio.listing("wlan0");
  equal(radio.listed("wlan0", [A.toUpperCase(), "nonsense"]), list("wlan0", A));
  equal(radio.notified("wlan0", "sta-authorized", B), { events: [{ event: "associated", bss: "wlan0", address: B }], ask: [] });
  equal(radio.notified("wlan0", "deauth", A), { events: [{ event: "disassociated", bss: "wlan0", address: A }], ask: [] });
  equal(radio.notified("wlan0", "disassoc", A).events, [], "told once");
});

test("assoc alone, before the keys, is nobody; nor is what has no address", () => {
  const radio = new Radio();
  listed(radio, "wlan0");
  equal(radio.notified("wlan0", "assoc", A), { events: [], ask: [] });
  equal(radio.notified("wlan0", "sta-authorized", undefined), { events: [], ask: [] });
  equal(radio.notified("wlan0", "sta-authorized", "02:00"), { events: [], ask: [] });
  equal(radio.notified("wlan9", "sta-authorized", A), { events: [], ask: [] });
});

test("who came or left while a list was on its way is not forgotten by it", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  radio.listing("wlan0");
  radio.notified("wlan0", "disassoc", A);
  radio.notified("wlan0", "sta-authorized", B);
  equal(radio.listed("wlan0", [A]), list("wlan0", B));
  radio.listing("wlan0");
  equal(radio.listed("wlan0", [A]), list("wlan0", A), "and what was told before does not outlive the next list");
});

test("what is told before the first list counts with it", () => {
  const radio = new Radio();
  radio.added("wlan0");
  radio.listing("wlan0");
  equal(radio.notified("wlan0", "sta-authorized", B).events, []);
  equal(radio.listed("wlan0", []), list("wlan0", B));
});

test("a list that did not come changes nothing", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  radio.listing("wlan0");
  equal(radio.listed("wlan0", undefined), []);
  equal(radio.notified("wlan0", "deauth", A).events.length, 1);
});

test("a station that is authorised elsewhere: the old place is listed first, then it is told", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  listed(radio, "wlan1");
  equal(radio.notified("wlan1", "sta-authorized", A), { events: [], ask: ["wlan0"] });
  radio.listing("wlan0");
  equal(radio.listed("wlan0", []), list("wlan0"));
  equal(radio.asked("wlan1", A), [{ event: "associated", bss: "wlan1", address: A }]);
  equal(radio.asked("wlan1", A), [], "once");
});

test("nobody is told to be at the new place by its own list before the old one was asked", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  listed(radio, "wlan1");
  radio.notified("wlan1", "sta-authorized", A);
  radio.listing("wlan1");
  equal(radio.listed("wlan1", [A, B]), list("wlan1", B));
  equal(radio.asked("wlan1", A).length, 1);
});

test("a station that left the new place meanwhile is not told", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  listed(radio, "wlan1");
  radio.notified("wlan1", "sta-authorized", A);
  radio.notified("wlan1", "deauth", A);
  equal(radio.asked("wlan1", A), []);
});

test("a BSS that goes takes its stations with it", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  equal(radio.removed("wlan0"), list("wlan0"));
  equal(radio.removed("wlan0"), []);
  equal(radio.listed("wlan0", [A]), [], "nor does a late list bring it back");
});

test("who roams on while the list of the place that it came to is on its way is not found there again", () => {
  const radio = new Radio();
  listed(radio, "wlan0");
  listed(radio, "wlan1");
  radio.listing("wlan1"); // slow
  radio.notified("wlan1", "sta-authorized", A);
  equal(radio.notified("wlan0", "sta-authorized", A), { events: [], ask: ["wlan1"] });
  radio.listing("wlan1");
  radio.listed("wlan1", [A]); // from before
  equal(radio.listed("wlan1", []), list("wlan1"), "hostapd has forgotten it there");
  equal(radio.asked("wlan0", A), [{ event: "associated", bss: "wlan0", address: A }]);
});

test("the VLAN that was told goes with the station, also in later lists, which do not tell it, until it is in none", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  equal(radio.notified("wlan0", "sta-authorized", A, 20), { events: [{ event: "associated", bss: "wlan0", address: A, vlan: 20 }], ask: [] });
  radio.listing("wlan0");
  equal(radio.listed("wlan0", [A, B]), [{ event: "stations", bss: "wlan0", stations: [{ address: A, vlan: 20 }, { address: B }] }]);
  equal(radio.notified("wlan0", "sta-authorized", A).events, [{ event: "associated", bss: "wlan0", address: A }]);
  radio.listing("wlan0");
  equal(radio.listed("wlan0", [A, B]), list("wlan0", A, B));
});

test("a VLAN at the new place: the old one is asked all the same, and what is no VLAN counts as none", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  listed(radio, "wlan1");
  equal(radio.notified("wlan1", "sta-authorized", A, 4096), { events: [], ask: ["wlan0"] });
  equal(radio.asked("wlan1", A), [{ event: "associated", bss: "wlan1", address: A, vlan: 4096 }]);
  for (const vlan of [0, -1, 4095, 1.5, "20"]) equal(radio.notified("wlan1", "sta-authorized", B, vlan).events, [{ event: "associated", bss: "wlan1", address: B }], String(vlan));
});

test("who is back before it was believed to be gone: at its old place anew, and not at the other", () => {
  const radio = new Radio();
  listed(radio, "wlan0", A);
  listed(radio, "wlan1");
  equal(radio.notified("wlan1", "sta-authorized", A).ask, ["wlan0"]);
  equal(radio.notified("wlan0", "sta-authorized", A), { events: [{ event: "disassociated", bss: "wlan0", address: A }, { event: "associated", bss: "wlan0", address: A }], ask: [] });
  equal(radio.asked("wlan1", A), [], "it is not there any more");
});

test.run();
