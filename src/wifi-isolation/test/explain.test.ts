// SPDX-License-Identifier: Apache-2.0
import { type Endpoint, groupsOf, hasUnenforced, isUnknown, type Override, parsePolicy, resolveEnd, type World } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { explain, formatReach, reachable, reachBetween } from "../explain.ts";
import { reachOf } from "../reach.ts";
import { endpoint, MACS, question, withMacs } from "../../../packages/contract/test/questions.ts";

const text = withMacs(`network: test
groups:
  family: [ { mac: {ann} }, { mac: {bob} } ]
  printers: [ { mac: {printer} } ]
  cameras: [ { mac: {cam} }, { mud: "https://v.example/c.json" } ]
rules:
  - { from: family, to: printers, allow: [tcp/631, mdns] }
  - { from: {ann}, to: all, allow: [tcp/22], otherwise: ask }
  - { from: cameras, to: internet, allow: ["dns:*.v.example"], otherwise: deny }
  - { from: all, to: internet, allow: all }
quarantine: [ {visitor} ]
`);

function world(more: Partial<World> = {}): World {
  const result = parsePolicy(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { policy: result.policy, lines: result.lines, ...more };
}

const test = suite("explain");

test("says the verdict, why, who may start, and the other way round", () => {
  assert.equal(explain({ ...world(), ...question("ann -> printer tcp/631") }), [
    `${MACS["ann"]} -> ${MACS["printer"]} tcp/631: allowed`,
    "because rule 1 (line 7) allows tcp/631 from family to printers",
    `${MACS["ann"]} starts the flow; answers of ${MACS["printer"]} pass with it`,
    `the other way round, started by ${MACS["printer"]}: denied, no rule allows it`,
  ]);
});
test("says what discovery lets through", () => {
  assert.is(explain({ ...world(), ...question("bob -> printer mdns") })[2], `questions of ${MACS["bob"]} reach ${MACS["printer"]}, answers of ${MACS["printer"]} reach ${MACS["bob"]}`);
});
test("without a service: all that is open, both ways", () => {
  const { from, to } = question("ann -> printer tcp");
  assert.equal(explain({ ...world(), from, to }), [
    `${MACS["ann"]} -> ${MACS["printer"]}: tcp/631, mdns (rule 1 (line 7)); tcp/22 (rule 2 (line 8)); else asked, denied without an answer (rule 2 (line 8) asks about what it does not list from ${MACS["ann"]} to all)`,
    `${MACS["printer"]} -> ${MACS["ann"]}: nothing listed; else denied (no rule allows it)`,
  ]);
});
test("names devices and hosts by what is known of them", () => {
  const from = { ...endpoint("ann"), name: "laptop" } as ReturnType<typeof endpoint>;
  assert.is(explain({ ...world(), from, to: endpoint("203.0.113.1=www.example"), protocol: "tcp", port: 443 })[0], `laptop (${MACS["ann"]}) -> internet www.example 203.0.113.1 tcp/443: allowed`);
});
test("what a device may reach: internet, gateway and others, without what is closed", () => {
  const others = ["bob", "printer", "visitor", "ann"].map(endpoint);
  const lines = (name: string, more?: Partial<World>) => reachable(world(more), endpoint(name), others).map(formatReach);
  assert.equal(lines("bob"), ["internet: everything (rule 4 (line 10) allows all from all to internet)", `${MACS["printer"]}: tcp/631, mdns (rule 1 (line 7)); else denied (no rule allows it)`]);
  assert.equal(lines("cam"), ["internet: dns:*.v.example (rule 3 (line 9)); else denied (rule 3 (line 9) denies what it does not list from cameras to internet)"]);
  assert.equal(lines("stranger"), [], "the restriction of cameras that cannot be told yet holds for unknown devices");
  assert.equal(lines("visitor"), [], "quarantine");
  assert.equal(lines("printer", { overrides: [{ kind: "allow", a: "printers", b: "family", service: "tcp/9" }] })[1], `${MACS["bob"]}: tcp/9 (allowed at this gateway); else denied (no rule allows it)`);
});
test("reach agrees with decide on what comes before rules", () => {
  const reach = reachBetween(world({ overrides: [{ kind: "quarantine", device: MACS["bob"]! }] }), endpoint("bob"), endpoint("printer"));
  assert.equal([reach.allowed, reach.otherwise.because], [[], "quarantine"]);
});
test("what an operator denied is taken out of what rules and older decisions allow", () => {
  const [ann, printer, bob] = [endpoint("ann"), endpoint("printer"), endpoint("bob")] as const;
  const deny = (service: string) => ({ kind: "deny" as const, a: MACS["bob"]!, b: MACS["printer"]!, service });
  const allow = (service: string) => ({ kind: "allow" as const, a: MACS["bob"]!, b: MACS["printer"]!, service });
  const open = (...overrides: Override[]): string => formatReach(reachBetween(world({ overrides }), bob, printer)).replace(`${MACS["printer"]}: `, "");
  assert.is(open(deny("tcp/631")), "mdns (rule 1 (line 7)) but not tcp/631 (denied at this gateway); else denied (no rule allows it)");
  assert.is(open(deny("tcp")), "mdns (rule 1 (line 7)) but not tcp (denied at this gateway); else denied (no rule allows it)");
  assert.is(open(deny("tcp"), allow("tcp/22")), "tcp/22 (allowed at this gateway); mdns (rule 1 (line 7)) but not tcp (denied at this gateway); else denied (no rule allows it)");
  assert.is(open(allow("tcp/22"), deny("all")), `nothing listed; else denied (denied at this gateway: all from ${MACS["bob"]} to ${MACS["printer"]})`);
  assert.is(open({ kind: "isolate", device: MACS["printer"]! }, allow("tcp/22")), `tcp/22 (allowed at this gateway); else denied (${MACS["printer"]} was isolated at this gateway: it reaches no other device, and none reaches it)`);
  assert.is(formatReach(reachBetween(world({ overrides: [{ kind: "deny", a: MACS["ann"]!, b: "internet", service: "tcp/25" }] }), ann, { kind: "internet" })).split(" (")[0], "internet: everything but not tcp/25");
});

test("who reaches whom around a device is what is said of each pair", () => {
  const overrides: Override[] = [{ kind: "isolate", device: MACS["bob"]! }, { kind: "allow", a: MACS["cam"]!, b: MACS["bob"]!, service: "tcp/9" }, { kind: "quarantine", device: MACS["printer"]! }];
  for (const w of [world(), world({ overrides })]) {
    const peers: Endpoint[] = [...Object.values(MACS).map((mac): Endpoint => ({ kind: "device", mac })), { kind: "device", mac: "02:00:00:00:99:01" }, { kind: "device", mac: "02:00:00:00:99:02", blocked: true }, { kind: "internet" }, { kind: "gateway" }];
    for (const device of peers) {
      if (device.kind !== "device") continue;
      const found = reachOf(w, device, peers);
      for (const [index, peer] of peers.entries()) {
        if (peer === device) continue;
        for (const [way, from, to] of [["to", device, peer], ["from", peer, device]] as const) {
          const { allowed, otherwise } = reachBetween(w, from, to);
          const expected = otherwise.verdict === "deny" && allowed.length > 0 ? { verdict: "allow", services: allowed.map(({ service }) => service) } : { verdict: otherwise.verdict };
          assert.equal(found[index]![way], expected, JSON.stringify([way, device, peer, w.overrides]));
        }
      }
    }
  }
});

test.run();

const members = suite("membership");
members("groups in the order of the policy, by enforced selectors only", () => {
  const policy = { ...world().policy, groups: { b: [{ mac: MACS["ann"]! }], a: [{ mac: MACS["ann"]! }, { psk: "x" }], c: [{ psk: MACS["ann"]! }] } };
  assert.equal(groupsOf(policy, MACS["ann"]!), ["b", "a"]);
  assert.equal([isUnknown(policy, MACS["ann"]!), isUnknown(policy, MACS["bob"]!)], [false, true]);
  assert.equal(["a", "b", "c", "all", "unknown", MACS["ann"]!, "toString"].map((end) => hasUnenforced(policy, resolveEnd(end))), [true, false, true, false, false, false, false]);
});
members("ends are told apart by their form", () => {
  assert.equal(["family", "02:00:00:00:00:0a", "all", "unknown", "internet", "gateway"].map(resolveEnd), [
    { kind: "group", name: "family" }, { kind: "device", mac: "02:00:00:00:00:0a" }, { kind: "all" }, { kind: "unknown" }, { kind: "internet" }, { kind: "gateway" },
  ]);
});
members.run();
