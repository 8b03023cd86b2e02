// SPDX-License-Identifier: Apache-2.0
// Frames to groups: DHCP, router advertisements, discovery.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BROADCAST, icmp6, udp } from "../fake/frames.ts";
import { deliverTo } from "../deliver-to.ts";
import { device, ends, linkDestination, macOf, policy, ROUTER, Scenario, type Host } from "../fake/scenario.ts";

const MDNS = { 4: { mac: "01:00:5e:00:00:fb", ip: "224.0.0.251" }, 6: { mac: "33:33:00:00:00:fb", ip: "ff02::fb" } } as const;
const SSDP = { 4: { mac: "01:00:5e:7f:ff:fa", ip: "239.255.255.250" }, 6: { mac: "33:33:00:00:00:0c", ip: "ff02::c" } } as const;
const FAMILIES = [4, 6] as const;
const groups = { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }, { mac: macOf(3) }] };
const test = suite("wifi-isolation: groups");

const toGroup = (from: Host, group: { mac: string; ip: string }): { from: { mac: string; ip: string }; to: { mac: string; ip: string } } =>
  ({ from: { mac: from.mac, ip: group.ip.includes(":") ? from.v6 : from.v4 }, to: group });
const receivers = (net: Scenario, from: Host, frame: Uint8Array): string[] => net.send(from, frame).map(({ port, frame: copy }) => `${port} ${linkDestination(copy)}`).sort();

test("DHCP requests go upstream only; answers wait, then reach the one station", async () => {
  const net = await Scenario.start({ policy: policy({}), devices: [device(1), device(2, "wlan1")] });
  const [a, b] = [net.host(1), net.host(2)];
  const request = udp({ from: { mac: a.mac, ip: "0.0.0.0" }, to: { mac: BROADCAST, ip: "255.255.255.255" } }, 68, 67);
  assert.equal(receivers(net, a, request), [], "first seen whose name it is in");
  assert.equal(net.waiting(), ["dhcp"]);
  assert.equal(net.resumeAll(), [{ port: ROUTER.port, frame: request }]);
  const request6 = udp({ from: { mac: a.mac, ip: "fe80::1" }, to: { mac: "33:33:00:01:00:02", ip: "ff02::1:2" } }, 546, 547);
  assert.equal(receivers(net, a, request6), [`${ROUTER.port} 33:33:00:01:00:02`]);
  for (const mac of [BROADCAST, b.mac]) {
    const answer = (to: string): Uint8Array => udp({ from: { mac: ROUTER.mac, ip: ROUTER.v4 }, to: { mac: to, ip: "255.255.255.255" } }, 67, 68);
    assert.equal(net.send(ROUTER, answer(mac)), []);
    assert.equal(net.waiting(), ["dhcp"]);
    assert.equal(net.switch.resume(net.switch.held[0]!, answer(b.mac)), [{ port: 2, frame: answer(b.mac) }]);
    net.send(ROUTER, answer(BROADCAST));
    assert.equal(net.resumeAll(), [], "unchanged it goes nowhere");
    assert.equal(net.switch.send(ROUTER.port, answer(BROADCAST), deliverTo(b.mac)), [{ port: 2, frame: answer(b.mac) }]);
  }
  const reply6 = udp({ from: { mac: ROUTER.mac, ip: ROUTER.v6 }, to: { mac: a.mac, ip: "fe80::1" } }, 547, 546);
  assert.equal(net.send(ROUTER, reply6), []);
  assert.equal(net.resumeAll(), [{ port: 1, frame: reply6 }]);
});

test("a router advertisement reaches every station by unicast", async () => {
  const net = await Scenario.start({ policy: policy({ groups }), devices: [1, 2, 40, 300].map((id) => device(id, id === 40 ? "lan1" : "wlan0")) });
  const everybody = [`1 ${macOf(1)}`, `1 ${macOf(2)}`, `1 ${macOf(300)}`, `3 ${macOf(40)}`].sort();
  const advertised = icmp6({ from: { mac: ROUTER.mac, ip: ROUTER.v6 }, to: { mac: "33:33:00:00:00:01", ip: "ff02::1" } }, 134);
  assert.equal(receivers(net, ROUTER, advertised), everybody);
  await net.change({ removeDevices: [300], setDevices: [device(41)] });
  assert.equal(receivers(net, ROUTER, advertised), [`1 ${macOf(1)}`, `1 ${macOf(2)}`, `1 ${macOf(41)}`, `3 ${macOf(40)}`]);
  await net.change({ policy: policy({ groups, quarantine: [macOf(2)] }) });
  assert.equal(receivers(net, ROUTER, advertised), [`1 ${macOf(1)}`, `1 ${macOf(41)}`, `3 ${macOf(40)}`]);
});

test("discovery goes where a rule allows it, by unicast, never back to the sender", async () => {
  const net = await Scenario.start({ policy: policy({ groups, rules: [{ from: "a", to: "b", allow: ["mdns", "ssdp"] }, { from: "b", to: "b", allow: ["ssdp"] }] }) });
  const [a, b, d] = [net.host(1), net.host(2), net.host(4)];
  for (const family of FAMILIES) {
    const question = udp(toGroup(a, MDNS[family]), 5353, 5353);
    assert.equal(receivers(net, a, question), [`1 ${macOf(2)}`, `1 ${macOf(3)}`]);
    assert.equal(receivers(net, b, udp(toGroup(b, MDNS[family]), 5353, 5353)), [`1 ${macOf(1)}`], "its answers");
    assert.equal(receivers(net, d, udp(toGroup(d, MDNS[family]), 5353, 5353)), []);
    assert.equal(receivers(net, a, udp(toGroup(a, SSDP[family]), 50000, 1900)), [`1 ${macOf(2)}`, `1 ${macOf(3)}`]);
    assert.equal(receivers(net, b, udp(toGroup(b, SSDP[family]), 50000, 1900)), [`1 ${macOf(1)}`, `1 ${macOf(3)}`], "NOTIFY, to those who may ask");
    assert.equal(receivers(net, d, udp(toGroup(d, SSDP[family]), 50000, 1900)), []);
  }
});

test("a question lets in unicast answers from whom it may ask, to where it came from, for twelve seconds", async () => {
  const net = await Scenario.start({ policy: policy({ groups, rules: [{ from: "a", to: "b", allow: ["ssdp", "mdns"] }] }) });
  const [a, b, d] = [net.host(1), net.host(2), net.host(4)];
  for (const family of FAMILIES) {
    const answer = (from: Host, port = 50000): Uint8Array => udp(ends(from, a, family), 1900, port);
    assert.not(net.arrives(b, answer(b), a), "unasked");
    net.send(a, udp(toGroup(a, SSDP[family]), 50000, 1900));
    assert.ok(net.arrives(b, answer(b), a));
    assert.not(net.arrives(b, answer(b, 50001), a), "another port");
    assert.not(net.arrives(d, answer(d), a), "another device");
    assert.not(net.arrives(a, udp(ends(a, b, family), 50000, 1900), b), "no conversation");
    net.switch.advance(13);
    assert.not(net.arrives(b, answer(b), a), "too late");
    net.send(a, udp(toGroup(a, MDNS[family]), 49152, 5353));
    assert.ok(net.arrives(b, udp(ends(b, a, family), 5353, 49152), a));
    assert.not(net.arrives(b, udp(ends(b, a, family), 5354, 49152), a), "not from mDNS");
    net.switch.advance(13);
  }
});

test("an earlier denial holds for discovery, too", async () => {
  const rules = [{ from: "a", to: macOf(3), otherwise: "deny" as const }, { from: "a", to: "b", allow: ["mdns", "ssdp"] }];
  const net = await Scenario.start({ policy: policy({ groups, rules }) });
  const [a, c] = [net.host(1), net.host(3)];
  assert.equal(receivers(net, a, udp(toGroup(a, SSDP[4]), 50000, 1900)), [`1 ${macOf(2)}`]);
  assert.not(net.arrives(c, udp(ends(c, a), 1900, 50000), a));
});

test("whoever floods is bounded: what it says to groups, and the unicast answers that it gets; others are served", async () => {
  const net = await Scenario.start({ policy: policy({ groups: { a: [{ mac: macOf(1) }, { mac: macOf(4) }], b: groups.b }, rules: [{ from: "a", to: "b", allow: ["ssdp", "mdns"] }] }) });
  const [a, b, d] = [net.host(1), net.host(2), net.host(4)];
  const asks = (from: Host): number => receivers(net, from, udp(toGroup(from, SSDP[4]), 50000, 1900)).length;
  const answered = (to: Host): boolean => net.arrives(b, udp(ends(b, to), 1900, 50000), to);
  const many = (count: number, send: () => number | boolean): number => Array.from({ length: count }, send).filter(Boolean).length;
  assert.is(many(250, () => asks(a)), 60, "at once");
  assert.is(many(500, () => answered(a)), 300, "answers to it");
  assert.equal([asks(d), answered(d)], [2, true], "another asker");
  assert.is(receivers(net, b, udp(toGroup(b, MDNS[4]), 5353, 5353)).length, 2, "who was asked");
  net.switch.advance(1);
  assert.equal([many(250, () => asks(a)), many(500, () => answered(a))], [5, 100], "a second later");
  assert.equal(net.switch.held.length, 0);
});

test("the gateway gets a copy of what each device says by mDNS, metered, and nothing waits for it", async () => {
  const net = await Scenario.start({ policy: policy({ groups, rules: [{ from: "a", to: "b", allow: ["mdns"] }] }) });
  const [a, d] = [net.host(1), net.host(4)];
  for (const [from, reached] of [[a, 2], [d, 0]] as const) for (const family of FAMILIES) {
    const frame = udp(toGroup(from, MDNS[family]), 5353, 5353);
    assert.is(receivers(net, from, frame).length, reached);
    assert.equal(net.switch.told.splice(0), [frame]);
  }
  receivers(net, d, udp(toGroup(d, SSDP[4]), 50000, 1900));
  for (let n = 0; n < 500; n++) receivers(net, d, udp(toGroup(d, MDNS[4]), 5353, 5353));
  assert.is(net.switch.told.length, 57, "60 at once, three were spent");
  assert.equal(net.switch.held, []);
});

test("a frame that was held is not metered again", async () => {
  const net = await Scenario.start({ policy: policy({ groups, rules: [{ from: "a", to: "b", allow: ["mdns"] }] }) });
  const stranger = { ...net.host(1), v4: "10.0.0.99" };
  for (let n = 0; n < 50; n++) net.send(stranger, udp(toGroup(stranger, MDNS[4]), 5353, 5353));
  for (let n = 0; n < 150; n++) net.send(net.host(1), udp(toGroup(net.host(1), MDNS[4]), 5353, 5353));
  await net.change({ setDevices: [{ ...device(1), addresses: [...device(1).addresses, stranger.v4] }] });
  assert.equal(net.waiting().length, 50);
  assert.is(net.resumeAll().length, 100, "two copies of each");
});

test.run();
