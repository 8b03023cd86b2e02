// SPDX-License-Identifier: Apache-2.0
// Printing and casting over radios, WPA2 and WPA3, by the kernel's datapath: Avahi and a UPnP device are found by who may ask and by nobody else; nobody hears
// another's group frames; a flood is bounded.
// Settings: flood=N, questions in two seconds (default 600); thin=1: at access points that only isolate, by VLAN, VXLAN and GRE, and at one of ours.
import { isResponse, Overheard, ssdpSearch, textOf } from "../../test/lab/overheard.ts";
import { inside, must, sleep, start, until } from "../guest/command.ts";
import { Avahi, findMapper, startMapper } from "../guest/discovery.ts";
import { Frames } from "../guest/frames.ts";
import { Gateway } from "../guest/gateway.ts";
import { HostapdStations } from "../guest/hostapd-stations.ts";
import { accessPoints, makeRadios, makeRouter, makeStations, plans, radios, router } from "../guest/network.ts";
import { check, expect, measure, scenario, settings, uptime, whenFailed } from "../guest/report.ts";
import type { Station } from "../guest/station.ts";
import { addPorts, dump, startSwitch } from "../guest/switch.ts";
import { makeThinRadios, ThinEdge, thinPlan } from "../guest/thin-edge.ts";

const { flood, thin } = settings({ flood: 600, thin: 0 });
const SOCKET = "/run/stations.sock";
const PORTS = { wlan0: "bss", wlan0g: "bss", uplink: "uplink" } as const;
const FOUND_WITHIN = 20_000;
const FLOOD_SECONDS = 2;

/** The laptop and the phone may ask the printer; the camera may not. */
interface Net { gateway: Gateway; stations: Record<"laptop" | "printer" | "camera" | "phone", Station> }

const policyOf = (of: Record<"laptop" | "phone" | "printer", { mac: string }>): string => `network: radio
groups:
  people: [ { mac: "${of.laptop.mac}" }, { mac: "${of.phone.mac}" } ]
rules:
  - { from: people, to: "${of.printer.mac}", allow: [tcp/631, tcp/5555, mdns, ssdp] }
`;

/** Two BSSs of our own: WPA2, and WPA3 for the phone. */
async function ours(): Promise<Net> {
  await makeRadios(6);
  await makeRouter();
  const [radio] = radios;
  const points = accessPoints([radio!]);
  const switching = startSwitch();
  await points.start(true);
  const stations = await makeStations(["laptop", "printer", "camera", "phone"], [radio!.channel]);
  await switching;
  await addPorts(...Object.keys(PORTS));
  new HostapdStations(SOCKET, points.bsses.map(({ name }) => name));
  const gateway = new Gateway(PORTS, `stations: ${SOCKET}`);
  gateway.writePolicy(policyOf(plans));
  gateway.start();
  await Promise.all([gateway.healthy(), ...Object.values(stations).map((station) => station.joined(120_000))]);
  await Promise.all(Object.values(stations).map((station) => station.begin()));
  return { gateway, stations };
}

/** The laptop at an access point of ours, the others at three that only isolate. */
async function mixed(): Promise<Net> {
  const chosen = { laptop: thinPlan("laptop", 1, "own"), printer: thinPlan("printer", 2, "ap1"), camera: thinPlan("camera", 3, "ap2"), phone: thinPlan("phone", 4, "ap3") };
  await makeThinRadios(Object.values(chosen));
  const net = await ThinEdge.create(chosen);
  await net.joined();
  await net.isolate();
  const gateway = net.gateway(policyOf(chosen));
  await gateway.healthy();
  await net.begin();
  return { gateway, stations: net.stations };
}

scenario(async () => {
  whenFailed(dump);
  const { gateway, stations } = await (thin ? mixed() : ours());
  const { laptop, printer, camera, phone } = stations;
  const ears = Object.fromEntries(await Promise.all(Object.entries(stations).map(async ([name, station]) => [name, new Overheard(await Frames.open(name, station.interface))] as const)));
  measure("ready s", uptime());
  const [asker, outsider, offering] = await Promise.all([Avahi.start(laptop), Avahi.start(camera), Avahi.start(printer), startMapper(printer)]);
  start(inside("printer", ["busybox", "httpd", "-f", "-p", "631", "-h", "/share"]), () => {});
  const [open, closed] = [asker.browse("_ipp._tcp"), outsider.browse("_ipp._tcp")];
  measure("programs started s", uptime());

  const goodbye = offering.publish("Printer", "_ipp._tcp", 631);
  await check("mDNS: who may ask finds the printer by IPv4 and IPv6, and connects", async () => {
    await until("the printer", FOUND_WITHIN, () => open.families("Printer").length === 2);
    const found = open.found.find(({ family }) => family === 4)!;
    expect(found.host === "printer.local" && found.address === printer.plan.ip && found.port === 631, JSON.stringify(found));
    await must(inside("laptop", ["busybox", "wget", "-q", "-O", "/dev/null", `http://${found.address}:631/log`]));
  });
  await check("mDNS: one that did not ask hears the announcement, as unicast", async () => {
    const told = await until("the announcement", FOUND_WITHIN, () => ears["phone"]!.carrying("Printer").find(isResponse));
    expect(told.to === phone.plan.mac, `it came to ${told.to}`);
  });
  await check("SSDP: who may ask finds the device and fetches its description", async () => {
    const found = await until("the device", FOUND_WITHIN, () => findMapper(phone));
    expect(found === `http://${printer.plan.ip}:5555/rootDesc.xml`, found);
    expect((await findMapper(camera)) === undefined, "one who may not ask found it");
  });
  await check("mDNS: the printer says goodbye", async () => {
    goodbye();
    await until("the goodbye", FOUND_WITHIN, () => open.families("Printer").length === 0);
  });
  await check("a flood of questions is bounded in the kernel; others are served", async () => {
    const from = { mac: laptop.plan.mac, address: laptop.plan.ip, port: 30_000 };
    const frames = await Frames.open("laptop", laptop.interface);
    const begin = uptime();
    // A target that nobody has: answers would only slow the emulated printer down.
    await frames.flood(ssdpSearch(from, "urn:nobody"), flood, flood / FLOOD_SECONDS);
    const seconds = uptime() - begin;
    await sleep(500);
    const passed = ears["printer"]!.heard.filter(({ sourcePort, payload }) => sourcePort === from.port && textOf(payload).includes("urn:nobody")).length;
    expect(passed >= 30 && passed <= 60 + 5 * (seconds + 1), `${passed} of ${flood} questions passed in ${seconds.toFixed(1)} s`);
    await until("the device, by another", FOUND_WITHIN, () => findMapper(phone));
    return `${passed} of ${flood} passed in ${seconds.toFixed(1)} s`;
  });
  await check("nobody heard another's group frames, and the forbidden one nothing of discovery", async () => {
    // By their own MACs, or the virtual one. Access points and their wires solicit routers, whoever the stations are.
    const theirs = [router.mac, ...Object.values(stations).map(({ plan }) => plan.mac)].map((mac) => mac.replaceAll(":", ""));
    for (const [name, { groupFrames }] of Object.entries(ears)) {
      const others = groupFrames.filter((frame) => theirs.includes(frame.slice(12, 24)));
      expect(others.length === 0, `${name} heard ${others.slice(0, 3).join(" ")}`);
    }
    expect(closed.events.length === 0 && ears["camera"]!.heard.length === 0, `the camera heard ${ears["camera"]!.heard.length}`);
    expect(ears["printer"]!.heard.every(({ source }) => source !== camera.plan.ip), "the printer heard the camera ask");
  });
  measure("gateway resident MB", gateway.memory());
  await gateway.stop();
});
