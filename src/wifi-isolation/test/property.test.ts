// SPDX-License-Identifier: Apache-2.0
// The flows against the meaning of the policy (decide.ts, which shares nothing with the compiler): random policies, devices and packets.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { macBytes } from "../bytes.ts";
import { decide, type Endpoint, type Member, type Policy, type Rule } from "@securebox/contract";
import { Conntrack } from "../fake/conntrack.ts";
import { ACK, echo, packet, tcp, udp } from "../fake/frames.ts";
import { device, ends, linkDestination, linkSource, macOf, policy, reaches, reversed, ROUTER, Scenario, SERVER, THIN_TOPOLOGY, TOPOLOGY, type Host } from "../fake/scenario.ts";
import type { Output } from "../fake/flow-table.ts";
import { reachBetween } from "../explain.ts";
import type { Override } from "../network.ts";
import { reachOf } from "../reach.ts";

type Random = () => number;
const GROUPS = ["one", "two", "three"];
const SERVICES = ["all", "tcp", "udp", "icmp", "tcp/80", "udp/53", "tcp/20-90", "udp/50-53", "mdns", "ssdp"];
const INTERNET_SERVICES = [...SERVICES.slice(0, 8), "192.0.2.0/24", "2001:db8:ffff::/48", "tcp/80@192.0.2.0/25", "198.51.100.1:80", "dns:a.example", "tcp/80@dns:*.example"];
const REMOTES: { host: Host; names: string[] }[] = [
  { host: SERVER, names: ["a.example"] }, { host: { ...SERVER, v4: "192.0.2.200", v6: "2001:db8:eeee::1" }, names: ["b.example"] }, { host: { ...SERVER, v4: "198.51.100.1", v6: "2001:db8:dddd::1" }, names: [] },
];
const PATTERNS = ["a.example", "*.example"];
const DEVICES = [1, 2, 3, 4, 5];
const test = suite("wifi-isolation: flows against meaning");

/** mulberry32: the same policies on every engine. */
function seeded(seed: number): Random {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let value = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
const some = <T>(random: Random, from: readonly T[], chance: number): T[] => from.filter(() => random() < chance);

function randomPolicy(random: Random): Policy {
  const members = (): Member[] => [...some(random, DEVICES, 0.35).map((id) => ({ mac: macOf(id) })), ...(random() < 0.2 ? [{ mud: "https://v.example/m" }] : [])];
  const groups = Object.fromEntries(GROUPS.map((name) => [name, members()]));
  const rules = Array.from({ length: 1 + Math.floor(random() * 6) }, () => randomRule(random));
  return policy({ groups, rules, quarantine: random() < 0.2 ? [macOf(pick(random, DEVICES))] : [] });
}

function randomRule(random: Random): Rule {
  const deviceEnd = (): string => pick(random, [...GROUPS, ...GROUPS, "all", "unknown", macOf(pick(random, DEVICES))]);
  const to = random() < 0.35 ? pick(random, ["internet", "internet", "gateway"]) : deviceEnd();
  const allow = random() < 0.8 ? some(random, to === "internet" ? INTERNET_SERVICES : SERVICES, 0.25) : undefined;
  return {
    from: deviceEnd(), to, ...(allow && allow.length > 0 ? { allow } : {}), ...(random() < 0.5 ? { otherwise: pick(random, ["deny", "allow", "ask"] as const) } : {}),
    ...(random() < 0.3 ? { fallback: pick(random, ["allow", "deny"] as const) } : {}), ...(random() < 0.15 ? { analyse: "ids", how: pick(random, ["mirror", "redirect"] as const) } : {}),
  };
}

/** What an operator may have decided, in any order. Groups are for `allow` alone. */
function randomOverrides(random: Random): Override[] {
  const end = (): string => macOf(pick(random, DEVICES));
  return Array.from({ length: random() < 0.5 ? 0 : 1 + Math.floor(random() * 4) }, (): Override => {
    const kind = pick(random, ["allow", "deny", "deny", "isolate"] as const);
    if (kind === "isolate") return { kind, device: end() };
    if (random() < 0.2) return random() < 0.5 ? { kind, a: end(), b: "internet", service: pick(random, INTERNET_SERVICES) } : { kind, a: "internet", b: end(), service: "tcp/80" };
    if (random() < 0.2) return { kind, a: end(), b: "gateway", service: pick(random, SERVICES.slice(0, 8)) };
    return { kind, a: end(), b: kind === "allow" && random() < 0.4 ? pick(random, GROUPS) : end(), service: pick(random, SERVICES) };
  });
}

interface Probe {
  from: Host;
  to: Host;
  source: Endpoint;
  target: Endpoint;
}

function probes(net: Scenario): Probe[] {
  const pairs = DEVICES.flatMap((a) => DEVICES.filter((b) => b !== a).map((b): Probe => ({ from: net.host(a), to: net.host(b), source: { kind: "device", mac: macOf(a) }, target: { kind: "device", mac: macOf(b) } })));
  const outward = DEVICES.flatMap((a) => [
    ...REMOTES.map(({ host, names }): Probe => ({ from: net.host(a), to: host, source: { kind: "device", mac: macOf(a) }, target: { kind: "internet", names } })),
    { from: net.host(a), to: ROUTER, source: { kind: "device", mac: macOf(a) }, target: { kind: "gateway" } } as Probe,
  ]);
  const inward = DEVICES.map((b): Probe => ({ from: SERVER, to: net.host(b), source: { kind: "internet", address: SERVER.v4 }, target: { kind: "device", mac: macOf(b) } }));
  return [...pairs, ...outward, ...inward];
}

const FLOWS = [
  { protocol: "tcp", port: 80 }, { protocol: "tcp", port: 22 }, { protocol: "udp", port: 53 }, { protocol: "udp", port: 99 }, { protocol: "icmp" }, {},
] as const;
type ProbeFlow = (typeof FLOWS)[number];

function frameOf({ from, to }: Probe, flow: ProbeFlow, family: 4 | 6, reply: boolean, source: number): Uint8Array {
  const there = ends(from, to, family);
  const link = reply ? reversed(there) : there;
  const [a, b] = reply ? ["port" in flow ? flow.port : 0, source] : [source, "port" in flow ? flow.port : 0];
  if (!("protocol" in flow)) return packet(link, 47, [0, 0, 8, 0, 1, 2, 3, 4]);
  if (flow.protocol === "tcp") return tcp(link, a, b, reply ? ACK : 2);
  return flow.protocol === "udp" ? udp(link, a, b) : echo(link, reply);
}

const MDNS = { mac: "01:00:5e:00:00:fb", ip: "224.0.0.251" };
const SSDP = { mac: "01:00:5e:7f:ff:fa", ip: "239.255.255.250" };

/** Where a port is thin stations know each other by the router's MAC. */
function byVirtualMac(frame: Uint8Array, { source, target }: Probe, thin: boolean): Uint8Array {
  if (thin && source.kind === "device" && target.kind === "device") frame.set(macBytes(ROUTER.mac));
  return frame;
}

/** No station's MAC comes to another. */
function hidden(outputs: readonly Output[], thin: boolean): boolean {
  return !thin || outputs.every(({ port, frame }) => port === ROUTER.port || linkSource(frame) === ROUTER.mac);
}

async function checkPolicy(random: Random, name: string, thin = false): Promise<number> {
  const written = randomPolicy(random);
  const overrides = randomOverrides(random);
  const names = PATTERNS.map((pattern) => ({ pattern, addresses: REMOTES.filter(({ names: known }) => known.some((one) => pattern === one || pattern === "*.example")).flatMap(({ host }) => [host.v4, host.v6]) }));
  const net = await Scenario.start({ policy: written, overrides, names, devices: DEVICES.map((id) => device(id, pick(random, thin ? ["wlan0", "lan1", "ap1", "ap1", "ap2"] : ["wlan0", "wlan1", "lan1"]))), topology: thin ? THIN_TOPOLOGY : TOPOLOGY });
  const world = { policy: written, overrides, resolvers: [ROUTER.v4] };
  let asked = 0;
  for (const probe of probes(net)) {
    for (const flow of FLOWS) {
      for (const family of [4, 6] as const) {
        const address = (host: Host): string => (family === 4 ? host.v4 : host.v6);
        const decision = decide({ ...world, ...flow, from: { ...probe.source, address: address(probe.from) } as Endpoint, to: { ...probe.target, address: address(probe.to) } as Endpoint });
        const what = (): string => `${name}: ${JSON.stringify({ probe: [probe.source, probe.target], flow, family, decision, written, overrides })}`;
        net.switch.conntrack = new Conntrack();
        const source = 20_000 + asked++;
        const outputs = net.send(probe.from, byVirtualMac(frameOf(probe, flow, family, false, source), probe, thin));
        assert.ok(hidden(outputs, thin), what());
        const held = net.switch.held.length > 0;
        assert.is(reaches(outputs, probe.to), decision.verdict === "allow", what());
        assert.is(held, decision.verdict === "ask", what());
        const open = decision.verdict === "allow" || (held && decision.fallback === "allow");
        const resumed = net.resumeAll();
        assert.ok(hidden(resumed, thin), what());
        assert.is(resumed.length > 0, held && decision.fallback === "allow", what());
        if (open) assert.ok(reaches(net.send(probe.to, byVirtualMac(frameOf(probe, flow, family, true, source), probe, thin)), probe.from) || net.resumeAll().length > 0, `answer of ${what()}`);
        net.switch.held = [];
        net.switch.advance(0.1);
      }
    }
  }
  checkDiscovery(net, world, name, thin);
  return asked;
}

function checkDiscovery(net: Scenario, world: Parameters<typeof decide>[0] extends infer Q ? Pick<Q & object, never> & { policy: Policy } : never, name: string, thin: boolean): void {
  for (const a of DEVICES) {
    const from = net.host(a);
    for (const [protocol, group, ports] of [["mdns", MDNS, [5353, 5353]], ["ssdp", SSDP, [50_000, 1900]]] as const) {
      const outputs = net.send(from, udp({ from: { mac: from.mac, ip: from.v4 }, to: group }, ports[0], ports[1]));
      assert.ok(hidden(outputs, thin), name);
      const reached = outputs.filter(({ port }) => port !== ROUTER.port).map(({ frame }) => linkDestination(frame)).sort();
      const allowed = (x: number, y: number): boolean => decide({ ...world, from: { kind: "device", mac: macOf(x) }, to: { kind: "device", mac: macOf(y) }, protocol }).verdict === "allow";
      const expected = DEVICES.filter((b) => b !== a && (allowed(a, b) || allowed(b, a))).map(macOf).sort();
      assert.equal(reached, expected, `${name}: ${protocol} from ${a}: ${JSON.stringify(world.policy)}`);
    }
  }
}

test("every packet of random networks arrives, waits or is dropped as decide() says", async () => {
  let asked = 0;
  for (let seed = 1; seed <= 25; seed++) asked += await checkPolicy(seeded(seed), `seed ${seed}`);
  assert.ok(asked > 10_000, `${asked} packets`);
});

test("the same among stations of Intelligent and Thin Edge, by one virtual MAC", async () => {
  let asked = 0;
  for (let seed = 101; seed <= 105; seed++) asked += await checkPolicy(seeded(seed), `seed ${seed}`, true);
  assert.ok(asked > 2000, `${asked} packets`);
});

test("who reaches whom around a device, in random networks, is what is said of each pair", () => {
  let pairs = 0;
  for (let seed = 201; seed <= 300; seed++) {
    const random = seeded(seed);
    const world = { policy: randomPolicy(random), overrides: randomOverrides(random), resolvers: [ROUTER.v4] };
    const ends: Endpoint[] = [...DEVICES, 6, 7].map((id): Endpoint => ({ kind: "device", mac: macOf(id), blocked: id === 5 && seed % 5 === 0 }));
    for (const device of ends) {
      if (device.kind !== "device") continue;
      const peers: Endpoint[] = [...ends.filter((end) => end !== device), { kind: "internet" }, { kind: "gateway" }];
      for (const [index, found] of reachOf(world, device, peers).entries()) {
        for (const [way, from, to] of [[found.to, device, peers[index]!], [found.from, peers[index]!, device]] as const) {
          const { allowed, otherwise: { verdict } } = reachBetween(world, from, to);
          const services = allowed.map(({ service }) => service);
          assert.equal(way, verdict === "deny" && services.length > 0 ? { verdict: "allow", services } : { verdict }, `seed ${seed}: ${JSON.stringify([from, to, world])}`);
          pairs++;
        }
      }
    }
  }
  assert.ok(pairs > 10_000, `${pairs} pairs`);
});

test.run();
