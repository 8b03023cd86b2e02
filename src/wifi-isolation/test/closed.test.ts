// SPDX-License-Identifier: Apache-2.0
// Which connections a change closes, as tuples to flush.
import type { Policy } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { closedBy, formerOf, MAX_TUPLES, type Closed, type ConnectionTuple } from "../closed.ts";
import { device, macOf, policy, ROUTER, TOPOLOGY } from "../fake/scenario.ts";
import { Model, type Edit } from "../model.ts";

const test = suite("wifi-isolation: closed connections");
const groups = { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }, { mac: macOf(3) }] };
const rules = (...list: Policy["rules"]): Policy => policy({ groups, rules: list });
const open = { from: "a", to: "b", allow: ["tcp/631", "udp/5000-5002"] };

function closing(before: Policy, edit: Edit, devices = [1, 2, 3, 4].map((id) => device(id))): Closed {
  const model = new Model({ policy: before, topology: TOPOLOGY, devices });
  const former = formerOf(model, edit);
  model.change(edit);
  return closedBy(former, model);
}

/** Of IPv4 only: "PROTOCOL SOURCE > DESTINATION:PORT"; both protocols are "both". */
function told({ tuples }: Closed): string[] {
  const isV4 = ({ source, destination }: ConnectionTuple): boolean => !(source ?? destination)!.includes(":");
  const texts = tuples.filter(isV4).map(({ protocol, source = "*", destination = "*", destinationPort = "*" }) => `${protocol} ${source} > ${destination}:${destinationPort}`);
  const both = (text: string): boolean => ["6", "17"].every((protocol) => texts.includes(text.replace(/^\d+/, protocol)));
  return [...new Set(texts.map((text) => (both(text) ? text.replace(/^\d+/, "both") : text)))].sort();
}

test("a rule that goes: its ends and services, in its direction, for both families", () => {
  const closed = closing(rules(open, { from: "b", to: "a", allow: ["tcp/22"] }), { policy: rules({ from: "a", to: "b", allow: ["udp/5000"] }, { from: "b", to: "a", allow: ["tcp/22"] }) });
  assert.equal(told(closed), [12, 13].flatMap((host) => [`17 10.0.0.11 > 10.0.0.${host}:5001`, `17 10.0.0.11 > 10.0.0.${host}:5002`, `6 10.0.0.11 > 10.0.0.${host}:*`]).sort());
  assert.is(closed.tuples.length, 6 * 5, "IPv4 once, IPv6 with each of two addresses to each of two");
  assert.ok(closed.tuples.every(({ protocol }) => [6, 17].includes(protocol)), "an open protocol would end some switches");
  assert.ok(closed.tuples.every(({ source, destination }) => source!.includes(":") === destination!.includes(":")));
});

test("what another rule still allows is not touched", () => {
  const closed = closing(rules(open), { policy: rules({ from: macOf(1), to: macOf(2), allow: ["tcp"] }) });
  assert.equal(told(closed), ["17 10.0.0.11 > 10.0.0.12:*", "both 10.0.0.11 > 10.0.0.13:*"]);
  assert.equal(closing(rules(open), { policy: rules({ from: "all", to: "all", allow: "all" }) }), { tuples: [], incomplete: false });
  assert.equal(closing(rules(open), { policy: rules(open), overrides: [] }).tuples, []);
});

test("a rule before it that denies closes as well; asking does not", () => {
  const deny = { from: "a", to: macOf(3), otherwise: "deny" as const };
  assert.equal(told(closing(rules(open), { policy: rules(deny, open) })), ["both 10.0.0.11 > 10.0.0.13:*"]);
  assert.equal(told(closing(rules(open), { policy: rules({ ...deny, otherwise: "ask" }, open) })), []);
});

test("leaving a group", () => {
  const closed = closing(rules(open), { policy: policy({ groups: { ...groups, b: [{ mac: macOf(2) }] }, rules: [open] }) });
  assert.equal(told(closed), ["both 10.0.0.11 > 10.0.0.13:*"]);
});

test("an override that is undone; with the gateway, its ping and DNS stay", () => {
  const model = new Model({ policy: rules(), topology: TOPOLOGY, devices: [device(1), device(2)], overrides: [{ kind: "allow", a: "a", b: "b", service: "tcp/22" }] });
  const former = formerOf(model, { overrides: [] });
  model.change({ overrides: [] });
  assert.equal(told(closedBy(former, model)), ["both 10.0.0.11 > 10.0.0.12:*"]);
  const admin = closing(rules({ from: "a", to: "gateway", allow: ["tcp/22", "udp/53", "icmp"] }), { policy: rules() });
  assert.equal(told(admin), [`6 10.0.0.11 > ${ROUTER.v4}:22`]);
});

test("quarantine, blocking and lost addresses: everything of those, and nothing else", () => {
  const all = (host: number): string[] => [`both * > 10.0.0.${host}:*`, `both 10.0.0.${host} > *:*`].sort();
  assert.equal(told(closing(rules(open), { policy: { ...rules(open), quarantine: [macOf(2)] } })), all(12));
  assert.equal(told(closing(rules(open), { overrides: [{ kind: "quarantine", device: macOf(2) }] })), all(12));
  assert.equal(told(closing(rules(open), { setDevices: [{ ...device(1), blocked: true }] })), all(11));
  assert.equal(told(closing(rules(open), { removeDevices: [3] })), all(13));
  assert.equal(told(closing(rules(open), { setDevices: [{ ...device(1), addresses: ["10.0.0.99", ...device(1).addresses.slice(1)] }] })), all(11));
  assert.equal(closing(rules(open), { setDevices: [device(1, "wlan1")] }), { tuples: [], incomplete: false }, "another place only");
});

test("a device that is isolated keeps what is not with devices; a deny closes its service one way", () => {
  assert.equal(told(closing(rules(open, { from: "a", to: "gateway", allow: "all" }), { overrides: [{ kind: "isolate", device: macOf(1) }] })), told(closing(rules(open), { policy: rules() })));
  assert.equal(told(closing(rules(open), { overrides: [{ kind: "deny", a: macOf(1), b: macOf(2), service: "tcp/22" }] })).every((each) => each.startsWith("6 ") && each.endsWith(":22")), true);
});

test("what is too much, or cannot be told apart, is left to the flows", () => {
  const many = policy({ groups: { all: Array.from({ length: 20 }, (_, i) => ({ mac: macOf(i + 1) })) }, rules: [{ from: "all", to: "all", allow: "all" }] });
  const devices = Array.from({ length: 20 }, (_, i) => device(i + 1));
  assert.ok(20 * 19 > MAX_TUPLES);
  assert.equal(closing(many, { policy: policy({ groups: many.groups }) }, devices), { tuples: [], incomplete: true });
  const most = closing(rules({ from: "a", to: "b", allow: ["tcp"] }), { policy: rules({ from: "a", to: "b", allow: ["tcp/22"] }) });
  assert.equal(most, { tuples: [], incomplete: true }, "all ports but one");
});

test.run();
