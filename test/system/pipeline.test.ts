// SPDX-License-Identifier: Apache-2.0
// The pipeline on real Open vSwitch, 3.1 and 2.15, with dummy ports: what is installed is what is read back, and the switch does with frames
// what the fake flow table does in the unit tests. Frames are those of the fake's builders; the radio is in other tests.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NxPacketIn2, type OpenflowClient, type PacketIn } from "node-openvswitch/openflow";
import { platform } from "quickjs-ts/platform";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ACK, advertisement, arp, echo, icmp6, solicitation, solicitedNode, tcp, udp } from "../../src/wifi-isolation/fake/frames.ts";
import { device, ends, linkDestination, macOf, policy, linkSource, reversed, ROUTER, SERVER, THIN_TOPOLOGY, TOPOLOGY, type Host } from "../../src/wifi-isolation/fake/scenario.ts";
import { applyChange, Model, OpenflowSwitch, reasonOf, synchronise, type Edit } from "../../src/wifi-isolation/index.ts";
import { startOpenvswitch, type OvsInstance } from "../lab/openvswitch.ts";
import { until } from "../lab/command.ts";

const rules = [
  { from: "a", to: "b", allow: ["tcp/631", "udp/5000-5010", "mdns", "ssdp"] }, { from: "b", to: macOf(3), allow: "all" as const, otherwise: "deny" as const },
  { from: "a", to: "internet", allow: ["dns:*.example.org", "198.51.100.0/24", "tcp/443@2001:db8:dddd::/48"] }, { from: "a", to: macOf(4), otherwise: "ask" as const, fallback: "allow" as const },
];
const written = policy({ groups: { a: [{ mac: macOf(1) }], b: [{ mac: macOf(2) }, { mac: macOf(3) }] }, rules });

class Bench {
  private constructor(readonly ovs: OvsInstance, readonly client: OpenflowClient, public model: Model, readonly directory: string, readonly waiting: (NxPacketIn2 | PacketIn)[]) {}

  static async start(version: "3.1" | "2.15"): Promise<Bench> {
    const directory = mkdtempSync(join(tmpdir(), "sbx-"));
    const ovs = await startOpenvswitch({ version, directory, dummy: true });
    const ports = THIN_TOPOLOGY.ports.flatMap(({ name, number }) => ["--", "add-port", "br0", name, "--", "set", "interface", name, "type=dummy", `ofport_request=${number}`, `options:tx_pcap=${directory}/${name}.pcap`]);
    await ovs.addBridge("br0", ...ports);
    const waiting: (NxPacketIn2 | PacketIn)[] = [];
    const client = connect(platform, { address: { unix: ovs.mgmtSocket("br0") }, packetIns: true, handlers: { packetIn: (packet) => void waiting.push(packet) } });
    await client.whenReady();
    const verdict = { device: 1, address: device(4).addresses[0]!, protocol: 6, port: 22, verdict: "allow" as const, idleTimeout: 60 };
    const model = new Model({ policy: written, topology: TOPOLOGY, devices: [1, 2, 3, 4].map((id) => device(id, id === 3 ? "lan1" : "wlan0")), verdicts: [verdict], names: [{ pattern: "*.example.org", addresses: [SERVER.v4, SERVER.v6] }] });
    return new Bench(ovs, client, model, directory, waiting);
  }

  get switch(): OpenflowSwitch { return new OpenflowSwitch(this.client); }

  host(id: number): Host {
    const { mac, port, addresses } = this.model.device(id)!;
    return { mac, port: this.model.site.port(port)!.number, v4: addresses[0]!, v6: addresses[2]! };
  }

  async change(edit: Edit): Promise<void> {
    await applyChange(this.switch, this.model.change(edit));
  }

  /** Frames that the switch sends because of this one: "PORT MAC" each, and their bytes. */
  async send(from: Host, frame: Uint8Array): Promise<{ to: string[]; frames: Uint8Array[] }> {
    const before = this.#sent();
    const port = THIN_TOPOLOGY.ports.find(({ number }) => number === from.port)!.name;
    await this.ovs.appctl("netdev-dummy/receive", port, Buffer.from(frame).toString("hex"));
    await this.client.barrier();
    await settle();
    return this.#since(before);
  }

  async arrives(from: Host, frame: Uint8Array, at: Host): Promise<boolean> {
    return (await this.send(from, frame)).to.includes(`${at.port} ${at.mac}`);
  }

  async resume(): Promise<{ reason: string | undefined; to: string[] }> {
    await until("a packet-in", 2000, () => this.waiting.length > 0);
    const before = this.#sent();
    const held = this.waiting.shift() as NxPacketIn2;
    this.client.send({ ...held, type: "nx-resume" });
    await this.client.barrier();
    await settle();
    return { reason: reasonOf(Number(held.metadata?.["reg3"] ?? 0)), to: this.#since(before).to };
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.ovs.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #sent(): Map<number, number> {
    return new Map(THIN_TOPOLOGY.ports.map(({ name, number }) => [number, framesIn(join(this.directory, `${name}.pcap`)).length]));
  }

  #since(before: Map<number, number>): { to: string[]; frames: Uint8Array[] } {
    const fresh = THIN_TOPOLOGY.ports.flatMap(({ name, number }) => framesIn(join(this.directory, `${name}.pcap`)).slice(before.get(number)).map((frame) => ({ number, frame })));
    return { to: fresh.map(({ number, frame }) => `${number} ${linkDestination(frame)}`).sort(), frames: fresh.map(({ frame }) => frame) };
  }
}

/** The dummy datapath sends within the same turn of the switch's loop; its pcap is written at once. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 40));
}

/** Frames of a capture (pcap, little endian, as Open vSwitch writes it here). */
function framesIn(path: string): Uint8Array[] {
  const bytes = readFileSync(path);
  const frames: Uint8Array[] = [];
  for (let at = 24; at + 16 <= bytes.length;) {
    const size = bytes.readUInt32LE(at + 8);
    frames.push(new Uint8Array(bytes.subarray(at + 16, at + 16 + size)));
    at += 16 + size;
  }
  return frames;
}

for (const version of ["3.1", "2.15"] as const) {
  const test = suite<{ bench: Bench }>(`pipeline on Open vSwitch ${version}`);
  test.before(async (context) => {
    context.bench = await Bench.start(version);
  });
  test.after(async ({ bench }) => {
    await bench.stop();
  });

  test("what is installed is what is read back: the second run finds no difference", async ({ bench }) => {
    const first = await synchronise(bench.switch, bench.model, [1, 2]);
    assert.ok(first.added > 200 && first.meters === 20, JSON.stringify(first));
    assert.equal(await synchronise(bench.switch, bench.model, [3, 4]), { added: 0, modified: 0, deleted: 0, same: first.added, meters: 0 });
  });

  test("what somebody else wrote is removed, what is other is put right", async ({ bench }) => {
    await bench.ovs.ofctl("add-flow", `unix:${bench.ovs.mgmtSocket("br0")}`, "table=0,priority=65000,actions=NORMAL");
    await bench.ovs.ofctl("mod-flows", `unix:${bench.ovs.mgmtSocket("br0")}`, "table=2,actions=drop");
    const repaired = await synchronise(bench.switch, bench.model, [1, 2]);
    assert.is(repaired.deleted, 1);
    assert.ok(repaired.modified > 5 && repaired.added === 0, JSON.stringify(repaired));
    assert.is((await synchronise(bench.switch, bench.model, [1, 2])).modified, 0);
  });

  for (const family of [4, 6] as const) {
    test(`an allowed pair, its answers, and nothing else, IPv${family}`, async ({ bench }) => {
      const [a, b] = [bench.host(1), bench.host(2)];
      const there = ends(a, b, family);
      assert.not(await bench.arrives(b, tcp(reversed(there), 631, 4000, ACK), a));
      assert.ok(await bench.arrives(a, tcp(there, 4000, 631), b), "hairpin");
      assert.ok(await bench.arrives(b, tcp(reversed(there), 631, 4000, 0x12), a));
      assert.ok(await bench.arrives(a, udp(there, 4000, 5009), b));
      assert.not(await bench.arrives(a, udp(there, 4000, 5011), b));
      assert.not(await bench.arrives(b, tcp(reversed(there), 4001, 631), a));
      assert.ok(await bench.arrives(b, echo(ends(b, bench.host(3), family)), bench.host(3)), "another port, a device's rule");
      await bench.change({ policy: policy({ groups: written.groups, rules: rules.slice(1) }) });
      assert.not(await bench.arrives(a, tcp(there, 4000, 631, ACK), b), "closed: forward");
      assert.not(await bench.arrives(b, tcp(reversed(there), 631, 4000, ACK), a), "closed: answers");
      await bench.change({ policy: written });
    });

    test(`internet by prefix and name, the gateway's echo and DNS held once, IPv${family}`, async ({ bench }) => {
      const a = bench.host(1);
      assert.ok(await bench.arrives(a, tcp(ends(a, SERVER, family), 4000, 80), ROUTER));
      assert.not(await bench.arrives(a, udp(ends(a, { ...SERVER, v4: "203.0.113.1", v6: "2001:db8:eeee::1" }, family), 4000, 80), ROUTER));
      assert.ok(await bench.arrives(a, echo(ends(a, ROUTER, family)), ROUTER));
      assert.ok(await bench.arrives(ROUTER, echo(ends(ROUTER, a, family), true), a));
      if (family === 6) return;
      const question = ends(a, ROUTER);
      assert.ok(await bench.arrives(a, udp(question, 4000, 53), ROUTER));
      assert.equal((await bench.send(ROUTER, udp(reversed(question), 53, 4000))).to, []);
      assert.equal(await bench.resume(), { reason: "dns", to: [`1 ${a.mac}`] });
    });
  }

  test("ARP and ND are answered by the switch, byte for byte", async ({ bench }) => {
    const [a, b] = [bench.host(1), bench.host(2)];
    const asked = await bench.send(a, arp(1, { mac: a.mac, ip: a.v4 }, { ip: b.v4 }));
    assert.equal(asked.frames, [arp(2, { mac: b.mac, ip: b.v4 }, { mac: a.mac, ip: a.v4 }, { to: a.mac })]);
    const solicited = await bench.send(a, solicitation({ from: { mac: a.mac, ip: a.v6 }, to: solicitedNode(b.v6) }, b.v6, a.mac));
    assert.equal(solicited.frames, [advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6, b.mac)]);
    const defended = await bench.send(a, solicitation({ from: { mac: a.mac, ip: "::" }, to: solicitedNode(b.v6) }, b.v6));
    assert.equal(defended.frames, [advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: a.mac, ip: "ff02::1" } }, b.v6, undefined, 0x20)]);
    assert.equal((await bench.send(b, arp(1, { mac: b.mac, ip: b.v4 }, { ip: bench.host(4).v4 }))).to, [], "no rule joins them");
    const probe = await bench.send(a, solicitation({ from: { mac: a.mac, ip: a.v6 }, to: { mac: b.mac, ip: b.v6 } }, b.v6));
    assert.equal(probe.to, [`1 ${b.mac}`]);
    assert.ok(await bench.arrives(b, advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6), a));
    assert.equal((await bench.send(ROUTER, arp(1, { mac: ROUTER.mac, ip: ROUTER.v4 }, { ip: a.v4 }))).to, [`${ROUTER.port} ${ROUTER.mac}`]);
  });

  test("spoofing, another port's MAC, gateway bouncing and reflection are dropped", async ({ bench }) => {
    const [a, b] = [bench.host(1), bench.host(2)];
    const tries: [string, Host, Uint8Array][] = [
      ["another's MAC at another port", { ...a, port: 2 }, tcp(ends(a, b), 4000, 631)], ["the gateway's MAC", { ...a, port: 2 }, tcp(ends(ROUTER, b), 4000, 631)],
      ["bounced up", bench.host(4), tcp(ends(bench.host(4), { ...b, mac: ROUTER.mac }), 1, 631)], ["bounced down", ROUTER, tcp(ends({ ...a, mac: ROUTER.mac }, b), 4000, 631)],
      ["unicast IP in a broadcast frame", a, tcp(ends(a, { ...b, mac: "ff:ff:ff:ff:ff:ff" }), 4000, 631)], ["router advertisement", a, icmp6({ from: { mac: a.mac, ip: "fe80::1" }, to: { mac: "33:33:00:00:00:01", ip: "ff02::1" } }, 134)],
      ["ARP reply", a, arp(2, { mac: a.mac, ip: ROUTER.v4 }, { mac: b.mac, ip: b.v4 }, { to: b.mac })],
    ];
    for (const [what, from, frame] of tries) assert.equal((await bench.send(from, frame)).to, [], what);
    bench.waiting.length = 0;
    assert.ok(await bench.arrives(a, tcp(ends(a, b), 4000, 631), b));
  });

  test("groups: router advertisements to each, discovery where allowed, its unicast answer let in", async ({ bench }) => {
    const [a, b] = [bench.host(1), bench.host(2)];
    const advertised = await bench.send(ROUTER, icmp6({ from: { mac: ROUTER.mac, ip: ROUTER.v6 }, to: { mac: "33:33:00:00:00:01", ip: "ff02::1" } }, 134));
    assert.equal(advertised.to, [`1 ${macOf(1)}`, `1 ${macOf(2)}`, `1 ${macOf(4)}`, `3 ${macOf(3)}`]);
    const answer = udp(ends(b, a), 1900, 50_000);
    assert.not(await bench.arrives(b, answer, a));
    const question = await bench.send(a, udp({ from: { mac: a.mac, ip: a.v4 }, to: { mac: "01:00:5e:7f:ff:fa", ip: "239.255.255.250" } }, 50_000, 1900));
    assert.equal(question.to, [`1 ${macOf(2)}`, `3 ${macOf(3)}`]);
    assert.ok(await bench.arrives(b, answer, a));
    bench.waiting.length = 0;
    const said = await bench.send(a, udp({ from: { mac: a.mac, ip: a.v4 }, to: { mac: "01:00:5e:00:00:fb", ip: "224.0.0.251" } }, 5353, 5353));
    assert.equal(said.to, [`1 ${macOf(2)}`, `3 ${macOf(3)}`]);
    const copy = bench.waiting.shift() as NxPacketIn2;
    assert.equal([copy.continuation, Number(copy.metadata?.["reg0"]), bench.waiting.length], [undefined, 1, 0], "a copy for the gateway, which nothing waits for");
    const kept = await synchronise(bench.switch, bench.model, [1, 2]);
    assert.equal([kept.added, kept.modified, kept.deleted], [0, 0, 0], "learnt flows stay and are no difference");
  });

  test("a held packet goes on: unknown station, unknown flow with its fallback, a verdict that decides", async ({ bench }) => {
    const [a, d] = [bench.host(1), bench.host(4)];
    assert.equal((await bench.send(a, tcp(ends(a, d), 4000, 80))).to, []);
    assert.equal(await bench.resume(), { reason: "flow", to: [`1 ${d.mac}`] }, "fallback allow");
    assert.ok(await bench.arrives(a, tcp(ends(a, d), 4000, 22), d), "the verdict");
    const fresh: Host = { mac: macOf(9), port: 2, v4: device(9).addresses[0]!, v6: device(9).addresses[2]! };
    assert.equal((await bench.send(fresh, echo(ends(fresh, ROUTER)))).to, []);
    await bench.change({ setDevices: [device(9, "wlan1")] });
    assert.equal(await bench.resume(), { reason: "station", to: [`10 ${ROUTER.mac}`] });
    await bench.change({ removeDevices: [9] });
    assert.equal(await synchronise(bench.switch, bench.model, [1, 2]).then(({ added, modified, deleted, meters }) => [added, modified, deleted, meters]), [0, 0, 0, 0]);
  });

  test("thin ports: what is installed is read back; both MACs rewritten, answers with the virtual MAC, a probe's answer held", async ({ bench }) => {
    bench.model = new Model({ policy: written, topology: THIN_TOPOLOGY, devices: [1, 2, 3].map((id) => device(id, ["ap1", "ap1", "ap2"][id - 1])) });
    await synchronise(bench.switch, bench.model, [1, 2]);
    const again = await synchronise(bench.switch, bench.model, [3, 4]);
    assert.equal([again.added, again.modified, again.deleted, again.meters], [0, 0, 0, 0]);
    const [a, b, c] = [bench.host(1), bench.host(2), bench.host(3)];
    const bounced = (host: Host): Host => ({ ...host, mac: ROUTER.mac });
    for (const to of [b, c]) {
      for (const family of [4, 6] as const) {
        const { to: reached, frames } = await bench.send(a, tcp(ends(a, bounced(to), family), 4000, 631));
        assert.equal(reached, [`${to.port} ${to.mac}`]);
        assert.equal(frames.map(linkSource), [ROUTER.mac]);
      }
    }
    assert.equal((await bench.send(c, tcp(ends(c, bounced(a)), 4001, 631))).to, []);
    assert.equal((await bench.send(a, arp(1, { mac: a.mac, ip: a.v4 }, { ip: b.v4 }))).frames, [arp(2, { mac: ROUTER.mac, ip: b.v4 }, { mac: a.mac, ip: a.v4 }, { to: a.mac })]);
    const asked = solicitation({ from: { mac: a.mac, ip: a.v6 }, to: solicitedNode(b.v6) }, b.v6, a.mac);
    assert.equal((await bench.send(a, asked)).frames, [advertisement({ from: { mac: ROUTER.mac, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6, ROUTER.mac)]);
    const unicast = solicitation({ from: { mac: a.mac, ip: a.v6 }, to: { mac: ROUTER.mac, ip: b.v6 } }, b.v6);
    assert.equal((await bench.send(a, unicast)).frames, [advertisement({ from: { mac: ROUTER.mac, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6)]);
    const question = await bench.send(a, udp({ from: { mac: a.mac, ip: a.v4 }, to: { mac: "01:00:5e:7f:ff:fa", ip: "239.255.255.250" } }, 50_000, 1900));
    assert.equal(question.to, [`4 ${b.mac}`, `5 ${c.mac}`]);
    assert.equal(question.frames.map(linkSource), [ROUTER.mac, ROUTER.mac]);
    bench.waiting.length = 0;
    assert.equal((await bench.send(a, arp(2, { mac: a.mac, ip: a.v4 }, { mac: ROUTER.mac, ip: "0.0.0.0" }, { to: ROUTER.mac }))).to, []);
    assert.equal(await bench.resume(), { reason: "alive", to: [] });
  });

  test("thin ports where advertisements cannot be written, as in the kernel's datapath: solicitations of stations wait for the gateway, probes do not", async ({ bench }) => {
    bench.model = new Model({ policy: written, topology: { ...THIN_TOPOLOGY, ndRewrite: false }, devices: [1, 2].map((id) => device(id, ["ap1", "ap2"][id - 1])) });
    await synchronise(bench.switch, bench.model, [1, 2]);
    assert.is((await synchronise(bench.switch, bench.model, [3, 4])).modified, 0);
    const [a, b] = [bench.host(1), bench.host(2)];
    bench.waiting.length = 0;
    const asked = await bench.send(a, solicitation({ from: { mac: a.mac, ip: a.v6 }, to: solicitedNode(b.v6) }, b.v6, a.mac));
    assert.equal(asked.to, []);
    assert.equal(await bench.resume(), { reason: "solicited", to: [] });
    const probed = await bench.send(a, solicitation({ from: { mac: a.mac, ip: a.v6 }, to: { mac: ROUTER.mac, ip: b.v6 } }, b.v6, a.mac));
    assert.equal([probed.to, probed.frames], [[`${b.port} ${b.mac}`], [solicitation({ from: { mac: ROUTER.mac, ip: a.v6 }, to: { mac: b.mac, ip: b.v6 } }, b.v6, ROUTER.mac)]]);
    const answered = await bench.send(b, advertisement({ from: { mac: b.mac, ip: b.v6 }, to: { mac: ROUTER.mac, ip: a.v6 } }, b.v6, b.mac));
    assert.equal([answered.to, answered.frames], [[`${a.port} ${a.mac}`], [advertisement({ from: { mac: ROUTER.mac, ip: b.v6 }, to: { mac: a.mac, ip: a.v6 } }, b.v6, ROUTER.mac)]]);
  });

  test.run();
}
