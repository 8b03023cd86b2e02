// SPDX-License-Identifier: Apache-2.0
// ARP and neighbour discovery, answered by the switch.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { advertisement, arp, BROADCAST, solicitation, solicitedNode } from "../fake/frames.ts";
import { device, linkDestination, macOf, policy, reaches, ROUTER, Scenario, TOPOLOGY } from "../fake/scenario.ts";

const joined = policy({ groups: { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }] }, rules: [{ from: "a", to: "b", allow: ["tcp/631"] }] });
const test = suite("wifi-isolation: neighbours");

test("an ARP request is answered where a rule joins the two, either way, to the asker only", async () => {
  const net = await Scenario.start({ policy: joined });
  for (const [asker, owner] of [[net.host(1), net.host(2)], [net.host(2), net.host(1)]] as const) {
    const [answer, ...more] = net.send(asker, arp(1, { mac: asker.mac, ip: asker.v4 }, { ip: owner.v4 }));
    assert.equal(more, []);
    assert.is(answer!.port, asker.port);
    assert.equal(answer!.frame, arp(2, { mac: owner.mac, ip: owner.v4 }, { mac: asker.mac, ip: asker.v4 }, { to: asker.mac }));
  }
});

test("a neighbour solicitation is answered as its target would", async () => {
  const net = await Scenario.start({ policy: joined });
  const [a, b] = [net.host(1), net.host(2)];
  const [answer, ...more] = net.send(a, solicitation({ from: { mac: a.mac, ip: a.v6 }, to: solicitedNode(b.v6) }, b.v6, a.mac));
  assert.equal(more, []);
  assert.equal(answer, { port: a.port, frame: advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6, b.mac) });
});

test("a solicitation without the asker's address goes to its target alone, and its answer back, where a rule joins them", async () => {
  const net = await Scenario.start({ policy: joined });
  const [a, b, c] = [net.host(1), net.host(2), net.host(3)];
  const probe = solicitation({ from: { mac: a.mac, ip: a.v6 }, to: { mac: b.mac, ip: b.v6 } }, b.v6);
  assert.equal(net.send(a, probe).map(({ port, frame }) => [port, linkDestination(frame)]), [[b.port, b.mac]]);
  assert.ok(net.arrives(b, advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6), a));
  assert.equal(net.send(c, solicitation({ from: { mac: c.mac, ip: c.v6 }, to: { mac: b.mac, ip: b.v6 } }, b.v6)), []);
});

test("a switch that cannot write advertisements hands solicitations to their target alone, and defends addresses all the same", async () => {
  const net = await Scenario.start({ policy: joined, topology: { ...TOPOLOGY, ndRewrite: false } });
  const [a, b, c] = [net.host(1), net.host(2), net.host(3)];
  const ask = (from: typeof a) => solicitation({ from: { mac: from.mac, ip: from.v6 }, to: solicitedNode(b.v6) }, b.v6, from.mac);
  assert.equal(net.send(a, ask(a)).map(({ port, frame }) => [port, linkDestination(frame)]), [[b.port, b.mac]]);
  assert.ok(net.arrives(b, advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6, b.mac), a));
  assert.equal(net.send(c, ask(c)), [], "no rule joins them");
  const dad = solicitation({ from: { mac: a.mac, ip: "::" }, to: solicitedNode(b.v6) }, b.v6);
  assert.equal(net.send(a, dad), [{ port: a.port, frame: advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: a.mac, ip: "ff02::1" } }, b.v6, undefined, 0) }]);
  await net.switch.flows(({ instructions }) => {
    const fields = JSON.stringify(instructions, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    assert.not.match(fields, /nd_reserved|nd_options_type/);
  });
});

test("requests for the gateway go upstream only; requests from upstream are answered by the switch", async () => {
  const net = await Scenario.start({ policy: policy({}) });
  const a = net.host(1);
  assert.equal(net.send(a, arp(1, { mac: a.mac, ip: a.v4 }, { ip: ROUTER.v4 })).map(({ port }) => port), [ROUTER.port]);
  assert.equal(net.send(a, solicitation({ from: { mac: a.mac, ip: "fe80::1" }, to: solicitedNode(ROUTER.v6) }, ROUTER.v6, a.mac)).map(({ port }) => port), [ROUTER.port]);
  assert.equal(net.send(ROUTER, arp(1, { mac: ROUTER.mac, ip: ROUTER.v4 }, { ip: a.v4 })), [{ port: ROUTER.port, frame: arp(2, { mac: a.mac, ip: a.v4 }, { mac: ROUTER.mac, ip: ROUTER.v4 }, { to: ROUTER.mac }) }]);
  const asked = net.send(ROUTER, solicitation({ from: { mac: ROUTER.mac, ip: ROUTER.v6 }, to: solicitedNode(a.v6) }, a.v6, ROUTER.mac));
  assert.equal(asked, [{ port: ROUTER.port, frame: advertisement({ from: { mac: a.mac, ip: a.v6 }, to: { mac: ROUTER.mac, ip: ROUTER.v6 } }, a.v6, a.mac) }]);
  assert.ok(net.arrives(ROUTER, arp(2, { mac: ROUTER.mac, ip: ROUTER.v4 }, { mac: a.mac, ip: a.v4 }, { to: a.mac }), a), "the gateway's answer");
  assert.ok(net.arrives(ROUTER, advertisement({ from: { mac: ROUTER.mac, ip: ROUTER.v6 }, to: { mac: a.mac, ip: a.v6 } }, ROUTER.v6, ROUTER.mac), a), "the gateway's advertisement");
});

test("an address in use is defended; a free one waits to be learnt; one's own is announced upstream", async () => {
  const net = await Scenario.start({ policy: policy({}) });
  const [a, b] = [net.host(1), net.host(2)];
  const dad = (address: string) => solicitation({ from: { mac: a.mac, ip: "::" }, to: solicitedNode(address) }, address);
  const probe = (address: string) => arp(1, { mac: a.mac, ip: "0.0.0.0" }, { ip: address });
  assert.equal(net.send(a, dad(b.v6)), [{ port: a.port, frame: advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: a.mac, ip: "ff02::1" } }, b.v6, undefined, 0x20) }]);
  assert.equal(net.send(a, probe(b.v4)), [{ port: a.port, frame: arp(2, { mac: b.mac, ip: b.v4 }, { mac: a.mac, ip: "0.0.0.0" }, { to: a.mac }) }]);
  for (const frame of [dad("2001:db8::99"), dad("fe80::99"), probe("10.0.0.99")]) {
    assert.equal(net.send(a, frame), []);
    assert.equal(net.waiting(), ["binding"]);
    assert.equal(net.resumeAll(), [], "refused: nobody else hears of it");
  }
  net.send(a, dad("2001:db8::99"));
  await net.change({ setDevices: [{ ...device(1), addresses: [...device(1).addresses, "2001:db8::99"] }] });
  assert.equal(net.resumeAll().map(({ port }) => port), [ROUTER.port], "learnt: upstream may object");
  assert.equal(net.send(a, arp(1, { mac: a.mac, ip: a.v4 }, { ip: a.v4 })).map(({ port }) => port), [ROUTER.port]);
  assert.ok(reaches(net.send(a, advertisement({ from: { mac: a.mac, ip: a.v6 }, to: { mac: "33:33:00:00:00:01", ip: "ff02::1" } }, a.v6, a.mac)), ROUTER));
  assert.equal(net.send(a, arp(1, { mac: a.mac, ip: a.v4 }, { ip: "10.0.0.77" }, { to: BROADCAST })), [], "nobody has it: nobody hears");
});

test.run();
