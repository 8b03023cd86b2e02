// SPDX-License-Identifier: Apache-2.0
// Ports whose access points only isolate: what stations are told of each other, and what leaves the switch towards them.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ACK, advertisement, arp, BROADCAST, icmp6, solicitation, solicitedNode, tcp, udp } from "../../fake/frames.ts";
import { device, ends, linkDestination, linkSource, macOf, policy, reversed, ROUTER, Scenario, SERVER, THIN_TOPOLOGY, TOPOLOGY, type Host } from "../../fake/scenario.ts";
import { macBytes } from "../../bytes.ts";
import { Model } from "../../index.ts";
import type { Topology } from "../../network.ts";
import { virtualMac } from "../virtual-mac.ts";

const V = ROUTER.mac;
const PORTS = { 1: "ap1", 2: "ap1", 3: "ap2", 4: "wlan0" } as const;
const groups = { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }, { mac: macOf(3) }, { mac: macOf(4) }] };
const written = policy({ groups, rules: [{ from: "a", to: "b", allow: ["tcp/631", "mdns", "ssdp"] }] });
const test = suite("wifi-isolation: thin edge");

function start(topology: Topology = THIN_TOPOLOGY): Promise<Scenario> {
  return Scenario.start({ policy: written, topology, devices: [1, 2, 3, 4].map((id) => device(id, PORTS[id as 1])) });
}

const formatted = (mac: unknown): string => [...mac as Uint8Array].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
const virtual = (host: Host): Host => ({ ...host, mac: V });

test("without a thin port nothing of it is there", () => {
  assert.is(virtualMac(TOPOLOGY), undefined);
  const flows = [...new Model({ policy: written, topology: TOPOLOGY, devices: [device(1)] }).flows()];
  const sets = (field: string): boolean => flows.some(({ instructions }) => instructions.some((each) => each.type === "apply" && each.actions.some((action) => action.type === "set-field" && action.field === field && formatted(action.value) === V)));
  assert.not(sets("eth_src"));
});

test("the virtual MAC is the router's, else the access point's own as router, else made of the prefixes", () => {
  const of = (changes: Partial<Topology>): string => formatted(virtualMac({ ...THIN_TOPOLOGY, ...changes })!.bytes);
  assert.is(of({}), V);
  assert.is(of({ ports: TOPOLOGY.ports, thin: true }), V, "while the way to the access point is down, too");
  assert.is(of({ gatewayMacs: [], ports: [...THIN_TOPOLOGY.ports, { name: "br0", number: 0xfffffffe, role: "local", mac: "02:ee:00:00:00:01" }] }), "02:ee:00:00:00:01");
  assert.match(of({ gatewayMacs: [] }), /^02:5b:/);
  assert.is(of({ gatewayMacs: [] }), of({ gatewayMacs: [], gateways: [] }));
  assert.is.not(of({ gatewayMacs: [] }), of({ gatewayMacs: [], prefixes: ["10.9.0.0/16"] }));
});

test("stations are told the virtual MAC of each other, the router is told theirs", async () => {
  const net = await start();
  const a = net.host(1);
  for (const id of [2, 3, 4]) {
    const b = net.host(id);
    assert.equal(net.send(a, arp(1, { mac: a.mac, ip: a.v4 }, { ip: b.v4 })), [{ port: a.port, frame: arp(2, { mac: V, ip: b.v4 }, { mac: a.mac, ip: a.v4 }, { to: a.mac }) }]);
    assert.equal(net.send(b, arp(1, { mac: b.mac, ip: b.v4 }, { ip: a.v4 }, { to: V })), [{ port: b.port, frame: arp(2, { mac: V, ip: a.v4 }, { mac: b.mac, ip: b.v4 }, { to: b.mac }) }], "a unicast probe, too");
    const asked = solicitation({ from: { mac: a.mac, ip: a.v6 }, to: solicitedNode(b.v6) }, b.v6, a.mac);
    assert.equal(net.send(a, asked), [{ port: a.port, frame: advertisement({ from: { mac: V, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6, V) }]);
  }
  assert.equal(net.send(net.host(2), arp(1, { mac: macOf(2), ip: net.host(2).v4 }, { ip: net.host(3).v4 })), [], "no rule joins them");
  assert.equal(net.send(ROUTER, arp(1, { mac: V, ip: ROUTER.v4 }, { ip: a.v4 })), [{ port: ROUTER.port, frame: arp(2, { mac: a.mac, ip: a.v4 }, { mac: V, ip: ROUTER.v4 }, { to: V }) }]);
});

test("a solicitation without room for an answer is answered without, by the switch: no station tells its MAC to another", async () => {
  const net = await start();
  const [a, b] = [net.host(1), net.host(3)];
  assert.equal(net.send(a, solicitation({ from: { mac: a.mac, ip: a.v6 }, to: { mac: V, ip: b.v6 } }, b.v6)), [{ port: a.port, frame: advertisement({ from: { mac: V, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6) }]);
  assert.equal(net.send(b, advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: V, ip: a.v6 } }, b.v6, b.mac)).map(({ port }) => port), [ROUTER.port]);
});

test("a switch that cannot write advertisements: the first question for a station waits for the gateway; the router's go to their target", async () => {
  const net = await start({ ...THIN_TOPOLOGY, ndRewrite: false });
  const [a, b, c] = [net.host(1), net.host(3), net.host(2)];
  const asked = (from: Host): Uint8Array => solicitation({ from: { mac: from.mac, ip: from.v6 }, to: solicitedNode(b.v6) }, b.v6, from.mac);
  assert.equal(net.send(a, asked(a)), []);
  assert.equal(net.waiting(), ["solicited"]);
  assert.equal(net.resumeAll(), [], "given back, it goes nowhere");
  assert.equal(net.send(c, asked(c)), [], "no rule joins them");
  assert.equal(net.send(a, solicitation({ from: { mac: a.mac, ip: a.v6 }, to: solicitedNode(a.v6) }, a.v6)).map(({ port }) => port), [ROUTER.port], "about itself");
  assert.equal(net.waiting(), []);
  const question = solicitation({ from: { mac: V, ip: ROUTER.v6 }, to: solicitedNode(a.v6) }, a.v6, V);
  const passed = question.slice();
  passed.set(macBytes(a.mac));
  assert.equal(net.send(ROUTER, question), [{ port: a.port, frame: passed }]);
  const up = advertisement({ from: { mac: a.mac, ip: a.v6 }, to: { mac: V, ip: ROUTER.v6 } }, a.v6, a.mac);
  assert.equal(net.send(a, up), [{ port: ROUTER.port, frame: up }], "the router is told its own");
  const dad = solicitation({ from: { mac: a.mac, ip: "::" }, to: solicitedNode(b.v6) }, b.v6);
  assert.equal(net.send(a, dad), [{ port: a.port, frame: advertisement({ from: { mac: V, ip: b.v6 }, to: { mac: a.mac, ip: "ff02::1" } }, b.v6, undefined, 0) }], "addresses are defended by the switch");
});

test("a switch that cannot write advertisements: a unicast probe goes to its target, which answers, and neither learns the other's MAC", async () => {
  const net = await start({ ...THIN_TOPOLOGY, ndRewrite: false });
  const [a, b, c] = [net.host(1), net.host(3), net.host(2)];
  for (const [inside, shown] of [[a.mac, V], [undefined, undefined]]) {
    const probe = solicitation({ from: { mac: a.mac, ip: a.v6 }, to: { mac: V, ip: b.v6 } }, b.v6, inside);
    assert.equal(net.send(a, probe), [{ port: b.port, frame: solicitation({ from: { mac: V, ip: a.v6 }, to: { mac: b.mac, ip: b.v6 } }, b.v6, shown) }]);
  }
  for (const [inside, shown] of [[b.mac, V], [undefined, undefined]]) {
    const answer = advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: V, ip: a.v6 } }, b.v6, inside);
    assert.equal(net.send(b, answer), [{ port: a.port, frame: advertisement({ from: { mac: V, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6, shown) }]);
  }
  assert.equal(net.send(c, solicitation({ from: { mac: c.mac, ip: c.v6 }, to: { mac: V, ip: b.v6 } }, b.v6, c.mac)), [], "no rule joins them");
  assert.equal(net.send(b, advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: V, ip: c.v6 } }, b.v6, b.mac)), []);
  assert.equal(net.waiting(), []);
});

test("duplicate address detection and probes are answered with the virtual MAC; one's own are not", async () => {
  const net = await start();
  const [a, b] = [net.host(1), net.host(3)];
  const dad = (address: string) => solicitation({ from: { mac: a.mac, ip: "::" }, to: solicitedNode(address) }, address);
  const probe = (address: string) => arp(1, { mac: a.mac, ip: "0.0.0.0" }, { ip: address });
  assert.equal(net.send(a, dad(b.v6)), [{ port: a.port, frame: advertisement({ from: { mac: V, ip: b.v6 }, to: { mac: a.mac, ip: "ff02::1" } }, b.v6, undefined, 0x20) }]);
  assert.equal(net.send(a, probe(b.v4)), [{ port: a.port, frame: arp(2, { mac: V, ip: b.v4 }, { mac: a.mac, ip: "0.0.0.0" }, { to: a.mac }) }]);
  for (const own of [dad(a.v6), probe(a.v4), arp(1, { mac: a.mac, ip: a.v4 }, { ip: a.v4 })]) assert.equal(net.send(a, own).map(({ port }) => port), [ROUTER.port]);
});

test("a packet by the virtual MAC goes to the station of its address with both MACs rewritten, by a rule only", async () => {
  const net = await start();
  const a = net.host(1);
  for (const id of [2, 3, 4]) {
    for (const family of [4, 6] as const) {
      const b = net.host(id);
      const there = ends(a, virtual(b), family);
      const [sent, ...more] = net.send(a, tcp(there, 4000 + id, 631));
      assert.equal([sent!.port, linkSource(sent!.frame), linkDestination(sent!.frame), more.length], [b.port, V, b.mac, 0], "also back by its own port");
      const back = net.send(b, tcp(ends(b, virtual(a), family), 631, 4000 + id, ACK));
      assert.equal(back.map(({ port, frame }) => [port, linkSource(frame), linkDestination(frame)]), [[a.port, V, a.mac]]);
      assert.equal(net.send(b, tcp(ends(b, virtual(a), family), 4001, 631)), [], "the other way");
      assert.equal(net.send(a, tcp(there, 4000, 22)), [], "another port");
      assert.equal(net.send(net.host(2), tcp(ends(net.host(2), virtual(net.host(3)), family), 1, 631)), [], "another pair");
    }
  }
});

test("a station that still knows another's MAC, from an access point with a switch, reaches it the same way", async () => {
  const net = await start();
  const [a, b] = [net.host(4), net.host(3)];
  await net.change({ policy: policy({ groups, rules: [{ from: "b", to: "b", allow: ["tcp/80"] }] }) });
  assert.equal(net.send(a, tcp(ends(a, b), 4000, 80)).map(({ port, frame }) => [port, linkSource(frame), linkDestination(frame)]), [[b.port, V, b.mac]]);
});

test("what is for the router and beyond goes there as it is, and back", async () => {
  const net = await start();
  const a = net.host(1);
  const question = udp(ends(a, ROUTER), 4000, 53);
  assert.equal(net.send(a, question), [{ port: ROUTER.port, frame: question }]);
  const answer = udp(ends(ROUTER, a), 53, 4000);
  assert.equal(net.send(ROUTER, answer), [{ port: a.port, frame: answer }]);
  assert.equal(net.send(a, tcp(ends(a, { ...virtual(a), v4: "10.0.99.99", v6: "2001:db8::99" }), 1, 2)), [], "an address of the network that nobody has");
  await net.change({ policy: policy({ rules: [{ from: "internet", to: macOf(1), allow: ["tcp/22"] }] }) });
  assert.ok(net.arrives(SERVER, tcp(ends(SERVER, a), 4000, 22), a));
  assert.equal(net.send(SERVER, tcp(ends({ ...SERVER, mac: "02:ff:00:00:00:09" }, virtual(a)), 4001, 22)), [], "from upstream nothing by the virtual MAC");
});

test("a made virtual MAC leads to stations only", async () => {
  const topology = { ...THIN_TOPOLOGY, gatewayMacs: [] };
  const net = await start(topology);
  const made = formatted(virtualMac(topology)!.bytes);
  const [a, b] = [net.host(1), net.host(3)];
  assert.equal(net.send(a, tcp(ends(a, { ...b, mac: made }), 4000, 631)).map(({ frame }) => [linkSource(frame), linkDestination(frame)]), [[made, b.mac]]);
  assert.equal(net.send(a, udp(ends(a, { ...ROUTER, mac: made }), 4000, 53)), []);
  assert.equal(net.send({ ...a, mac: made }, tcp(ends({ ...a, mac: made }, b), 4000, 631)), [], "nobody sends by it");
});

test("multicast discovery: a unicast copy to each, from the virtual MAC; router advertisements from the router", async () => {
  const net = await start();
  const a = net.host(1);
  const question = udp({ from: { mac: a.mac, ip: a.v4 }, to: { mac: "01:00:5e:00:00:fb", ip: "224.0.0.251" } }, 5353, 5353);
  const seen = (outputs: ReturnType<Scenario["send"]>): string[] => outputs.map(({ port, frame }) => `${port} ${linkSource(frame)} ${linkDestination(frame)}`).sort();
  assert.equal(seen(net.send(a, question)), [2, 3, 4].map((id) => `${net.host(id).port} ${V} ${macOf(id)}`).sort());
  const ssdp = udp({ from: { mac: a.mac, ip: a.v4 }, to: { mac: "01:00:5e:7f:ff:fa", ip: "239.255.255.250" } }, 50_000, 1900);
  assert.is(net.send(a, ssdp).length, 3);
  const b = net.host(3);
  assert.equal(seen(net.send(b, udp(ends(b, virtual(a)), 1900, 50_000))), [`${a.port} ${V} ${a.mac}`], "the answer, by unicast");
  assert.equal(net.send(b, udp(ends(b, virtual(a)), 1900, 50_001)), []);
  const advertised = net.send(ROUTER, icmp6({ from: { mac: V, ip: ROUTER.v6 }, to: { mac: "33:33:00:00:00:01", ip: "ff02::1" } }, 134));
  assert.equal(seen(advertised), [1, 2, 3, 4].map((id) => `${net.host(id).port} ${V} ${macOf(id)}`).sort());
});

test("an answer to a probe waits for the gateway, which alone hears it; other ARP answers are dropped", async () => {
  const net = await start();
  const a = net.host(1);
  assert.equal(net.send(a, arp(2, { mac: a.mac, ip: a.v4 }, { mac: V, ip: "0.0.0.0" }, { to: V })), []);
  assert.equal(net.waiting(), ["alive"]);
  assert.equal(net.resumeAll(), []);
  assert.equal(net.send(a, arp(2, { mac: macOf(2), ip: a.v4 }, { mac: V, ip: "0.0.0.0" }, { to: V, from: a.mac })), [], "in another's name");
  assert.equal(net.send(a, arp(2, { mac: a.mac, ip: a.v4 }, { mac: V, ip: ROUTER.v4 }, { to: V })), []);
  assert.equal(net.waiting(), []);
});

test("spoofing: another's MAC or address from another access point, the virtual MAC as sender, broadcast reflection", async () => {
  const net = await start();
  const [a, b, c] = [net.host(1), net.host(2), net.host(3)];
  const tries: Record<string, [number, Uint8Array]> = {
    "the MAC of a station of another access point": [c.port, tcp(ends(a, virtual(b)), 1, 631)],
    "the virtual MAC": [c.port, tcp(ends({ ...a, mac: V }, virtual(b)), 1, 631)],
    "another's address": [c.port, tcp(ends({ ...c, v4: a.v4 }, virtual(b)), 1, 631)],
    "ARP reply": [c.port, arp(2, { mac: c.mac, ip: a.v4 }, { mac: b.mac, ip: b.v4 }, { to: V })],
    "unicast in a broadcast frame": [a.port, tcp(ends(a, { ...b, mac: BROADCAST }), 1, 631)],
  };
  for (const [what, [port, frame]] of Object.entries(tries)) assert.equal(net.switch.receive(port, frame), [], what);
  assert.equal(net.waiting(), ["moved", "binding"], "of the first and the third the gateway decides");
  assert.not(net.arrives(b, tcp(reversed(ends(a, b)), 631, 1), a));
});

test.run();
