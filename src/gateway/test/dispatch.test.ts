// SPDX-License-Identifier: Apache-2.0
// Held packets from the packet-in to what is put in force and given back; the switch is a list of what it was told.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { NxPacketIn2, NxResume } from "node-openvswitch/openflow";
import { DhcpOption, DhcpType, dnsMessage, encodeDhcpv4, encodeDns, formatMac, type Dhcpv4 } from "../../packets/index.ts";
import { advertisement, arp, solicitation, solicitedNode, tcp, udp, type Ends } from "../../wifi-isolation/fake/frames.ts";
import { policy, TOPOLOGY } from "../../wifi-isolation/fake/scenario.ts";
import type { Edit } from "../../wifi-isolation/index.ts";
import { DeviceTable, type DeviceOutcome } from "../devices/index.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { serviceOf } from "../dispatch/flows.ts";
import { ReasonHandler } from "../dispatch/handler.ts";
import { stationKey } from "../dispatch/senders.ts";
import { DnsStreams, NameTable } from "../names/index.ts";
import { VerdictCache, type Answer, type Asker } from "../verdicts/index.ts";
import { Machine, quiet } from "./machine.ts";

const dispatch = suite("held packets");

const STATION = "02:00:00:00:00:21";
const OTHER = "02:00:00:00:00:22";
const ROUTER = "02:ff:00:00:00:01";
const REASON = { station: 1, moved: 2, binding: 3, dhcp: 4, dns: 5, flow: 6, reply: 7, solicited: 9 };

interface Options { virtualMac?: string; rules?: Parameters<typeof policy>[0]["rules"]; asker?: Asker; deadline?: number }

/** A gateway's held packets with an edit that is in force when the test says so. */
function open({ virtualMac, rules = [], asker = { ask: () => false }, deadline = 200 }: Options = {}) {
  const machine = new Machine();
  const now = (): number => machine.now;
  const resumed: NxResume[] = [];
  const edits: Edit[] = [];
  const denied: string[] = [];
  const sent: { port: number; frame: Uint8Array }[] = [];
  const acknowledge: ((inForce: boolean) => void)[] = [];
  const devices = new DeviceTable(TOPOLOGY);
  const edit = (change: Edit): Promise<boolean> => {
    edits.push(change);
    return new Promise((resolve) => void acknowledge.push(resolve));
  };
  const changed = (outcomes: readonly DeviceOutcome[]): Promise<boolean> | undefined => {
    const setDevices = outcomes.flatMap((outcome) => outcome.setDevices);
    return setDevices.length > 0 ? edit({ setDevices }) : undefined;
  };
  const verdicts = new VerdictCache();
  const handler = new ReasonHandler({
    virtualMac: () => virtualMac, send: (port, frame) => void sent.push({ port, frame }),
    devices, newcomers: { frame: () => undefined }, portName: (number) => TOPOLOGY.ports.find((port) => port.number === number)?.name, devicesChanged: changed,
    names: withPatterns(["a.example"]), streams: new DnsStreams(),
    namesChanged: (outcomes) => outcomes.some(({ names }) => names.length > 0) ? edit({ names: outcomes.flatMap(({ names }) => names) }) : undefined,
    verdicts, asker, byId: (id) => devices.byId(id), endpointAt: (address) => ({ kind: "internet", address }),
    world: () => ({ policy: policy({ rules }) }), edit, answered: (key) => subject.answer(key), denied: (question, reason) => void denied.push([question.device, question.address, serviceOf(question), reason].join(" ")), now,
  });
  const subject = new Dispatcher({
    platform: machine.platform, log: quiet, handler,
    resume: (message) => { resumed.push(message); return true; },
    settled: () => acknowledge.length > 0 ? new Promise((resolve) => void acknowledge.push(resolve)) : undefined,
  }, { perOwner: 4, total: 8, deadline });
  const turn = async (milliseconds = 0): Promise<void> => {
    machine.pass(milliseconds);
    for (let count = 0; count < 20; count++) await Promise.resolve();
  };
  const inForce = async (value = true): Promise<void> => {
    acknowledge.splice(0).forEach((tell) => tell(value));
    await turn();
  };
  return { subject, devices, verdicts, resumed, edits, denied, sent, turn, inForce };
}

function withPatterns(patterns: string[]): NameTable {
  const names = new NameTable(TOPOLOGY.prefixes);
  names.setPatterns(patterns);
  return names;
}

function packetIn(reason: keyof typeof REASON, packet: Uint8Array, { port = 1, source = 0, destination = 0 } = {}): NxPacketIn2 {
  return { type: "nx-packet-in2", packet, metadata: { in_port: port, reg0: source, reg1: destination, reg3: REASON[reason] << 8 }, continuation: Uint8Array.of(1, 2, 3) };
}

const ends = (from: string, source: string, destination: string): Ends => ({ from: { mac: from, ip: source }, to: { mac: ROUTER, ip: destination } });

function dhcp(type: number, more: Partial<Dhcpv4> = {}): Uint8Array {
  const seconds = Uint8Array.of(0, 0, 0x0e, 0x10);
  const message = encodeDhcpv4({
    operation: "reply", transaction: 7, seconds: 0, broadcast: true, clientAddress: "0.0.0.0", yourAddress: "10.0.0.21", serverAddress: "10.0.0.1",
    relayAddress: "0.0.0.0", clientMac: STATION, options: new Map([[DhcpOption.MESSAGE_TYPE, Uint8Array.of(type)], [DhcpOption.LEASE_SECONDS, seconds]]), ...more,
  });
  return udp({ from: { mac: ROUTER, ip: "10.0.0.1" }, to: { mac: "ff:ff:ff:ff:ff:ff", ip: "255.255.255.255" } }, 67, 68, [...message]);
}

dispatch("a new station: device and address go into force together, then the packet goes back as it came", async () => {
  const { subject, edits, resumed, turn, inForce } = open();
  const frame = arp(1, { mac: STATION, ip: "10.0.0.21" }, { ip: "10.0.0.1" });
  subject.take(packetIn("station", frame));
  await turn();
  assert.equal(edits[0]!.setDevices!.at(-1)!.addresses, ["10.0.0.21"]);
  assert.equal(resumed, [], "not before it is in force");
  await inForce();
  assert.is(resumed.length, 1);
  assert.equal(resumed[0]!.packet, frame);
  assert.equal(resumed[0]!.continuation, Uint8Array.of(1, 2, 3));
  assert.equal(subject.statistics, { now: 0, total: 1, released: 1, dropped: 0 });
});

dispatch("the packet-in's memory may be reused: what is held is a copy", async () => {
  const { subject, resumed, turn, inForce } = open();
  const frame = arp(1, { mac: STATION, ip: "10.0.0.21" }, { ip: "10.0.0.1" });
  const lent = frame.slice();
  subject.take(packetIn("station", lent));
  lent.fill(0);
  await turn();
  await inForce();
  assert.equal(resumed[0]!.packet, frame);
});

dispatch("a second packet that needs the same does not overtake what is on its way", async () => {
  const { subject, resumed, turn, inForce } = open();
  for (const port of [1000, 1001]) subject.take(packetIn("station", udp(ends(STATION, "10.0.0.21", "192.0.2.80"), port, 53)));
  await turn();
  assert.is(resumed.length, 0);
  await inForce();
  assert.is(resumed.length, 2);
});

dispatch("a switch that goes away: nothing is given back", async () => {
  const { subject, resumed, turn, inForce } = open();
  subject.take(packetIn("station", arp(1, { mac: STATION, ip: "10.0.0.21" }, { ip: "10.0.0.1" })));
  await turn();
  await inForce(false);
  assert.equal(resumed, []);
  assert.is(subject.statistics.now, 0);
});

dispatch("an address is learnt from the question whether it is taken", async () => {
  const { subject, devices, turn } = open();
  devices.frame("wlan0", STATION, 0);
  const target = "2001:db8::1234:5678:9abc:def0";
  subject.take(packetIn("binding", solicitation({ from: { mac: STATION, ip: "::" }, to: solicitedNode(target) }, target)));
  subject.take(packetIn("binding", arp(1, { mac: STATION, ip: "0.0.0.0" }, { ip: "10.0.0.44" })));
  await turn();
  assert.equal(devices.byMac(STATION)!.addresses, [target, "10.0.0.44"]);
});

dispatch("an IPv6 address formed from another device's MAC is not given to who is first", async () => {
  const { subject, devices, resumed, turn } = open();
  for (const mac of [STATION, OTHER]) devices.frame("wlan0", mac, 0);
  const target = "2001:db8::ff:fe00:21";
  subject.take(packetIn("binding", solicitation({ from: { mac: OTHER, ip: "::" }, to: solicitedNode(target) }, target)));
  await turn();
  assert.equal(devices.byMac(OTHER)!.addresses, []);
  assert.equal(resumed, []);
});

dispatch("a station that the radio has not told of waits for it, at most until the deadline", async () => {
  const { subject, devices, resumed, edits, turn, inForce } = open();
  devices.stations("wlan0", [], 0);
  const frame = arp(1, { mac: STATION, ip: "10.0.0.21" }, { ip: "10.0.0.1" });
  subject.take(packetIn("station", frame));
  subject.take(packetIn("station", arp(1, { mac: OTHER, ip: "10.0.0.22" }, { ip: "10.0.0.1" })));
  await turn();
  assert.equal(edits, []);
  devices.associated("wlan0", STATION, undefined, 1);
  subject.answer(stationKey(STATION));
  await turn();
  assert.equal(subject.statistics, { now: 2, total: 2, released: 0, dropped: 0 }, "it is held until what it showed is in force");
  await inForce();
  assert.equal(resumed.map(({ packet }) => packet), [frame]);
  await turn(200);
  assert.is(resumed.length, 1, "nobody told of the other one");
  assert.equal(subject.statistics, { now: 0, total: 2, released: 1, dropped: 1 });
});

dispatch("a DHCP answer: the lease is in force before the station gets it, and nobody else gets it", async () => {
  const { subject, devices, resumed, turn, inForce } = open();
  devices.frame("wlan0", STATION, 0);
  subject.take(packetIn("dhcp", dhcp(DhcpType.ACK), { port: 10 }));
  await turn();
  assert.equal(devices.byMac(STATION)!.addresses, ["10.0.0.21"]);
  assert.equal(resumed, []);
  await inForce();
  assert.is(formatMac(resumed[0]!.packet), STATION, "not to everybody");
});

dispatch("a DHCP offer binds nothing; an answer that is malformed or no answer is dropped", async () => {
  const { subject, devices, resumed, turn } = open();
  devices.frame("wlan0", STATION, 0);
  subject.take(packetIn("dhcp", dhcp(DhcpType.OFFER), { port: 10 }));
  await turn();
  assert.is(resumed.length, 1);
  assert.equal(devices.byMac(STATION)!.addresses, []);
  subject.take(packetIn("dhcp", dhcp(DhcpType.ACK).subarray(0, 60), { port: 10 }));
  subject.take(packetIn("dhcp", dhcp(DhcpType.ACK, { operation: "request" }), { port: 10 }));
  await turn();
  assert.is(resumed.length, 1);
});

dispatch("a station asks a DHCP server for its share of addresses: each client that it invents has one set aside", async () => {
  const { subject, devices, resumed, turn } = open();
  devices.frame("wlan0", STATION, 0);
  const requests = async (first: number, count: number): Promise<number> => {
    const before = resumed.length;
    for (let i = first; i < first + count; i++) {
      const options = new Map([[DhcpOption.MESSAGE_TYPE, Uint8Array.of(DhcpType.REQUEST)], [DhcpOption.REQUESTED_ADDRESS, Uint8Array.of(10, 0, 0, i)], [DhcpOption.CLIENT_ID, Uint8Array.of(0, i)]]);
      const nobody = "0.0.0.0";
      const message = encodeDhcpv4({ operation: "request", transaction: i, seconds: 0, broadcast: true, clientAddress: nobody, yourAddress: nobody, serverAddress: nobody, relayAddress: nobody, clientMac: STATION, options });
      subject.take(packetIn("dhcp", udp(ends(STATION, nobody, "255.255.255.255"), 68, 67, [...message]), { source: devices.byMac(STATION)!.id }));
      await turn();
    }
    return resumed.length - before;
  };
  assert.is(await requests(100, 20), 8, "before any has come");
  for (let i = 100; i < 104; i++) devices.lease({ mac: STATION, address: `10.0.0.${i}`, seconds: 3600 }, 0);
  assert.is(await requests(100, 4), 4, "its own, renewed");
  await turn(120_000);
  assert.is(await requests(110, 20), 0, "it has its share");
});

dispatch("a station's DHCP request is about itself: nobody asks, renews or releases in another's name", async () => {
  const { subject, devices, resumed, turn } = open();
  const [OTHER, nobody] = ["02:00:00:00:00:62", "0.0.0.0"];
  for (const mac of [STATION, OTHER]) devices.frame("wlan0", mac, 0);
  devices.lease({ mac: OTHER, address: "10.0.0.62", seconds: 3600 }, 0);
  devices.lease({ mac: STATION, address: "10.0.0.21", seconds: 3600 }, 0);
  const asked = (more: Partial<Dhcpv4>, extra: [number, Uint8Array][] = []): Uint8Array => {
    const options = new Map<number, Uint8Array>([[DhcpOption.MESSAGE_TYPE, Uint8Array.of(DhcpType.RELEASE)], ...extra]);
    const message = encodeDhcpv4({ operation: "request", transaction: 7, seconds: 0, broadcast: true, clientAddress: nobody, yourAddress: nobody, serverAddress: nobody, relayAddress: nobody, clientMac: STATION, options, ...more });
    return udp(ends(STATION, "10.0.0.21", "10.0.0.1"), 68, 67, [...message]);
  };
  const passes = async (reason: "dhcp" | "station", frame: Uint8Array): Promise<boolean> => {
    const before = resumed.length;
    subject.take(packetIn(reason, frame, { source: reason === "dhcp" ? devices.byMac(STATION)!.id : 0 }));
    await turn();
    return resumed.length > before;
  };
  const identifier = (mac: string): [number, Uint8Array] => [DhcpOption.CLIENT_ID, Uint8Array.of(1, ...mac.split(":").map((byte) => parseInt(byte, 16)))];
  for (const reason of ["dhcp", "station"] as const) {
    assert.ok(await passes(reason, asked({})), "its own");
    assert.ok(await passes(reason, asked({ clientAddress: "10.0.0.21" }, [identifier(STATION)])), "its own address");
    assert.ok(await passes(reason, asked({ clientAddress: "10.0.0.99" }, [identifier("02:00:00:00:00:99")])), "what nobody has");
    assert.not(await passes(reason, asked({ clientMac: OTHER })), "another's hardware address");
    assert.not(await passes(reason, asked({ clientAddress: "10.0.0.62" })), "another's address");
    assert.not(await passes(reason, asked({}, [identifier(OTHER)])), "another's client identifier");
    assert.not(await passes(reason, asked({ relayAddress: "10.0.0.21" })), "as a relay");
    assert.not(await passes(reason, asked({ operation: "reply" })), "no request");
  }
});

dispatch("a DNS answer is released when its addresses are in force", async () => {
  const { subject, edits, resumed, turn, inForce } = open();
  const answer = encodeDns(dnsMessage({
    response: true, questions: [{ name: "a.example", type: 1, class: 1 }],
    answers: [{ name: "a.example", class: 1, ttl: 60, data: { type: "address", address: "192.0.2.80" } }],
  }));
  subject.take(packetIn("dns", udp({ from: { mac: ROUTER, ip: "10.0.0.1" }, to: { mac: STATION, ip: "10.0.0.21" } }, 53, 4000, [...answer]), { port: 10, destination: 1 }));
  await turn();
  assert.equal(edits[0]!.names, [{ pattern: "a.example", addresses: ["192.0.2.80"] }]);
  assert.is(resumed.length, 0);
  await inForce();
  assert.is(resumed.length, 1);
});

dispatch("what is no DNS message opens nothing and is not kept from the station", async () => {
  const { subject, edits, resumed, turn } = open();
  subject.take(packetIn("dns", udp({ from: { mac: ROUTER, ip: "10.0.0.1" }, to: { mac: STATION, ip: "10.0.0.21" } }, 53, 4000, [1, 2, 3]), { port: 10, destination: 1 }));
  await turn();
  assert.equal(edits, []);
  assert.is(resumed.length, 1);
});

const ASK = (fallback: "allow" | "deny") => [{ from: "all", to: "internet", otherwise: "ask" as const, fallback }];

for (const fallback of ["allow", "deny"] as const) {
  dispatch(`a flow that nobody can be asked about: the rule's fallback at once (${fallback})`, async () => {
    const { subject, devices, edits, denied, resumed, turn, inForce } = open({ rules: ASK(fallback) });
    devices.frame("wlan0", STATION, 0);
    const device = devices.byMac(STATION)!.id;
    subject.take(packetIn("flow", tcp(ends(STATION, "10.0.0.21", "192.0.2.80"), 4000, 443), { source: device }));
    await turn();
    await inForce();
    assert.equal(edits[0]!.setVerdicts, [{ device, address: "192.0.2.80", protocol: 6, port: 443, verdict: fallback, idleTimeout: 60 }]);
    assert.is(resumed.length, fallback === "allow" ? 1 : 0);
    assert.equal(denied, fallback === "allow" ? [] : [`${device} 192.0.2.80 tcp/443 `]);
  });
}

dispatch("somebody is asked once for all packets of a flow, and the answer decides; too late an answer finds the fallback", async () => {
  const questions: ((answer: Answer) => void)[] = [];
  const { subject, devices, denied, resumed, turn, inForce } = open({ rules: ASK("deny"), asker: { ask: (_, answer) => questions.push(answer) > 0 } });
  devices.frame("wlan0", STATION, 0);
  const source = devices.byMac(STATION)!.id;
  const send = (port: number): void => subject.take(packetIn("flow", tcp(ends(STATION, "10.0.0.21", "192.0.2.80"), 4000, port), { source }));
  send(443);
  send(80);
  send(22);
  await turn();
  questions[0]!({ verdict: "allow", lifetime: 60_000 });
  questions[2]!({ verdict: "deny", lifetime: 60_000, reason: "a scanner" });
  assert.equal(denied, [`${source} 192.0.2.80 tcp/22 a scanner`]);
  await inForce();
  await inForce();
  assert.is(resumed.length, 1);
  await turn(200);
  await inForce();
  assert.is(resumed.length, 1, "port 80 was denied by the fallback");
  assert.is(subject.statistics.now, 0);
});

dispatch("an answer of a flow to be asked about is the same question from its other end", async () => {
  const { subject, devices, edits, turn } = open({ rules: ASK("allow") });
  devices.frame("wlan0", STATION, 0);
  const destination = devices.byMac(STATION)!.id;
  subject.take(packetIn("reply", tcp({ from: { mac: ROUTER, ip: "192.0.2.80" }, to: { mac: STATION, ip: "10.0.0.21" } }, 443, 4000), { port: 10, destination }));
  await turn();
  assert.equal(edits[0]!.setVerdicts, [{ device: destination, address: "192.0.2.80", protocol: 6, port: 443, verdict: "allow", idleTimeout: 60 }]);
});

dispatch("a solicitation for a station behind a thin port is answered by the virtual MAC where it came from, also a unicast probe; nothing goes on", async () => {
  const { subject, sent, resumed, turn } = open({ virtualMac: ROUTER });
  const [asker, target] = ["fe80::21", "2001:db8::22"];
  const question = (link: Ends["to"], option?: string) => solicitation({ from: { mac: STATION, ip: asker }, to: link }, target, option);
  for (const frame of [question(solicitedNode(target), STATION), question({ mac: ROUTER, ip: target })]) subject.take(packetIn("solicited", frame, { port: 3, source: 1, destination: 2 }));
  await turn();
  const answer = { port: 3, frame: advertisement({ from: { mac: ROUTER, ip: target }, to: { mac: STATION, ip: asker } }, target, ROUTER) };
  assert.equal(sent, [answer, answer]);
  assert.equal(resumed, []);
  assert.is(subject.statistics.now, 0);
});

dispatch("no other frame is answered so: another message, one without a sender, or with no thin port any more", async () => {
  const thin = open({ virtualMac: ROUTER });
  const dad = solicitation({ from: { mac: STATION, ip: "::" }, to: solicitedNode("fe80::22") }, "fe80::22");
  for (const frame of [dad, advertisement(ends(STATION, "fe80::21", "fe80::22"), "fe80::21"), arp(1, { mac: STATION, ip: "10.0.0.21" }, { ip: "10.0.0.1" }), dad.subarray(0, 60)]) thin.subject.take(packetIn("solicited", frame, { source: 1 }));
  await thin.turn();
  assert.equal([thin.sent, thin.resumed, thin.subject.statistics.now], [[], [], 0]);
  const none = open();
  none.subject.take(packetIn("solicited", solicitation({ from: { mac: STATION, ip: "fe80::21" }, to: solicitedNode("fe80::22") }, "fe80::22", STATION), { source: 1 }));
  await none.turn();
  assert.equal(none.sent, []);
});

dispatch("one owner's flood is dropped at its share, another's packets are taken", async () => {
  const { subject, turn } = open();
  for (let count = 0; count < 20; count++) subject.take(packetIn("flow", tcp(ends(STATION, "10.0.0.21", "192.0.2.80"), 4000 + count, 443), { source: 1 }));
  subject.take(packetIn("flow", tcp(ends(OTHER, "10.0.0.22", "192.0.2.80"), 4000, 443), { source: 2 }));
  assert.is(subject.statistics.dropped, 16);
  assert.is(subject.statistics.now, 5);
  await turn();
  assert.is(subject.statistics.now, 0);
});

dispatch("what our pipeline did not hold is left alone", () => {
  const { subject } = open();
  subject.take({ type: "nx-packet-in2", packet: new Uint8Array(14), metadata: { reg3: 0xff00 }, continuation: Uint8Array.of(1) });
  subject.take({ type: "nx-packet-in2", packet: new Uint8Array(14), metadata: { reg3: 0x100 } });
  assert.is(subject.statistics.total, 0);
});

dispatch.run();
