// SPDX-License-Identifier: Apache-2.0
// A rule that goes takes its connections with it, both ways, and no others: by the flows on every Open vSwitch, and where the switch can flush one
// connection (3.1), its entry goes too.
import type { Policy } from "@securebox/contract";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ACK, echo, tcp, udp } from "../../src/wifi-isolation/fake/frames.ts";
import { device, ends, macOf, policy, reversed, ROUTER, TOPOLOGY, type Host } from "../../src/wifi-isolation/fake/scenario.ts";
import { until } from "../lab/command.ts";
import { DummyNetwork } from "../lab/dummy-network.ts";

const groups = { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }, { mac: macOf(3) }] };
const written = (services: string[], more: Partial<Policy> = {}): Policy => policy({ groups, rules: [{ from: "a", to: "b", allow: services }], ...more });
const host = (id: number): Host => { const { mac, addresses } = device(id); return { mac, port: 1, v4: addresses[0]!, v6: addresses[2]! }; };
const SYN_ACK = 0x12;

for (const version of ["3.1", "2.15"] as const) {
  const test = suite<{ network: DummyNetwork }>(`closed connections on Open vSwitch ${version}`);
  const [a, b, c] = [host(1), host(2), host(3)];
  const flushes = version === "3.1";

  test.before(async (context) => {
    context.network = await DummyNetwork.start(version, { policy: written(["tcp/631", "tcp/9100", "udp/5000"]), topology: TOPOLOGY, devices: [1, 2, 3].map((id) => device(id)) });
  });
  test.after(async ({ network }) => network?.stop());

  /** Two connections to each of two devices, and UDP, by both families; as text that their entries contain. */
  async function connect({ send, connections }: { send(from: Host, frame: Uint8Array): Promise<string[]>; connections(): Promise<string[]> }): Promise<void> {
    for (const family of [4, 6] as const) {
      for (const server of [b, c]) {
        for (const port of [631, 9100]) {
          await send(a, tcp(ends(a, server, family), 4000, port));
          await send(server, tcp(ends(server, a, family), port, 4000, SYN_ACK));
          await send(a, tcp(ends(a, server, family), 4000, port, ACK));
        }
      }
      await send(a, udp(ends(a, b, family), 4000, 5000));
      await send(b, udp(ends(b, a, family), 5000, 4000));
    }
    assert.is((await connections()).length, 10);
  }

  const ports = (entries: string[]): number[] => entries.map((entry) => Number(/dport=(\d+)/.exec(entry)![1])).sort((x, y) => x - y);
  const flushed = (network: DummyNetwork): number => network.told.filter(({ event }) => event === "connections flushed").length;

  /** The flush is not waited for: looks until it has been, or that nothing happens. */
  async function left(network: DummyNetwork, count: number): Promise<string[]> {
    if (flushes) await until("flushed entries to be gone", 2000, async () => (await network.connections()).length <= count);
    return network.connections();
  }

  test("a service that goes: its sessions are cut both ways, its entries flushed, the others' stay and work", async ({ network }) => {
    await connect({ send: (from, frame) => network.send(from, frame), connections: () => network.connections() });
    const before = await network.connections();
    await network.edit({ policy: written(["tcp/9100", "udp/5000"]) });
    const after = await left(network, 6);
    assert.equal(after, flushes ? before.filter((entry) => !entry.includes("dport=631")) : before);
    assert.equal(ports(after), flushes ? [5000, 5000, 9100, 9100, 9100, 9100] : ports(before));
    for (const family of [4, 6] as const) {
      const there = ends(a, b, family);
      assert.equal(await network.send(a, tcp(there, 4000, 631, ACK)), [], "client to server");
      assert.equal(await network.send(b, tcp(reversed(there), 631, 4000, ACK)), [], "server to client");
      assert.equal(await network.send(a, tcp(there, 4000, 9100, ACK)), [`1 ${b.mac}`]);
      assert.equal(await network.send(b, tcp(reversed(there), 9100, 4000, ACK)), [`1 ${a.mac}`]);
      assert.equal(await network.send(b, udp(reversed(there), 5000, 4000)), [`1 ${a.mac}`]);
    }
    assert.is(flushed(network), flushes ? 1 : 0);
  });

  test("a device that leaves its group, then one in quarantine", async ({ network }) => {
    await network.edit({ policy: written(["tcp/9100", "udp/5000"], { groups: { ...groups, b: [{ mac: macOf(2) }] } }) });
    if (flushes) assert.equal(ports(await left(network, 4)), [5000, 5000, 9100, 9100], "those with c are gone");
    assert.equal(await network.send(c, tcp(ends(c, a), 9100, 4000, ACK)), []);
    assert.equal(await network.send(b, tcp(ends(b, a), 9100, 4000, ACK)), [`1 ${a.mac}`]);
    for (const family of [4, 6] as const) assert.equal(await network.send(b, echo(ends(b, ROUTER, family))), [`${ROUTER.port} ${ROUTER.mac}`]);
    await network.edit({ overrides: [{ kind: "quarantine", device: macOf(2) }] });
    if (flushes) assert.equal((await left(network, 2)).map((entry) => entry.split(",")[0]), ["icmp", "icmpv6"], "ICMP ages: a flush of ICMPv6 would end this switch");
    assert.equal(await network.send(b, tcp(ends(b, a), 9100, 4000, ACK)), []);
    assert.is(flushed(network), flushes ? 3 : 0);
  });

  test("the switch refused nothing", ({ network }) => {
    assert.equal(network.told.filter(({ event }) => /refused/.test(event)), []);
  });

  test.run();
}
