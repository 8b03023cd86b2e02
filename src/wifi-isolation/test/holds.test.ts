// SPDX-License-Identifier: Apache-2.0
// Packets that wait for the gateway: stations, bindings, DNS answers, unknown flows; verdicts and fallbacks.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ACK, PSH, SYN, tcp, udp } from "../fake/frames.ts";
import { device, ends, macOf, policy, reversed, ROUTER, Scenario, SERVER } from "../fake/scenario.ts";

const groups = { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }] };
const test = suite("wifi-isolation: holds");

test("a station not known yet waits once; with its flows in force it goes on", async () => {
  const net = await Scenario.start({ policy: policy({ rules: [{ from: "all", to: "all", allow: "all" }] }), devices: [device(2)] });
  const one = { ...net.host(2), ...{ mac: macOf(1), v4: "10.0.0.11" } };
  const frame = tcp(ends(one, net.host(2)), 1, 80);
  assert.equal(net.send(one, frame), []);
  assert.equal(net.waiting(), ["station"]);
  assert.equal(net.resumeAll(), [], "not learnt");
  assert.equal(net.waiting(), [], "it waits once");
  net.send(one, frame);
  await net.change({ setDevices: [device(1)] });
  assert.equal(net.resumeAll(), [{ port: 1, frame }]);
});

test("a device at another port waits, and moves only when the gateway says so", async () => {
  const net = await Scenario.start({ policy: policy({ rules: [{ from: "all", to: "all", allow: "all" }] }) });
  const there = { ...net.host(1), port: 2 };
  net.send(there, tcp(ends(there, net.host(2)), 1, 80));
  assert.equal(net.waiting(), ["moved"]);
  await net.change({ setDevices: [device(1, "wlan1")] });
  assert.is(net.resumeAll().length, 1);
});

test("resolvers' answers wait for devices with DNS names in their rules, once", async () => {
  const net = await Scenario.start({ policy: policy({ groups, rules: [{ from: "a", to: "internet", allow: ["dns:example.org"] }] }) });
  for (const [id, waits] of [[1, true], [2, false]] as const) {
    const host = net.host(id);
    const question = ends(host, ROUTER);
    assert.ok(net.arrives(host, udp(question, 4000, 53), ROUTER));
    assert.is(net.arrives(ROUTER, udp(reversed(question), 53, 4000), host), !waits);
    assert.equal(net.waiting(), waits ? ["dns"] : []);
    assert.is(net.resumeAll().length, waits ? 1 : 0);
    net.send(host, tcp(question, 4001, 53));
    assert.is(net.arrives(ROUTER, tcp(reversed(question), 53, 4001, SYN | ACK), host), !waits, "the stream is read from its beginning");
    assert.is(net.resumeAll().length, waits ? 1 : 0);
    assert.is(net.arrives(ROUTER, tcp(reversed(question), 53, 4001, ACK | PSH, [0, 1, 2]), host), !waits);
    assert.is(net.resumeAll().length, waits ? 1 : 0);
  }
});

for (const family of [4, 6] as const) {
  for (const fallback of ["allow", "deny"] as const) {
    test(`an unknown flow waits; without a verdict the fallback (${fallback}) decides, IPv${family}`, async () => {
      const net = await Scenario.start({ policy: policy({ groups, rules: [{ from: "a", to: "b", allow: ["tcp/631"], otherwise: "ask", fallback }] }) });
      const [a, b] = [net.host(1), net.host(2)];
      const there = ends(a, b, family);
      assert.ok(net.arrives(a, tcp(there, 1, 631), b));
      assert.equal(net.send(a, tcp(there, 1, 22)), []);
      assert.equal(net.waiting(), ["flow"]);
      assert.is(net.resumeAll().length, fallback === "allow" ? 1 : 0);
      assert.equal(net.send(b, tcp(reversed(there), 1, 22)), [], "nobody asks about the other direction");
      assert.equal(net.waiting(), []);
    });
  }

  test(`a verdict decides its flow, both ways, and no other; an earlier rule is before it, IPv${family}`, async () => {
    const ask = [{ from: "a", to: "b", otherwise: "ask" as const, fallback: "deny" as const }, { from: "a", to: "internet", otherwise: "ask" as const, fallback: "allow" as const }];
    const net = await Scenario.start({ policy: policy({ groups, rules: ask }) });
    const [a, b] = [net.host(1), net.host(2)];
    const there = ends(a, b, family);
    const allowed = { device: 1, address: there.to.ip, protocol: 6, port: 22, verdict: "allow" as const, idleTimeout: 60 };
    const made = await net.change({ setVerdicts: [allowed] });
    assert.equal([made.added, made.modified, made.deleted], [2, 0, 0]);
    assert.ok(net.arrives(a, tcp(there, 1, 22), b));
    assert.ok(net.arrives(b, tcp(reversed(there), 22, 1, ACK), a));
    assert.not(net.arrives(a, tcp(there, 1, 23), b));
    assert.equal(net.waiting(), ["flow"]);
    net.switch.held = [];
    const away = ends(a, SERVER, family);
    await net.change({ setVerdicts: [{ ...allowed, address: away.to.ip, verdict: "deny" }] });
    assert.equal(net.send(a, tcp(away, 1, 22)), []);
    assert.equal(net.waiting(), [], "denied without asking");
    await net.change({ policy: policy({ groups, rules: [ask[0]!, { ...ask[1]!, allow: ["tcp/22"] }] }) });
    assert.ok(net.arrives(a, tcp(away, 1, 22), ROUTER), "the rule itself allows it now");
    await net.change({ policy: policy({ groups, rules: [{ from: "a", to: "b", otherwise: "deny" }, ...ask] }) });
    assert.equal(net.send(a, tcp(there, 1, 22, ACK)), [], "an earlier denial");
    assert.equal(net.send(b, tcp(reversed(there), 22, 1, ACK)), []);
    await net.change({ policy: policy({ groups, rules: ask }), removeVerdicts: [allowed] });
    net.send(a, tcp(there, 1, 22, ACK));
    assert.equal(net.waiting(), ["flow"], "asked again");
  });
}

test("an operator's allow is before every rule; undone, the rules hold again", async () => {
  const rules = [{ from: "all", to: "all", otherwise: "deny" as const }];
  const net = await Scenario.start({ policy: policy({ groups, rules }) });
  const [a, b] = [net.host(1), net.host(2)];
  await net.change({ overrides: [{ kind: "allow", a: a.mac, b: b.mac, service: "tcp/22" }] });
  assert.ok(net.arrives(a, tcp(ends(a, b), 1, 22), b));
  assert.ok(net.arrives(b, tcp(ends(b, a), 22, 1, ACK), a));
  await net.change({ overrides: [] });
  assert.not(net.arrives(a, tcp(ends(a, b), 1, 22, ACK), b));
  await net.change({ overrides: [{ kind: "quarantine", device: a.mac }] });
  assert.equal(net.send(a, udp(ends(a, ROUTER), 1, 53)), []);
});

test.run();
