// SPDX-License-Identifier: Apache-2.0
// Thin Edge on radios: access points of three kinds that only isolate, by VLAN, VXLAN and GRE, and one of our own, under one policy.
// First the same access points without isolation and a switch that learns, where everything is open: what is closed later is closed by us.
// Settings: handovers=N, one a second on each kind of network (default 5); pace=MS between echo requests while roaming (default 20).
import { nonceFrame } from "../../test/lab/packet.ts";
import { must, inside, sleep } from "../guest/command.ts";
import { Frames } from "../guest/frames.ts";
import { router } from "../guest/network.ts";
import { check, expect, measure, scenario, settings, uptime, whenFailed } from "../guest/report.ts";
import { measureRoaming, roam } from "../guest/roaming.ts";
import { dump, learning, noFlows } from "../guest/switch.ts";
import { makeThinRadios, points, ThinEdge, thinPlan, type ThinPlan } from "../guest/thin-edge.ts";
import { Capture, reachesEach, Stream } from "../guest/traffic.ts";

const { handovers, pace } = settings({ handovers: 5, pace: 20 });
const plans = {
  laptop: thinPlan("laptop", 1, "ap1", ["ap1", "ap2"]), printer: thinPlan("printer", 2, "ap1"), tablet: thinPlan("tablet", 3, "ap2"), speaker: thinPlan("speaker", 4, "ap2"),
  pad: thinPlan("pad", 5, "ap3"), camera: thinPlan("camera", 6, "ap3"), phone: thinPlan("phone", 7, "own"),
};
type Name = keyof typeof plans;
type Pair = readonly [from: Name, to: Name];
const names = Object.keys(plans) as Name[];
/** People may ask things, and nothing else. */
const people: readonly Name[] = ["laptop", "tablet", "pad", "phone"];
const things: readonly Name[] = ["printer", "speaker", "camera"];
const allowed: Pair[] = people.flatMap((from) => things.map((to) => [from, to] as const));
const forbidden: Pair[] = [...people, ...things].flatMap((from) => names.map((to) => [from, to] as const)).filter(([from, to]) => from !== to && people.includes(from) === people.includes(to));
/** Within each kind of access point, and between kinds. */
const raw: Pair[] = [["printer", "laptop"], ["speaker", "tablet"], ["camera", "pad"], ["phone", "laptop"], ["laptop", "tablet"], ["tablet", "pad"]];

const list = (members: readonly Name[]): string => members.map((name) => `{ mac: "${plans[name].mac}" }`).join(", ");
const policy = (...more: Pair[]): string => `network: radio
groups:
  people: [ ${list(people)} ]
  things: [ ${list(things)} ]
rules:
  - { from: people, to: things, allow: all }
${more.map(([from, to]) => `  - { from: "${plans[from].mac}", to: "${plans[to].mac}", allow: all }\n`).join("")}`;

const addresses = (name: Name): string[] => [plans[name].ip, plans[name].ip6!];

/** Rejects with the pairs for which it is otherwise. */
async function talk(pairs: readonly Pair[], expected: boolean, tries: number): Promise<string> {
  const wrong: string[] = [];
  for (const from of names) {
    const targets = pairs.filter(([name]) => name === from).flatMap(([, to]) => addresses(to));
    if (targets.length === 0) continue;
    const reached = await reachesEach(from, targets, tries);
    wrong.push(...targets.filter((address) => reached.has(address) !== expected).map((address) => `${from} to ${address}`));
  }
  expect(wrong.length === 0, `${expected ? "does not reach" : "reaches"}: ${wrong.join("; ")}`);
  return `${pairs.length} pairs, IPv4 and IPv6`;
}

/** Each pair's frames by the receiver's own address, by the virtual one and by broadcast; those that arrive, as "from to how". */
async function rawFrames(stations: Readonly<Record<Name, Frames>>): Promise<string[]> {
  const arrived: string[] = [];
  for (const [from, to] of raw) {
    for (const [how, address] of [["own", plans[to].mac], ["virtual", router.mac], ["broadcast", "ff:ff:ff:ff:ff:ff"]] as const) {
      for (const [i, ip] of addresses(to).entries()) {
        const nonce = `${from} ${to} ${how} IPv${i === 0 ? 4 : 6}`;
        const stop = stations[to].watch((frame) => { if (new TextDecoder().decode(frame).includes(nonce)) { arrived.push(nonce); stop(); } });
        await stations[from].send(nonceFrame({ from: plans[from].mac, to: address }, addresses(from)[i]!, ip, nonce));
      }
    }
  }
  await sleep(500);
  return arrived;
}

/** At neither of the two: plain access points hand frames to a station that has left them for another, as long as they believe it there. */
const roamingPeer = plans.camera;
/** Three streams at once; to read their answers must not take the processor from the gateway. Milliseconds. */
const RESTART_PACE = 50;
const ends = [points.ap1.bss.bssid, points.ap2.bss.bssid] as const;

scenario(async () => {
  await makeThinRadios(Object.values<ThinPlan>(plans));
  const net = await ThinEdge.create(plans);
  whenFailed(dump);
  await learning();
  await check("stations join four access points", () => net.joined());
  measure("joined s", uptime());
  await net.begin();
  const frames = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await Frames.open(name, net.stations[name].interface)] as const))) as Record<Name, Frames>;

  await check("plain access points and a switch that learns: every pair talks", () => talk(forbidden, true, 10));
  await check("plain access points: raw frames arrive, by the receiver's own address and by broadcast", async () => {
    const arrived = await rawFrames(frames);
    for (const [from, to] of raw) for (const how of ["own", "broadcast"]) expect(arrived.includes(`${from} ${to} ${how} IPv4`), `${from} to ${to}, ${how}: not seen`);
    return `${arrived.length} frames`;
  });
  await check("plain access points: roaming between two of them", async () => {
    const { gaps, lost, sent } = await roam(net.stations.laptop, ends, roamingPeer.ip, handovers, pace);
    measureRoaming("plain", gaps);
    return `${lost} of ${sent} lost in ${handovers} handovers`;
  });

  await noFlows();
  await net.isolate();
  if ((await net.stations.laptop.bssid()) !== ends[0]) await net.stations.laptop.roam(ends[0]);
  const gateway = net.gateway(policy());
  await gateway.healthy();
  await check("every station reaches the router, IPv4 and IPv6", () => net.begin());
  await check("allowed pairs talk: within an access point, between any two, and with our own", () => talk(allowed, true, 10));
  await check("the gateway has each station at its access point", async () => {
    const devices = await gateway.devices();
    for (const name of names) expect(devices.find(({ mac }) => mac === plans[name].mac)?.port === points[plans[name].at].port, `${name} is not at ${points[plans[name].at].port}`);
  });
  await check("forbidden pairs do not", () => talk(forbidden, false, 1));
  await check("stations know each other by the virtual MAC only", async () => {
    for (const from of names) {
      const known = (await must(inside(from, ["ip", "neigh", "show", "nud", "all"]))).split("\n").filter((line) => / lladdr /.test(line) && !/ (NOARP|FAILED)/.test(line));
      expect(known.length > 0, `${from} knows nobody`);
      for (const line of known) expect(line.includes(` lladdr ${router.mac} `), `${from}: ${line}`);
      if (people.includes(from)) for (const address of things.flatMap(addresses)) expect(known.some((line) => line.startsWith(`${address} `)), `${from} does not know ${address}: ${known.join("; ")}`);
    }
  });
  await check("raw frames of forbidden pairs do not arrive", async () => {
    const arrived = await rawFrames(frames);
    expect(arrived.length === 0, arrived.join("; "));
    return `${raw.length * 6} frames sent`;
  });
  await check("a policy edit opens and closes a pair", async () => {
    const pair: Pair[] = [["camera", "printer"]];
    gateway.writePolicy(policy(...pair));
    await talk(pair, true, 10);
    gateway.writePolicy(policy());
    await sleep(1500);
    await talk(pair, false, 1);
  });

  for (const signal of ["SIGTERM", "SIGKILL"]) await check(`restart after ${signal} with traffic: nothing lost, nothing forbidden`, async () => {
    const heard = await Capture.start("printer", net.stations.printer.interface, `src host ${plans.camera.ip}`);
    const streams = [new Stream("laptop", plans.printer.ip, RESTART_PACE), new Stream("tablet", plans.camera.ip6!, RESTART_PACE)];
    const refused = new Stream("camera", plans.printer.ip, RESTART_PACE);
    await sleep(500);
    await gateway.stop(signal);
    await sleep(500);
    gateway.start();
    await gateway.healthy();
    await sleep(500);
    const flows = await Promise.all(streams.map((stream) => stream.stop()));
    const none = await refused.stop();
    const passed = await heard.stop();
    measure(`restart ${signal} longest silence ms`, Math.max(...flows.map(({ gap }) => gap)));
    for (const { sent, lost } of flows) expect(sent > 20 && lost === 0, `${lost} of ${sent} packets of an allowed pair were lost`);
    expect(none.sent === none.lost && passed === 0, `${none.sent - none.lost} forbidden packets were answered, ${passed} frames received`);
    return `0 of ${flows.map(({ sent }) => sent).join(" and ")} lost, 0 of ${none.sent} forbidden packets passed`;
  });

  await check("roaming between two access points that only isolate", async () => {
    const { gaps, lost, sent } = await roam(net.stations.laptop, ends, roamingPeer.ip, handovers, pace);
    measureRoaming("thin", gaps);
    expect(lost < sent, `all of ${sent} packets were lost`);
    return `${lost} of ${sent} lost in ${handovers} handovers`;
  });
  await check("roaming: the policy follows", async () => {
    if ((await net.stations.laptop.bssid()) !== ends[1]) await net.stations.laptop.roam(ends[1]);
    await talk([["laptop", "printer"], ["laptop", "speaker"]], true, 10);
    await talk([["laptop", "tablet"]], false, 1);
    const device = (await gateway.devices()).find(({ mac }) => mac === plans.laptop.mac);
    expect(device?.port === points.ap2.port, `the laptop is at ${points.ap2.port}, the gateway says ${device?.port}`);
  });
  measure("gateway resident MB", gateway.memory());
  await gateway.stop();
  measure("scenario s", uptime());
});
