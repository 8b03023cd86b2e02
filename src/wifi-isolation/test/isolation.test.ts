// SPDX-License-Identifier: Apache-2.0
// Who reaches whom, unicast: rules, direction, connections, closing, in IPv4 and IPv6.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ACK, echo, packet, tcp, udp, unreachable } from "../fake/frames.ts";
import { device, ends, macOf, policy, reaches, reversed, ROUTER, Scenario, SERVER } from "../fake/scenario.ts";

const FAMILIES = [4, 6] as const;
const groups = { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }] };
const printing = policy({ groups, rules: [{ from: "a", to: "b", allow: ["tcp/631", "udp/5000-5010"] }] });
const test = suite("wifi-isolation: isolation");

test("without a rule nothing passes between stations, in any direction", async () => {
  const net = await Scenario.start({ policy: policy({}) });
  for (const family of FAMILIES) {
    for (const [from, to] of [[1, 2], [2, 1]] as const) {
      const between = ends(net.host(from), net.host(to), family);
      for (const frame of [tcp(between, 4000, 631), udp(between, 4000, 53), echo(between), packet(between, 47, [0, 0, 8, 0])]) assert.equal(net.send(net.host(from), frame), []);
    }
  }
  assert.equal(net.switch.held, []);
});

test("a rule opens its service in its direction only, and the answers", async () => {
  const net = await Scenario.start({ policy: printing });
  const [a, b] = [net.host(1), net.host(2)];
  for (const family of FAMILIES) {
    const there = ends(a, b, family);
    assert.not(net.arrives(b, tcp(reversed(there), 631, 4000, ACK), a), "an answer to nothing");
    assert.ok(net.arrives(a, tcp(there, 4000, 631), b));
    assert.ok(net.arrives(b, tcp(reversed(there), 631, 4000, ACK), a), "the answer");
    assert.not(net.arrives(b, tcp(reversed(there), 4001, 631), a), "the other way");
    assert.not(net.arrives(a, tcp(there, 4000, 632), b), "another port");
    assert.not(net.arrives(a, udp(there, 4000, 631), b), "another protocol");
    assert.not(net.arrives(a, echo(there), b));
    assert.not(net.arrives(a, tcp(ends(a, net.host(3), family), 4000, 631), net.host(3)), "another station");
    for (const [port, open] of [[4999, false], [5000, true], [5007, true], [5010, true], [5011, false]] as const) assert.is(net.arrives(a, udp(there, 4000, port), b), open, `udp/${port}`);
  }
});

test("a frame to a station of the same port goes back where it came from, to that station only", async () => {
  const net = await Scenario.start({ policy: printing });
  const outputs = net.send(net.host(1), tcp(ends(net.host(1), net.host(2)), 4000, 631));
  assert.equal(outputs.map(({ port }) => port), [1]);
});

test("stations at different ports", async () => {
  const net = await Scenario.start({ policy: printing, devices: [device(1, "wlan0"), device(2, "lan1")] });
  assert.equal(net.send(net.host(1), tcp(ends(net.host(1), net.host(2)), 4000, 631)).map(({ port }) => port), [3]);
});

test("closing a rule cuts its established connections, both directions, and no others", async () => {
  const rules = [{ from: "a", to: "b", allow: ["tcp/631"] }, { from: "a", to: "b", allow: ["tcp/22"] }, { from: "b", to: "a", allow: ["tcp/22", "udp"] }];
  for (const family of FAMILIES) {
    const net = await Scenario.start({ policy: policy({ groups, rules }) });
    const [a, b] = [net.host(1), net.host(2)];
    const there = ends(a, b, family);
    const back = reversed(there);
    for (const port of [631, 22]) {
      assert.ok(net.arrives(a, tcp(there, 4000, port), b));
      assert.ok(net.arrives(b, tcp(back, port, 4000, ACK), a));
    }
    assert.ok(net.arrives(b, udp(back, 4000, 99), a));
    await net.change({ policy: policy({ groups, rules: rules.slice(1) }) });
    assert.not(net.arrives(a, tcp(there, 4000, 631, ACK), b), "closed, forward");
    assert.not(net.arrives(b, tcp(back, 631, 4000, ACK), a), "closed, answers");
    assert.ok(net.arrives(a, tcp(there, 4000, 22, ACK), b), "others stay");
    assert.ok(net.arrives(b, tcp(back, 22, 4000, ACK), a), "others stay");
    assert.ok(net.arrives(b, udp(back, 4000, 99), a), "others stay");
    assert.ok(net.arrives(a, udp(there, 99, 4000), b), "answers of others stay");
    assert.not(net.arrives(a, tcp(there, 4001, 631), b), "new ones of the closed rule");
  }
});

test("an ICMP error goes where its connection goes, and no further", async () => {
  for (const family of FAMILIES) {
    const net = await Scenario.start({ policy: printing });
    const [a, b] = [net.host(1), net.host(2)];
    const there = ends(a, b, family);
    const open = udp(there, 4000, 5000);
    assert.not(net.arrives(b, unreachable(reversed(there), open), a), "about no connection");
    assert.ok(net.arrives(a, open, b));
    assert.ok(net.arrives(b, unreachable(reversed(there), open), a));
    assert.not(net.arrives(b, unreachable(reversed(there), udp(there, 4000, 99)), a));
  }
});

test("groups and single devices, from and to", async () => {
  const net = await Scenario.start({
    policy: policy({ groups: { both: [{ mac: macOf(1) }, { mac: macOf(2) }] }, rules: [{ from: "both", to: macOf(3), allow: ["tcp/80"] }, { from: macOf(4), to: "both", allow: "all" }, { from: "unknown", to: "unknown", allow: ["icmp"] }] }),
  });
  const [one, two, three, four] = [1, 2, 3, 4].map((id) => net.host(id)) as [never, never, never, never];
  assert.ok(net.arrives(one, tcp(ends(one, three), 1, 80), three));
  assert.ok(net.arrives(two, tcp(ends(two, three), 1, 80), three));
  assert.not(net.arrives(four, tcp(ends(four, three), 1, 80), three));
  assert.ok(net.arrives(four, packet(ends(four, one, 6), 47, [0, 0, 8, 0]), one), "all is every protocol");
  assert.not(net.arrives(one, tcp(ends(one, four), 1, 80), four));
  assert.ok(net.arrives(four, echo(ends(four, three)), three), "unknown");
  assert.ok(net.arrives(four, echo(ends(four, three, 6)), three), "unknown");
  assert.not(net.arrives(one, echo(ends(one, two)), two));
});

test("a rule for one device waits until the device is there", async () => {
  const net = await Scenario.start({ policy: policy({ rules: [{ from: macOf(9), to: macOf(1), allow: ["tcp/80"] }] }) });
  await net.change({ setDevices: [device(9)] });
  assert.ok(net.arrives(net.host(9), tcp(ends(net.host(9), net.host(1)), 1, 80), net.host(1)));
  const nine = net.host(9);
  await net.change({ removeDevices: [9] });
  assert.not(net.arrives(nine, tcp(ends(nine, net.host(1)), 1, 80), net.host(1)));
});

test("later fragments pass with their connection, and not without", async () => {
  const net = await Scenario.start({ policy: printing });
  const [a, b] = [net.host(1), net.host(2)];
  const there = ends(a, b);
  const first = (port: number): Uint8Array => packet(there, 17, [15, 160, port >>> 8, port & 255, 0, 100, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8], 0x2000);
  const later = packet(there, 17, [9, 9, 9, 9, 9, 9, 9, 9], 0x0002);
  assert.not(net.arrives(a, first(99), b));
  assert.not(net.arrives(a, later, b));
  assert.ok(net.arrives(a, first(5000), b));
  assert.ok(net.arrives(a, later, b));
});

test("internet: what a rule names, to the router; answers come back", async () => {
  const rules = [{ from: "a", to: "internet", allow: ["192.0.2.0/24", "tcp/443@2001:db8:ffff::/48", "198.51.100.7:80"] }];
  const net = await Scenario.start({ policy: policy({ groups, rules }) });
  const [a, b] = [net.host(1), net.host(2)];
  const other = { ...SERVER, v4: "198.51.100.7", v6: "2001:db8:eeee::1" };
  assert.ok(net.arrives(a, udp(ends(a, SERVER), 4000, 99), ROUTER));
  assert.ok(net.arrives(ROUTER, udp(ends(SERVER, a), 99, 4000), a));
  assert.not(net.arrives(ROUTER, udp(ends(SERVER, a), 99, 4001), a), "unasked");
  assert.ok(net.arrives(a, tcp(ends(a, SERVER, 6), 4000, 443), ROUTER));
  assert.ok(net.arrives(ROUTER, tcp(ends(SERVER, a, 6), 443, 4000, ACK), a));
  assert.not(net.arrives(a, tcp(ends(a, SERVER, 6), 4000, 80), ROUTER));
  assert.ok(net.arrives(a, tcp(ends(a, other), 4000, 80), ROUTER));
  assert.not(net.arrives(a, tcp(ends(a, other), 4000, 81), ROUTER));
  assert.not(net.arrives(a, tcp(ends(a, other, 6), 4000, 443), ROUTER));
  assert.not(net.arrives(b, udp(ends(b, SERVER), 4000, 99), ROUTER), "another device");
});

test("internet by DNS name: open while the name has the address", async () => {
  const rules = [{ from: "a", to: "internet", allow: ["tcp/443@dns:*.example.org", "udp@dns:time.example"] }];
  const net = await Scenario.start({ policy: policy({ groups, rules }) });
  const a = net.host(1);
  for (const family of FAMILIES) {
    const there = ends(a, SERVER, family);
    const address = family === 4 ? SERVER.v4 : SERVER.v6;
    assert.not(net.arrives(a, tcp(there, 4000, 443), ROUTER));
    const added = await net.change({ names: [{ pattern: "*.example.org", addresses: [address] }] });
    assert.equal([added.added, added.modified, added.deleted], [2, 0, 0], "one address, one pair of flows");
    assert.ok(net.arrives(a, tcp(there, 4000, 443), ROUTER));
    assert.ok(net.arrives(ROUTER, tcp(reversed(there), 443, 4000, ACK), a));
    assert.ok(net.arrives(ROUTER, unreachable({ from: { mac: ROUTER.mac, ip: family === 4 ? "198.51.100.200" : "2001:db8:eeee::2" }, to: there.from }, tcp(there, 4000, 443)), a), "an error from a router on the way");
    assert.not(net.arrives(a, udp(there, 4000, 443), ROUTER), "another name's service");
    await net.change({ names: [{ pattern: "time.example", addresses: [address] }] });
    assert.ok(net.arrives(a, udp(there, 4000, 443), ROUTER), "an address of two names");
    await net.change({ names: [{ pattern: "*.example.org", addresses: [] }] });
    assert.not(net.arrives(a, tcp(there, 4000, 443, ACK), ROUTER), "cut with the name");
    assert.ok(net.arrives(a, udp(there, 4000, 443), ROUTER));
    await net.change({ names: [{ pattern: "time.example", addresses: [] }] });
  }
});

test("the order of rules: the first that covers both ends and has the service, or says otherwise, decides", async () => {
  const rules = [
    { from: "a", to: "b", allow: ["tcp/631"], otherwise: "deny" as const },
    { from: "all", to: "all", allow: ["tcp"] },
  ];
  const net = await Scenario.start({ policy: policy({ groups, rules }) });
  const [a, b, c] = [net.host(1), net.host(2), net.host(3)];
  assert.ok(net.arrives(a, tcp(ends(a, b), 1, 631), b));
  assert.not(net.arrives(a, tcp(ends(a, b), 1, 22), b));
  assert.ok(net.arrives(b, tcp(ends(b, a), 1, 22), a), "the other direction is another flow");
  assert.ok(net.arrives(a, tcp(ends(b, a), 22, 1, ACK), b) === false, "its own address, another's frame");
  assert.ok(net.arrives(a, tcp(ends(a, b), 22, 1, ACK), b), "the answers to it");
  assert.ok(net.arrives(a, tcp(ends(a, c), 1, 22), c));
});

test("what would have to pass an analysis that is not there is denied in its place among the rules", async () => {
  const redirected = { from: "a", to: "b", allow: ["tcp/80"], analyse: "ids", how: "redirect" as const };
  for (const [rules, opens] of [[[redirected, { from: "a", to: "b", allow: ["tcp"] }], false], [[{ from: "a", to: "b", allow: ["tcp"] }, redirected], true]] as const) {
    const net = await Scenario.start({ policy: policy({ groups, rules: [...rules] as never }) });
    const [a, b] = [net.host(1), net.host(2)];
    assert.is(net.arrives(a, tcp(ends(a, b), 1, 80), b), opens);
    assert.ok(net.arrives(a, tcp(ends(a, b), 1, 81), b));
  }
});

test("every device has its gateway's echo and the network's DNS, and nobody else's", async () => {
  const net = await Scenario.start({ policy: policy({}) });
  const a = net.host(1);
  const router6 = { ...ROUTER };
  assert.ok(net.arrives(a, echo(ends(a, ROUTER)), ROUTER));
  assert.ok(net.arrives(ROUTER, echo(ends(ROUTER, a), true), a));
  assert.ok(net.arrives(a, echo(ends(a, router6, 6)), ROUTER));
  assert.ok(net.arrives(a, udp(ends(a, ROUTER), 4000, 53), ROUTER));
  assert.ok(net.arrives(ROUTER, udp(ends(ROUTER, a), 53, 4000), a));
  assert.not(net.arrives(a, udp(ends(a, SERVER), 4000, 53), ROUTER));
  assert.not(net.arrives(a, tcp(ends(a, ROUTER), 4000, 80), ROUTER));
  assert.not(net.arrives(ROUTER, echo(ends(ROUTER, a)), a), "the gateway does not start");
});

test("quarantine and blocking cut everything but DHCP, both directions, at once", async () => {
  for (const cut of ["quarantine", "blocked"]) {
    const rules = [{ from: "all", to: "all", allow: "all" as const }, { from: "all", to: "internet", allow: "all" as const }];
    const net = await Scenario.start({ policy: policy({ rules }) });
    const [a, b] = [net.host(1), net.host(2)];
    assert.ok(net.arrives(a, tcp(ends(a, b), 1, 80), b));
    assert.ok(net.arrives(b, tcp(ends(b, a), 80, 1, ACK), a));
    await net.change(cut === "blocked" ? { setDevices: [{ ...device(1), blocked: true }] } : { policy: policy({ rules, quarantine: [a.mac] }) });
    for (const family of FAMILIES) {
      assert.equal(net.send(a, tcp(ends(a, b, family), 1, 80, ACK)), []);
      assert.equal(net.send(b, tcp(ends(b, a, family), 80, 1, ACK)), []);
      assert.equal(net.send(a, tcp(ends(a, SERVER, family), 1, 80)), []);
      assert.equal(net.send(ROUTER, tcp(ends(SERVER, a, family), 1, 80)), []);
    }
    assert.equal(net.send(a, udp(ends(a, ROUTER), 1, 53)), []);
    const discover = udp({ from: { mac: a.mac, ip: "0.0.0.0" }, to: { mac: "ff:ff:ff:ff:ff:ff", ip: "255.255.255.255" } }, 68, 67);
    net.send(a, discover);
    assert.ok(reaches(net.resumeAll(), ROUTER));
  }
});

test.run();
