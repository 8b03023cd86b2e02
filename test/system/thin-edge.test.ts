// SPDX-License-Identifier: Apache-2.0
// Thin Edge against real Linux bridges of three kinds, over VLAN, VXLAN and GRE, mixed with an access point of our own under one policy.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DeviceResult } from "../../src/gateway/control/protocol.ts";
import { setup } from "../../tools/setup/index.ts";
import { must, sleep, telling, until } from "../lab/command.ts";
import { Frames } from "../lab/frames.ts";
import { Gateway } from "../lab/gateway.ts";
import { arp, broadcast, groupMac, neighbourAdvertisement, neighbourSolicitation, nonceFrame } from "../lab/packet.ts";
import { type AccessPoint, ThinEdge, thinPlans, type ThinStation } from "../lab/thin-edge.ts";
import { network } from "../lab/uplink.ts";

interface Context { net: ThinEdge; gateway: Gateway }

const mac = (name: ThinStation): string => `"${thinPlans[name].mac}"`;
const POLICY = `network: lab
mode: thin-edge
groups:
  people:   [ { mac: ${mac("tablet")} }, { mac: ${mac("laptop")} }, { mac: ${mac("pad")} } ]
  things:   [ { mac: ${mac("printer")} }, { mac: ${mac("speaker")} }, { mac: ${mac("camera")} } ]
rules:
  - { from: people, to: things, allow: [tcp/631, tcp/9100, udp/5000, icmp, mdns, ssdp] }
  - { from: people, to: internet, allow: all }
`;
/** More than a segment, so that whole frames pass tunnels. */
const PAGE = "securebox ".repeat(20_000);
/** Between access points of every kind, and between two stations of one. */
const ALLOWED: [ThinStation, ThinStation][] = [
  ["tablet", "printer"], ["tablet", "speaker"], ["tablet", "camera"], ["laptop", "printer"], ["laptop", "speaker"], ["laptop", "camera"], ["pad", "camera"], ["pad", "printer"], ["pad", "speaker"],
];
const test = suite<Context>("thin edge");

test.before(telling(async (context) => {
  await setup({ parts: ["openvswitch", "quickjs", "securebox", "lab"] });
  context.net = await ThinEdge.create();
  context.gateway = await Gateway.start(context.net, "quickjs", POLICY);
  await context.net.online();
  for (const name of ["printer", "speaker", "camera", "tablet"] as const) {
    const { agent } = context.net.stations[name];
    await agent.call("serve", { protocol: "tcp", port: 631 });
    await agent.call("serve", { protocol: "udp", port: 5000 });
    await agent.call("serve", { protocol: "http", port: 9100, body: PAGE });
  }
}));
test.after(async ({ net }) => net?.close());

function reaches(net: ThinEdge, from: ThinStation, to: ThinStation, family: 4 | 6, port = 631, deadline = 1500): Promise<boolean> {
  const { agent } = net.stations[from];
  return agent.call("exchange", { protocol: "tcp", address: net.stations[to].address(family), port, deadline }).then(() => true, () => false);
}

test("every station has its lease and its IPv6 address, through every kind of access point", async ({ net, gateway }) => {
  for (const station of Object.values(net.stations)) assert.ok(station.ipv4 !== "" && station.ipv6 !== "", station.name);
  const { devices } = await gateway.json<{ devices: DeviceResult[] }>("devices");
  const places = Object.fromEntries(devices.map(({ mac: at, port }) => [at, port]));
  for (const [name, port] of [["tablet", "ap1"], ["speaker", "ap2"], ["camera", "ap3"], ["laptop", "wlan0"]] as const) assert.is(places[thinPlans[name].mac], port, name);
});

test("allowed pairs talk, IPv4 and IPv6, within an access point, between any two, and with our own", async ({ net }) => {
  const asked = ALLOWED.flatMap(([from, to]) => ([4, 6] as const).map(async (family) => ((await reaches(net, from, to, family)) ? [] : [`${from} to ${to} IPv${family}`])));
  assert.equal((await Promise.all(asked)).flat(), []);
});

test("whole frames pass, both ways, through every tunnel", async ({ net }) => {
  const ways: [ThinStation, ThinStation][] = [["tablet", "speaker"], ["tablet", "camera"], ["pad", "printer"]];
  await Promise.all(ways.map(async ([from, to]) => assert.is((await net.stations[from].agent.call("get", { address: net.stations[to].ipv4, port: 9100, deadline: 8000 })).length, PAGE.length, `${from} from ${to}`)));
});

test("nothing else passes: other pairs, the other direction, other ports", async ({ net }) => {
  const ways: [ThinStation, ThinStation, number][] = [["printer", "tablet", 631], ["speaker", "printer", 631], ["camera", "speaker", 631], ["thief", "speaker", 631], ["thief", "camera", 631], ["printer", "speaker", 631], ["tablet", "printer", 5000]];
  const asked = ways.flatMap(([from, to, port]) => ([4, 6] as const).map(async (family) => ((await reaches(net, from, to, family, port, 600)) ? [`${from} to ${to} IPv${family}`] : [])));
  assert.equal((await Promise.all(asked)).flat(), []);
});

test("the internet, by the router's MAC, through each of them", async ({ net }) => {
  for (const name of ["tablet", "pad"] as const) assert.is(await net.stations[name].agent.call("get", { address: network.internet.web.v4, port: 80 }), "the internet");
});

test("stations know each other by the virtual MAC only, and the bridges have learnt nobody on the wrong side", async ({ net }) => {
  for (const [from, to] of ALLOWED) {
    for (const family of [4, 6] as const) {
      const entry = await must(["ip", "-n", net.stations[from].namespace.path, "neighbour", "show", net.stations[to].address(family)]);
      assert.match(entry, network.routerMac, `${from} of ${to}`);
    }
  }
  for (const [name, at] of [["tablet", "ap1"], ["printer", "ap1"], ["camera", "ap3"], ["pad", "ap3"]] as [ThinStation, AccessPoint][]) {
    assert.match((await net.believes(at, thinPlans[name].mac)) ?? "nowhere", /^bss/, name);
    for (const other of ["ap1", "ap3"] as const) if (other !== at) assert.is(await net.believes(other, thinPlans[name].mac), undefined, `${name} at ${other}`);
  }
});

test("what the kernel probes by unicast is answered; an address in use is refused to another, at once", async ({ net }) => {
  const { tablet, speaker, pad } = net.stations;
  const ip = (...words: string[]): Promise<string> => must(["ip", "-n", tablet.namespace.path, ...words]);
  for (const address of [speaker.ipv4, speaker.ipv6]) {
    await ip("neighbour", "change", address, "dev", "net0", "nud", "probe");
    await until(`${address} confirmed`, 4000, async () => (await ip("neighbour", "show", address)).includes("REACHABLE"));
  }
  const inside = (...words: string[]): Promise<string> => must(["ip", "-n", pad.namespace.path, "-6", "address", ...words]);
  await inside("add", `${speaker.ipv6}/128`, "dev", "net0");
  await until("the duplicate is noticed", 6000, async () => (await inside("show", "dev", "net0")).includes("dadfailed"));
  await inside("delete", `${speaker.ipv6}/128`, "dev", "net0");
});

test("the three kinds differ: a frame by a peer's own MAC is kept, passed up, or dropped; none lets it through", async ({ net }) => {
  const pairs: [ThinStation, ThinStation, AccessPoint, boolean][] = [["tablet", "printer", "ap1", false], ["thief", "speaker", "ap2", true], ["pad", "camera", "ap3", false]];
  for (const [from, to, at, comesUp] of pairs) {
    const nonce = `kind ${at} ${Date.now()}`;
    const [sender, receiver, above] = await Promise.all([net.stations[from].frames(), net.stations[to].frames(), net.above(at)]);
    const [seen, reached] = [above.next((frame) => frame.includes(nonce), 500), receiver.next((frame) => frame.includes(nonce), 500)];
    await sender.send(nonceFrame({ from: net.stations[from].mac, to: net.stations[to].mac }, net.stations[from].ipv4, net.stations[to].ipv4, nonce));
    assert.is((await seen) !== undefined, comesUp, at);
    assert.is(await reached, undefined, at);
    above.close();
  }
});

test("discovery: who may ask is answered, by unicast, across access points; others are not", async ({ net }) => {
  const { stations } = net;
  for (const name of ["printer", "speaker", "camera"] as const) for (const protocol of ["mdns", "ssdp"] as const) await stations[name].agent.call("discover", { protocol, answer: true, interface: stations[name].ipv4 });
  const all = [stations.printer.ipv4, stations.speaker.ipv4, stations.camera.ipv4].sort();
  const ask = async (name: ThinStation, protocol: "mdns" | "ssdp") => (await stations[name].agent.call("discover", { protocol, interface: stations[name].ipv4, deadline: 1200 })).sort();
  const asked = (["tablet", "pad", "laptop"] as const).flatMap((name) => (["mdns", "ssdp"] as const).map(async (protocol) => assert.equal(await ask(name, protocol), all, `${name} ${protocol}`)));
  await Promise.all([...asked, ask("thief", "ssdp").then((found) => assert.equal(found, []))]);
});

test("attacks: lies about addresses, taken MACs, reflection: nothing arrives", async ({ net }) => {
  const { thief, tablet, printer } = net.stations;
  const to = tablet;
  const [sender, receiver] = await Promise.all([thief.frames(), to.frames()]);
  const frames: [string, (nonce: string) => Uint8Array][] = [
    ["the printer's address", (nonce) => nonceFrame({ from: thief.mac, to: network.routerMac }, printer.ipv4, to.ipv4, nonce)],
    ["the router's address", (nonce) => nonceFrame({ from: thief.mac, to: network.routerMac }, network.router4, to.ipv4, nonce)],
    ["bounced off the gateway", (nonce) => nonceFrame({ from: thief.mac, to: network.routerMac }, thief.ipv4, to.ipv4, nonce)],
    ["bounced off the gateway, IPv6", (nonce) => nonceFrame({ from: thief.mac, to: network.routerMac }, thief.ipv6, to.ipv6, nonce)],
    ["by its own MAC", (nonce) => nonceFrame({ from: thief.mac, to: to.mac }, thief.ipv4, to.ipv4, nonce)],
    ["in a broadcast frame", (nonce) => nonceFrame({ from: thief.mac, to: broadcast }, thief.ipv4, to.ipv4, nonce)],
  ];
  for (const [what, make] of frames) {
    const nonce = `attack ${what} ${Date.now()}`;
    const arrival = receiver.next((frame) => frame.includes(nonce), 350);
    for (let n = 0; n < 3; n++) await sender.send(make(nonce));
    assert.is(await arrival, undefined, what);
  }
  const lies: [string, Uint8Array][] = [
    ["ARP", arp({ from: thief.mac, to: network.routerMac }, 2, { mac: thief.mac, ip: printer.ipv4 }, { mac: to.mac, ip: to.ipv4 })],
    ["ARP, broadcast", arp({ from: thief.mac, to: broadcast }, 1, { mac: thief.mac, ip: printer.ipv4 }, { mac: broadcast, ip: to.ipv4 })],
    ["ND", neighbourAdvertisement({ from: thief.mac, to: network.routerMac }, thief.ipv6, to.ipv6, printer.ipv6, thief.mac)],
  ];
  for (const [what, frame] of lies) {
    const heard = receiver.next((seen) => seen.includes(Buffer.from(frame.subarray(-16))) || seen.includes(Buffer.from(frame.subarray(22, 32))), 350);
    await sender.send(frame);
    assert.is(await heard, undefined, what);
  }
  await thief.join(network.routerMac);
  const nonce = `as the router ${Date.now()}`;
  const arrival = receiver.next((frame) => frame.includes(nonce), 350);
  await sender.send(nonceFrame({ from: network.routerMac, to: to.mac }, network.router4, to.ipv4, nonce));
  assert.is(await arrival, undefined, "the virtual MAC as sender");
  await thief.join();
  assert.ok(await reaches(net, "tablet", "printer", 4), "allowed pairs go on");
});

test("roaming: place and policy follow, between access points that only isolate and with our own", async ({ net, gateway }) => {
  const { agent } = net.stations.tablet;
  const at = async (): Promise<string | undefined> => (await gateway.json<{ devices: DeviceResult[] }>("devices")).devices.find(({ mac: address }) => address === thinPlans.tablet.mac)?.port;
  for (const [bss, port] of [["bss2", "ap2"], ["bss3", "ap3"], ["wlan0", "wlan0"], ["bss1", "ap1"]] as const) {
    await net.roam("tablet", bss);
    const moved = performance.now();
    await until(`the tablet at ${port}`, 8000, () => agent.call("exchange", { protocol: "udp", address: net.stations.printer.ipv4, port: 5000, deadline: 200 }).then(() => true, () => false), 50);
    process.stdout.write(`roamed to ${port}: ${Math.round(performance.now() - moved)} ms\n`);
    assert.is(await at(), port);
    assert.ok(await reaches(net, "tablet", "camera", 6), `IPv6 from ${port}`);
    assert.not(await reaches(net, "thief", "tablet", 4, 631, 400), `nobody else reaches it at ${port}`);
  }
});

test("a gateway that is killed and started again finds nothing to change", async ({ net, gateway }) => {
  await gateway.kill("SIGKILL");
  await gateway.run();
  const { switch: { lastSync } } = await gateway.status();
  assert.is(lastSync!.changed, 0);
  assert.ok(await reaches(net, "tablet", "camera", 4));
});

test("a switch that cannot write advertisements, as the kernel's datapath: the gateway answers, at once, and of a flood no more than the meter lets through", async ({ net, gateway }) => {
  // Open vSwitch believes that its datapath lacks it, as it finds out of the kernel's; the gateway finds out itself.
  await net.ovs.appctl("dpif/set-dp-features", "br0", "nd_ext", "false");
  await gateway.kill("SIGTERM");
  await gateway.run();
  assert.is((await gateway.status()).switch.features["ndRewrite"], false);
  for (const name of ["tablet", "pad", "laptop", "thief"] as const) await must(["ip", "-n", net.stations[name].namespace.path, "neighbour", "flush", "all"]);
  const asked = ALLOWED.map(async ([from, to]) => ((await reaches(net, from, to, 6)) ? [] : [`${from} to ${to}`]));
  assert.equal((await Promise.all(asked)).flat(), []);
  for (const [from, to] of ALLOWED) assert.match(await must(["ip", "-n", net.stations[from].namespace.path, "neighbour", "show", net.stations[to].ipv6]), network.routerMac, `${from} of ${to}`);
  assert.not(await reaches(net, "thief", "speaker", 6, 631, 600));
  const { tablet, speaker } = net.stations;
  const entry = (): Promise<string> => must(["ip", "-n", tablet.namespace.path, "neighbour", "show", speaker.ipv6]);
  await gateway.kill("SIGKILL");
  await must(["ip", "-n", tablet.namespace.path, "neighbour", "change", speaker.ipv6, "dev", "net0", "nud", "probe"]);
  await until("a unicast probe answered with no gateway running", 4000, async () => (await entry()).includes("REACHABLE"));
  assert.match(await entry(), network.routerMac);
  await gateway.run();

  const frames = await Frames.open(net.lab, tablet.namespace, "net0"); // anew: it has roamed
  const question = neighbourSolicitation({ from: tablet.mac, to: groupMac("ff02::1:ff00:1") }, tablet.ipv6, "ff02::1:ff00:1", speaker.ipv6);
  const target = question.subarray(62, 78);
  let answers = 0;
  const stop = frames.watch((frame) => { if (frame[20] === 58 && frame[54] === 136 && frame.subarray(62, 78).equals(target)) answers++; });
  const FLOOD = 1000;
  await frames.flood(question, FLOOD, 1000);
  await sleep(300);
  stop();
  // The device's meter: 100 at once, 50 a second.
  assert.ok(answers > 20 && answers < FLOOD / 3, `${answers} answers to ${FLOOD} questions`);
  assert.ok(await reaches(net, "pad", "camera", 6), "another station is answered all the same");
});

test("a station that is there keeps its place: another access point's word against it changes nothing", async ({ net, gateway }) => {
  const { thief, printer } = net.stations;
  await thief.join(printer.mac);
  const sender = await Frames.open(net.lab, thief.namespace, "net0");
  for (let n = 0; n < 25; n++) {
    await sender.send(nonceFrame({ from: printer.mac, to: network.routerMac }, printer.ipv4, network.router4, "mine"));
    await sleep(100);
  }
  const { devices } = await gateway.json<{ devices: DeviceResult[] }>("devices");
  assert.is(devices.find(({ mac: address }) => address === printer.mac)?.port, "ap1");
  assert.match((await gateway.cli("events")).stdout, /mac at two places/);
  assert.ok(await reaches(net, "tablet", "printer", 4));
});

test.run();
