// SPDX-License-Identifier: Apache-2.0
// An interface and a group key per station (per_sta_vif): hostapd makes an interface for each that comes, the gateway makes it a port, and takes it out when the station is gone.
// lines=1: station events by lines of JSON instead of hostapd's objects on ubus.
import { must, until } from "../guest/command.ts";
import { Gateway } from "../guest/gateway.ts";
import { HostapdStations } from "../guest/hostapd-stations.ts";
import { HostapdUbus } from "../guest/hostapd-ubus.ts";
import { accessPoints, bss, makeRadios, makeRouter, makeStations, plans, policy } from "../guest/network.ts";
import { check, expect, measure, scenario, settings, uptime, whenFailed } from "../guest/report.ts";
import { addPorts, dump, startSwitch } from "../guest/switch.ts";
import { reaches } from "../guest/traffic.ts";

const lines = settings({ lines: 0 }).lines === 1;
const SOCKET = "/run/stations.sock";
const radio = { channel: 1, bsses: [bss.home] };
const own = async (): Promise<string[]> => (await must(["ovs-vsctl", "list-ports", "br0"])).split("\n").filter((name) => name.startsWith("wlan0."));

scenario(async () => {
  await makeRadios(5);
  await makeRouter();
  const points = accessPoints([radio]);
  const switching = startSwitch();
  whenFailed(dump);
  await points.start(true, { perStation: true });
  await switching;
  await addPorts(bss.home.name, "uplink");
  const adapter = lines ? new HostapdStations(SOCKET, [bss.home.name]) : await HostapdUbus.start(SOCKET, [bss.home.name]);
  const gateway = new Gateway({ [bss.home.name]: "bss", uplink: "uplink" }, `${lines ? "stations" : "ubus"}: ${SOCKET}`);
  gateway.writePolicy(policy(["laptop", "printer"]));
  gateway.start();
  await gateway.healthy();
  const stations = await makeStations(["laptop", "printer", "camera"], [radio.channel]);
  const all = Object.values(stations);

  await check("stations that come have ports of their own, and are bound to them", async () => {
    await Promise.all(all.map((station) => station.joined(120_000)));
    await until("three ports", 20_000, async () => (await own()).length === 3);
    await Promise.all(all.map((station) => station.begin()));
    await until("three devices", 20_000, async () => new Set((await gateway.devices()).filter(({ port, associated }) => port.startsWith("wlan0.4") && associated).map(({ port }) => port)).size === 3);
  });
  await check("the allowed pair is open", async () => expect(await reaches("laptop", plans.printer.ip), "the laptop does not reach the printer"));
  await check("a forbidden pair is closed, both ways", async () => {
    expect(!(await reaches("camera", plans.printer.ip, 2)), "the camera reaches the printer");
    expect(!(await reaches("printer", plans.camera.ip, 2)), "the printer reaches the camera");
  });
  await check("a station that leaves takes its port along, and gets one when it is back", async () => {
    await stations.laptop.ask("disconnect");
    await until("two ports", 20_000, async () => (await own()).length === 2);
    await stations.laptop.ask("reconnect");
    await stations.laptop.joined();
    await until("three ports", 20_000, async () => (await own()).length === 3);
    expect(await reaches("laptop", plans.printer.ip), "the laptop does not reach the printer");
  });
  await check("after a restart of the gateway all are where they were", async () => {
    const places = async (): Promise<string> => (await gateway.devices()).filter(({ associated }) => associated).map(({ mac, port }) => `${mac} ${port}`).sort().join();
    const before = await places();
    await gateway.stop("SIGKILL");
    gateway.start();
    await gateway.healthy();
    await until("the same places", 30_000, async () => await places() === before);
    expect(await reaches("laptop", plans.printer.ip), "the laptop does not reach the printer");
    expect(!(await reaches("camera", plans.printer.ip, 2)), "the camera reaches the printer");
  });
  await gateway.stop();
  adapter.close();
  measure("scenario s", uptime());
});
