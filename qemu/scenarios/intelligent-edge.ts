// SPDX-License-Identifier: Apache-2.0
// Intelligent Edge on radios: isolation by real 802.11 frames, policy by the gateway as shipped over the kernel's datapath. First the same network
// under plain access points, where everything is open: what is closed later is closed by us.
// Settings: handovers=N, one a second on each kind of network (default 10); pace=MS between echo requests (default 20);
// ubus=1: stations come as on OpenWrt, which does not tell the names of keys; without, by the gateway's own socket, with them.
import { must, script, sleep } from "../guest/command.ts";
import { Gateway } from "../guest/gateway.ts";
import { HostapdUbus } from "../guest/hostapd-ubus.ts";
import { HostapdStations } from "../guest/hostapd-stations.ts";
import { accessPoints, bss, keys, makeRadios, makeRouter, makeStations, plans, policy, ports, radios, routerIp } from "../guest/network.ts";
import { check, expect, measure, say, scenario, settings, uptime, whenFailed } from "../guest/report.ts";
import { measureRoaming, roam as roamBetween, type Roaming } from "../guest/roaming.ts";
import type { Station } from "../guest/station.ts";
import { addPorts, dump, learning, noFlows, startSwitch } from "../guest/switch.ts";
import { Capture, reaches, Stream } from "../guest/traffic.ts";

const { handovers, pace, ubus } = settings({ handovers: 10, pace: 20, ubus: 0 });
const SOCKET = "/run/stations.sock";
const { laptop: laptopPlan, printer: printerPlan, camera: cameraPlan, phone: phonePlan } = plans;

async function open(from: Station, to: { name: string; ip: string }): Promise<void> {
  expect(await reaches(from.name, to.ip), `${from.name} does not reach ${to.name}`);
}

async function closed(from: Station, to: { name: string; ip: string }): Promise<void> {
  expect(!(await reaches(from.name, to.ip, 2)), `${from.name} reaches ${to.name}`);
}

const roam = (station: Station, to: string, count: number): Promise<Roaming> => roamBetween(station, [bss.home.bssid, bss.away.bssid], to, count, pace);

/** Whom the roaming station talks to: a station that stays on the first access point, and the wire. */
const peers = [["printer", printerPlan.ip], ["router", routerIp]] as const;

/** The executable is replaced while the old one runs, as a package manager does it; `version`: of the pipeline, in the cookies of all flows. */
const restarts = [
  { what: "restart after SIGTERM", signal: "SIGTERM", version: 1 },
  { what: "restart after SIGKILL", signal: "SIGKILL", version: 1 },
  { what: "upgrade to a gateway with another pipeline", signal: "SIGTERM", executable: "/share/next/securebox", version: 2 },
  { what: "return to the older gateway after SIGKILL", signal: "SIGKILL", executable: "/share/bin/securebox", version: 1 },
];

async function onlyFlowsOf(version: number): Promise<void> {
  const tags = new Set([...(await must(["ovs-ofctl", "-OOpenFlow13", "dump-flows", "br0"])).matchAll(/cookie=(0x[0-9a-f]+)[0-9a-f]{8},/g)].map(([, tag]) => tag));
  const own = `0x5ecb000${version}`;
  // The switch's learnt flows have a tag of their own.
  expect(tags.has(own) && [...tags].every((tag) => tag === own || tag === "0x5ecb8000"), `flows with tags ${[...tags].join(", ")}, expected ${own}`);
}

scenario(async () => {
  await makeRadios(6);
  await makeRouter();
  const points = accessPoints();
  const switching = startSwitch();
  whenFailed(dump);
  await points.start(false);
  const stations = await makeStations(["laptop", "printer", "camera", "phone"], radios.map(({ channel }) => channel));
  const { laptop, printer, camera, phone } = stations;
  const all = Object.values(stations);
  await switching;
  await addPorts(...Object.keys(ports));
  await learning();
  await check("stations join with keys of their own: WPA2 and WPA3", async () => void (await Promise.all(all.map((station) => station.joined()))));
  measure("joined s", uptime());

  await check("plain access points: every pair talks", async () => {
    await open(laptop, printerPlan);
    await open(camera, printerPlan);
    await open(phone, printerPlan);
  });
  for (const [what, to] of peers) await check(`plain access points: roaming while talking to the ${what}`, async () => {
    const { gaps, lost, sent } = await roam(laptop, to, handovers);
    measureRoaming(`plain ${what}`, gaps);
    return `${lost} of ${sent} lost in ${handovers} handovers`;
  });

  await points.stop();
  await noFlows();
  await points.start(true);
  await addPorts(...Object.keys(ports));
  const names = points.bsses.map(({ name }) => name);
  const adapter = ubus ? await HostapdUbus.start(SOCKET, names) : new HostapdStations(SOCKET, names);
  const gateway = new Gateway(ports, `${ubus ? "ubus" : "stations"}: ${SOCKET}`);
  gateway.writePolicy(policy(["laptop", "printer"], ["phone", "printer"]));
  gateway.start();
  await gateway.healthy();
  await Promise.all(all.map((station) => station.joined()));
  await Promise.all(all.map((station) => station.begin()));

  await check("an allowed pair on one BSS talks", () => open(laptop, printerPlan));
  await check("an allowed pair across BSSes talks, WPA3 to WPA2", () => open(phone, printerPlan));
  await check("forbidden pairs do not", async () => {
    await closed(camera, printerPlan);
    await closed(laptop, cameraPlan);
    await closed(phone, laptopPlan);
  });
  await check("the gateway knows each WPA2 station", async () => {
    const devices = await gateway.devices();
    for (const { mac, name } of [laptopPlan, printerPlan, cameraPlan]) expect(devices.some((device) => device.mac === mac && device.associated && (name === "laptop" || device.port === "wlan0")), `${name} is not among the associated devices: ${JSON.stringify(devices)}`);
  });
  await check("on the air: a forbidden station's frames go up and none comes down", async () => {
    const air = await Capture.start(undefined, "hwsim0", `type data subtype qos-data and wlan addr2 ${cameraPlan.mac}`, false);
    const heard = await Capture.start("printer", printer.interface, `ether src ${cameraPlan.mac}`);
    await closed(camera, printerPlan);
    const [up, down] = [await air.stop(), await heard.stop()];
    expect(up > 0, "no 802.11 frame of the camera was seen");
    expect(down === 0, `the printer received ${down} frames of the camera: ${heard.seen.join("; ")}`);
    return `${up} encrypted frames up, 0 received by the other station`;
  });
  await check("a policy edit opens and closes a pair", async () => {
    gateway.writePolicy(policy(["laptop", "printer"], ["phone", "printer"], ["camera", "printer"]));
    await sleep(1500);
    await open(camera, printerPlan);
    gateway.writePolicy(policy(["laptop", "printer"], ["phone", "printer"]));
    await sleep(1500);
    await closed(camera, printerPlan);
  });

  for (const { what, signal, executable, version } of restarts) await check(`${what} with traffic: nothing lost, nothing forbidden`, async () => {
    const heard = await Capture.start("printer", printer.interface, `ether src ${cameraPlan.mac}`);
    const allowed = new Stream("laptop", printerPlan.ip, pace);
    const forbidden = new Stream("camera", printerPlan.ip, pace);
    await sleep(500);
    if (executable) await script(`cp ${executable} /opt/bin/securebox.new; mv /opt/bin/securebox.new /opt/bin/securebox`);
    await gateway.stop(signal);
    await sleep(500);
    gateway.start();
    await gateway.healthy();
    await onlyFlowsOf(version);
    await sleep(500);
    const [flow, refused] = [await allowed.stop(), await forbidden.stop()];
    const passed = await heard.stop();
    measure(`${what} longest silence ms`, flow.gap);
    expect(flow.sent > 20 && flow.lost === 0, `${flow.lost} of ${flow.sent} packets of the allowed pair were lost`);
    expect(refused.sent === refused.lost && passed === 0, `${refused.sent - refused.lost} forbidden packets were answered, ${passed} frames received`);
    return `0 of ${flow.sent} lost, 0 of ${refused.sent} forbidden packets passed`;
  });

  for (const [what, to] of peers) await check(`roaming while talking to the ${what}`, async () => {
    const { gaps, lost, sent } = await roam(laptop, to, handovers);
    measureRoaming(what, gaps);
    expect(lost < sent, `all of ${sent} packets were lost`);
    return `${lost} of ${sent} lost in ${handovers} handovers`;
  });
  await check("roaming: the policy follows", async () => {
    if ((await laptop.bssid()) !== bss.away.bssid) await laptop.roam(bss.away.bssid);
    await open(laptop, printerPlan);
    await closed(laptop, cameraPlan);
    const device = (await gateway.devices()).find(({ mac }) => mac === laptopPlan.mac);
    expect(device?.port === "wlan1", `the laptop is at wlan1, the gateway says ${device?.port}`);
    await laptop.roam(bss.home.bssid);
  });

  // Where no key has a name a MAC address is all that a station is known by: who has any key of the network, and the address, is taken for the device.
  if (!ubus) await check("a station with its own key and another's address is refused", async () => {
    await camera.become(laptopPlan.mac, cameraPlan.secret);
    await sleep(3000);
    await closed(camera, printerPlan);
    const device = (await gateway.devices()).find(({ mac }) => mac === laptopPlan.mac);
    return `the laptop's address: ${device?.blocked ? `blocked, ${device.reason}` : `at ${device?.port}`}`;
  });

  measure("gateway resident MB", gateway.memory());
  await gateway.stop();
  adapter.close();
  say(`${keys.length} stations, ${points.bsses.length} BSSes`);
});
