// SPDX-License-Identifier: Apache-2.0
// What a station may try. In each, a pair that a rule allows goes on undisturbed.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { advertisement, arp, BROADCAST, echo, ethernet, icmp6, packet, solicitation, solicitedNode, tcp, udp } from "../fake/frames.ts";
import { device, ends, macOf, policy, ROUTER, Scenario, SERVER, type Host } from "../fake/scenario.ts";

const FAMILIES = [4, 6] as const;
const open = policy({ groups: { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }] }, rules: [{ from: "a", to: "b", allow: ["tcp/631"] }, { from: "all", to: "internet", allow: "all" }, { from: "gateway", to: "all", allow: "all" }] });
const GROUPS = { 4: { mac: "01:00:5e:00:00:01", ip: "224.0.0.1" }, 6: { mac: "33:33:00:00:00:01", ip: "ff02::1" } } as const;
const test = suite("wifi-isolation: attacks");

/** Device 3 attacks from wlan1; 1 and 2 are at wlan0 and may talk. */
async function start(): Promise<{ net: Scenario; one: Host; two: Host; evil: Host; undisturbed(): void }> {
  const net = await Scenario.start({ policy: open, devices: [device(1), device(2), device(3, "wlan1"), device(4, "lan1")] });
  const [one, two, evil] = [net.host(1), net.host(2), net.host(3)];
  return { net, one, two, evil, undisturbed: () => { for (const family of FAMILIES) assert.ok(net.arrives(one, tcp(ends(one, two, family), 4000, 631), two), "the allowed pair"); } };
}

/** Nothing leaves the switch; if something waits for the gateway, letting it go on (the gateway learnt nothing) changes nothing. */
function dropped(net: Scenario, from: Host, frame: Uint8Array, what: string): void {
  assert.equal(net.send(from, frame), [], what);
  assert.equal(net.resumeAll(), [], `${what}, resumed`);
}

test("another's IP address under one's own MAC", async () => {
  const { net, one, two, evil, undisturbed } = await start();
  for (const family of FAMILIES) {
    const spoofed = ends({ ...one, mac: evil.mac }, two, family);
    dropped(net, evil, tcp(spoofed, 4000, 631), `IPv${family}`);
    dropped(net, evil, tcp(ends({ ...one, mac: evil.mac }, SERVER, family), 4000, 80), `IPv${family} upstream`);
  }
  dropped(net, evil, udp({ from: { mac: evil.mac, ip: ROUTER.v4 }, to: { mac: two.mac, ip: two.v4 } }, 53, 4000), "the gateway's address");
  dropped(net, evil, udp({ from: { mac: evil.mac, ip: "198.51.100.1" }, to: { mac: ROUTER.mac, ip: SERVER.v4 } }, 1, 2), "a foreign address");
  undisturbed();
});

test("a peer's or the gateway's MAC from another BSS or a wired port", async () => {
  const { net, one, two, evil, undisturbed } = await start();
  for (const port of [2, 3]) {
    for (const family of FAMILIES) {
      dropped(net, { ...evil, port }, tcp(ends(one, two, family), 4000, 631), `peer's MAC at port ${port}`);
      dropped(net, { ...evil, port }, tcp(ends(ROUTER, two, family), 4000, 631), `gateway's MAC at port ${port}`);
      dropped(net, { ...evil, port }, tcp(ends({ ...SERVER }, two, family), 80, 4000), `gateway's MAC and a server's address at port ${port}`);
      net.send({ ...evil, port }, tcp(ends(ROUTER, two, family), 4000, 631));
      assert.equal(net.waiting(), [], "the gateway's MAC does not even wait");
    }
  }
  undisturbed();
});

test("a known device's MAC from upstream", async () => {
  const { net, one, two, undisturbed } = await start();
  for (const family of FAMILIES) {
    dropped(net, ROUTER, tcp(ends(one, two, family), 4000, 631), `IPv${family}`);
    dropped(net, ROUTER, tcp(ends({ ...one, mac: ROUTER.mac }, two, family), 4000, 631), `IPv${family}: its address only`);
    dropped(net, ROUTER, tcp(ends({ ...one, v6: "fe80::1", mac: ROUTER.mac }, two, family), 4000, 631), `IPv${family}: its link-local address`);
    dropped(net, ROUTER, tcp(ends({ ...ROUTER, mac: one.mac }, two, family), 4000, 631), `IPv${family}: its MAC only`);
    assert.ok(net.arrives(ROUTER, tcp(ends(ROUTER, two, family), 4000, 80), two), "the gateway itself may");
  }
  undisturbed();
});

test("gateway bouncing: the router's MAC with a station's address", async () => {
  const { net, two, evil, undisturbed } = await start();
  for (const family of FAMILIES) {
    dropped(net, evil, tcp(ends(evil, { ...two, mac: ROUTER.mac }, family), 4000, 631), `IPv${family} up`);
    const bounced = ends({ ...evil, mac: ROUTER.mac }, two, family);
    dropped(net, ROUTER, tcp(bounced, 4000, 631), `IPv${family} down`);
  }
  undisturbed();
});

test("a station's MAC with an address that is not its own", async () => {
  const { net, two, evil } = await start();
  for (const family of FAMILIES) {
    dropped(net, evil, tcp(ends(evil, { ...SERVER, mac: two.mac }, family), 4000, 631), "a station as router");
    dropped(net, evil, tcp(ends(evil, { ...two, v4: "10.0.0.200", v6: "2001:db8::200" }, family), 4000, 631), "an address of nobody");
    dropped(net, evil, tcp(ends(evil, { ...ROUTER, v4: "10.0.0.200", v6: "2001:db8::200" }, family), 4000, 631), "an address of nobody, upstream");
  }
});

test("broadcast reflection: unicast IP in group frames", async () => {
  const { net, one, two, undisturbed } = await start();
  for (const family of FAMILIES) {
    for (const mac of [BROADCAST, GROUPS[family].mac]) dropped(net, one, tcp(ends(one, { ...two, mac }, family), 4000, 631), mac);
    dropped(net, ROUTER, tcp(ends(SERVER, { ...two, mac: BROADCAST }, family), 80, 4000), "from upstream");
    dropped(net, one, udp({ from: { mac: one.mac, ip: family === 4 ? one.v4 : one.v6 }, to: GROUPS[family] }, 1, 2), "to all nodes");
    dropped(net, one, echo({ from: { mac: one.mac, ip: family === 4 ? one.v4 : one.v6 }, to: { ...GROUPS[family], mac: two.mac } }), "a group's address to one station");
  }
  dropped(net, one, udp({ from: { mac: one.mac, ip: one.v4 }, to: { mac: BROADCAST, ip: "10.0.0.255" } }, 1, 2), "subnet broadcast");
  undisturbed();
});

test("ARP and ND lies: replies, other senders inside, the gateway's address", async () => {
  const { net, one, two, evil, undisturbed } = await start();
  const me = { mac: evil.mac, ip: evil.v4 };
  dropped(net, evil, arp(2, { mac: evil.mac, ip: one.v4 }, { mac: two.mac, ip: two.v4 }, { to: two.mac }), "ARP reply with a peer's address");
  dropped(net, evil, arp(2, { mac: evil.mac, ip: ROUTER.v4 }, { mac: two.mac, ip: two.v4 }, { to: BROADCAST }), "ARP reply as gateway");
  dropped(net, evil, arp(1, { mac: evil.mac, ip: one.v4 }, { ip: ROUTER.v4 }), "ARP request as a peer");
  dropped(net, evil, arp(1, { mac: evil.mac, ip: ROUTER.v4 }, { ip: ROUTER.v4 }), "gratuitous ARP as gateway");
  dropped(net, evil, arp(1, { mac: one.mac, ip: evil.v4 }, { ip: ROUTER.v4 }, { from: evil.mac }), "another hardware address inside");
  dropped(net, evil, arp(1, me, { ip: one.v4 }), "asking for a station that no rule joins");
  const to = { mac: two.mac, ip: two.v6 };
  dropped(net, evil, advertisement({ from: { mac: evil.mac, ip: evil.v6 }, to }, one.v6, evil.mac), "NA for a peer's address");
  dropped(net, evil, advertisement({ from: { mac: evil.mac, ip: evil.v6 }, to: GROUPS[6] }, ROUTER.v6, evil.mac), "NA for the gateway, to all");
  dropped(net, evil, advertisement({ from: { mac: evil.mac, ip: ROUTER.v6 }, to }, ROUTER.v6, evil.mac), "NA from the gateway's address");
  dropped(net, evil, advertisement({ from: { mac: evil.mac, ip: evil.v6 }, to }, evil.v6, one.mac), "NA with another's link-layer address");
  dropped(net, evil, advertisement({ from: { mac: evil.mac, ip: evil.v6 }, to }, evil.v6, evil.mac), "NA to a station that no rule joins");
  dropped(net, evil, solicitation({ from: { mac: evil.mac, ip: evil.v6 }, to: solicitedNode(ROUTER.v6) }, ROUTER.v6, one.mac), "NS with another's link-layer address");
  dropped(net, evil, solicitation({ from: { mac: evil.mac, ip: evil.v6 }, to: solicitedNode(one.v6) }, one.v6, evil.mac), "NS for a station that no rule joins");
  dropped(net, ROUTER, advertisement({ from: { mac: ROUTER.mac, ip: ROUTER.v6 }, to }, one.v6, ROUTER.mac), "NA for a station from upstream");
  dropped(net, ROUTER, arp(2, { mac: ROUTER.mac, ip: one.v4 }, { mac: two.mac, ip: two.v4 }, { to: two.mac }), "ARP reply for a station from upstream");
  undisturbed();
});

test("rogue DHCP, router advertisements and redirects of stations", async () => {
  const { net, two, evil, undisturbed } = await start();
  for (const mac of [two.mac, BROADCAST]) {
    dropped(net, evil, udp({ from: { mac: evil.mac, ip: evil.v4 }, to: { mac, ip: mac === BROADCAST ? "255.255.255.255" : two.v4 } }, 67, 68), "DHCP offer");
    dropped(net, evil, udp({ from: { mac: evil.mac, ip: "fe80::3" }, to: { mac: two.mac, ip: "fe80::2" } }, 547, 546), "DHCPv6 reply");
  }
  for (const to of [GROUPS[6], { mac: two.mac, ip: "fe80::2" }]) {
    for (const type of [134, 137]) dropped(net, evil, icmp6({ from: { mac: evil.mac, ip: "fe80::3" }, to }, type), `ICMPv6 ${type}`);
  }
  dropped(net, evil, packet(ends(evil, two), 1, [5, 1, 0, 0, 10, 0, 0, 13, 0, 0, 0, 0]), "ICMP redirect");
  dropped(net, ROUTER, icmp6({ from: { mac: ROUTER.mac, ip: ROUTER.v6 }, to: { mac: two.mac, ip: two.v6 } }, 137), "redirect from the router to a station");
  undisturbed();
});

test("what can never be learnt does not even wait", async () => {
  const { net, one, two, evil } = await start();
  const frames = [
    tcp(ends({ ...ROUTER, mac: evil.mac }, two), 1, 631), tcp(ends({ ...ROUTER, mac: evil.mac }, two, 6), 1, 631), arp(1, { mac: evil.mac, ip: ROUTER.v4 }, { ip: ROUTER.v4 }),
    udp({ from: { mac: evil.mac, ip: "198.51.100.1" }, to: { mac: ROUTER.mac, ip: SERVER.v4 } }, 1, 2), ethernet(two.mac, "03:00:00:00:00:01", 0x0800, [...tcp(ends(one, two), 1, 631).slice(14)]),
  ];
  for (const frame of frames) assert.equal(net.send(evil, frame), []);
  assert.equal(net.waiting(), []);
});

test("the guards hold between stations that may do everything", async () => {
  const net = await Scenario.start({ policy: policy({ rules: [{ from: "all", to: "all", allow: "all" }] }) });
  const [a, b] = [net.host(1), net.host(2)];
  const between = { from: { mac: a.mac, ip: "fe80::1" }, to: { mac: b.mac, ip: "fe80::2" } };
  assert.ok(net.arrives(a, echo(between), b));
  assert.ok(net.arrives(a, udp(ends(a, b), 68, 69), b));
  for (const type of [134, 137]) dropped(net, a, icmp6(between, type), `ICMPv6 ${type}`);
  dropped(net, a, udp(between, 547, 546), "DHCPv6 reply");
  dropped(net, a, udp(ends(a, b), 67, 68), "DHCP offer");
  const request = [...udp(ends(a, ROUTER), 68, 67).slice(34)];
  dropped(net, a, packet(ends(a, ROUTER), 17, request, 0x2000), "a DHCP request in fragments");
  for (const type of [5, 9]) dropped(net, a, packet(ends(a, b), 1, [type, 1, 0, 0, 10, 0, 0, 13, 0, 0, 0, 0]), `ICMP ${type}`);
  dropped(net, a, arp(2, { mac: a.mac, ip: a.v4 }, { mac: b.mac, ip: b.v4 }, { to: b.mac }), "ARP reply");
  dropped(net, a, advertisement(between, "fe80::2", a.mac), "NA for the peer's own address");
  dropped(net, a, advertisement(between, "fe80::1", b.mac), "NA with the peer's link-layer address");
  dropped(net, a, udp({ from: between.from, to: { mac: b.mac, ip: "fe80::3" } }, 1, 2), "another's address at that MAC");
});

test("a lease is renewed or released by unicast only after a look inside; with the gateway's word it goes on", async () => {
  const net = await Scenario.start({ policy: policy({ rules: [{ from: "all", to: "gateway", allow: "all" }] }) });
  const a = net.host(1);
  assert.equal(net.send(a, udp(ends(a, ROUTER), 68, 67)), []);
  assert.equal(net.waiting(), ["dhcp"]);
  assert.equal(net.resumeAll().map(({ port }) => port), [ROUTER.port]);
  dropped(net, a, udp(ends(a, ROUTER), 4000, 67), "a DHCP request from another port, which nobody looks into");
});

test("frames that are no stations' business: VLAN tags, group sources, 802.1X, TDLS, other types", async () => {
  const { net, one, two } = await start();
  const inner = [...tcp(ends(one, two), 4000, 631).slice(12)];
  dropped(net, one, ethernet(two.mac, one.mac, 0x8100, [0, 5, ...inner]), "tagged");
  dropped(net, one, ethernet(two.mac, "03:00:00:00:00:01", 0x0800, inner.slice(2)), "a group address as source");
  for (const [to, type] of [["01:80:c2:00:00:03", 0x888e], [two.mac, 0x890d], [two.mac, 0x888e], [two.mac, 0x88b5], [two.mac, 0x8847]] as const) dropped(net, one, ethernet(to, one.mac, type, [1, 2, 3, 4]), type.toString(16));
  dropped(net, ROUTER, ethernet(two.mac, ROUTER.mac, 0x88b5, [1, 2, 3, 4]), "other types from upstream");
});

test("a flood that waits is metered for its sender only", async () => {
  const { net, evil, undisturbed } = await start();
  for (let port = 0; port < 300; port++) net.send(evil, tcp(ends({ ...evil, v4: "10.0.0.99" }, ROUTER), port, 1));
  assert.is(net.switch.held.length, 100);
  assert.is(net.switch.metered.get(3), 200);
  net.switch.held = [];
  net.send(net.host(4), tcp(ends({ ...net.host(4), v4: "10.0.0.98" }, ROUTER), 1, 1));
  assert.equal(net.waiting(), ["binding"], "another's packet waits all the same");
  undisturbed();
});

test("connections without end: metered for who opens them, as many of others as they like, and no packet of one that is open", async () => {
  const { net, one, two, evil, undisturbed } = await start();
  const opens = (from: Host, port: number): boolean => net.send(from, udp(ends(from, SERVER), port, 9)).length > 0;
  const count = (send: (n: number) => boolean): number => Array.from({ length: 700 }, (_, n) => n).filter(send).length;
  assert.is(count((n) => opens(evil, 1000 + n)), 500, "at once");
  assert.is(net.switch.conntrack.size, 500);
  assert.is(count(() => opens(evil, 1000)), 700, "packets of one that nobody answers");
  assert.ok(opens(one, 1000), "another's");
  net.switch.advance(1);
  assert.is(count((n) => opens(evil, 2000 + n)), 100, "a second later");
  assert.is(count((n) => net.send(ROUTER, udp(ends(SERVER, two), 3000 + n, 9)).length === 0), 700, "from upstream nothing is allowed here");
  undisturbed();
});

test.run();
