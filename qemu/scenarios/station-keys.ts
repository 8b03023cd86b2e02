// SPDX-License-Identifier: Apache-2.0
// Keys of devices from /etc/config/securebox to the radio: the gateway as OpenWrt runs it writes them to /etc/config/wireless, hostapd takes them with a VLAN each, and tells only the VLAN.
// Stations are at their key's own netdev, which becomes a port, and are policed there. A key of several devices gets no VLAN, as the radio passes frames on inside one by itself.
import { must, run, until } from "../guest/command.ts";
import { Gateway } from "../guest/gateway.ts";
import { HostapdUbus } from "../guest/hostapd-ubus.ts";
import { bss, makeRadios, makeRouter, plans, policy, type StationName } from "../guest/network.ts";
import { accessPointOf, configuration, makeDevice, reloaded, stationsAt, withoutBridges } from "../guest/openwrt.ts";
import { check, expect, measure, scenario, settings, uptime, whenFailed } from "../guest/report.ts";
import { Station } from "../guest/station.ts";
import { addPorts, dump, startSwitch } from "../guest/switch.ts";
import { Capture, reaches } from "../guest/traffic.ts";

settings({});
const [BUS, SECTION, CHANNEL] = ["/run/ubus.sock", "home", 1];
/** The first change waits for what it will be probed by, a DHCP server, which is not there. */
const WRITTEN_WITHIN = 90_000;
const LEFT_OUT = "key things has no VLAN";
/** Where each station is to be. */
const own: Readonly<Record<StationName, string>> = { printer: `${bss.home.name}-20`, laptop: `${bss.home.name}-30`, camera: bss.home.name, phone: bss.home.name };
const netdevs = [...new Set(Object.values(own))];

const key = (name: string, vlan: number, { secret, mac }: { secret: string; mac?: string }): string =>
  `config key '${name}'\n\toption key '${secret}'\n\toption vlan '${vlan}'\n${mac ? `\tlist mac '${mac}'\n` : ""}`;
const { laptop: laptopPlan, printer: printerPlan, camera: cameraPlan } = plans;
const phonePlan = { ...plans.phone, ssid: bss.home.ssid, security: "wpa2", secret: cameraPlan.secret } as const;
const sections = `config wifi\n\toption iface '${SECTION}'\n${key("printer", 20, printerPlan)}${key("laptop", 30, laptopPlan)}${key("things", 40, { secret: cameraPlan.secret })}`;

async function closed(from: StationName, to: StationName): Promise<void> {
  expect(!(await reaches(from, plans[to].ip, 2)), `the ${from} reaches the ${to}`);
}

async function open(from: StationName, to: StationName): Promise<void> {
  expect(await reaches(from, plans[to].ip), `the ${from} does not reach the ${to}`);
}

scenario(async () => {
  await makeRadios(6);
  await makeRouter();
  await makeDevice(SECTION, bss.home);
  whenFailed(dump);
  await startSwitch();
  await addPorts(bss.home.name, "uplink");
  const gateway = new Gateway({}, `ubus: ${BUS}`, { uci: configuration({ [bss.home.name]: "bss", uplink: "uplink" }, BUS, sections) });
  gateway.writePolicy(policy(["laptop", "printer"]));
  gateway.start();
  const stations = await Promise.all([laptopPlan, printerPlan, cameraPlan, phonePlan].map((plan) => Station.create(plan, [CHANNEL])));
  const [laptop, printer, camera] = stations as [Station, Station, Station];

  await check("keys and VLANs are written to /etc/config/wireless, and hostapd takes them", async () => {
    await reloaded(1, WRITTEN_WITHIN);
    await accessPointOf(SECTION, bss.home, CHANNEL).start(true);
    await withoutBridges(netdevs);
  });
  await check("a VLAN for a key of several devices is left out, and told", async () => {
    const told = await must(["securebox", "changes", "--json", "--socket", "/run/securebox/securebox.sock"]);
    expect(told.includes(LEFT_OUT), told);
    expect((await run(["ip", "link", "show", `${bss.home.name}-40`])).code !== 0, "it has a netdev");
  });
  const adapter = await HostapdUbus.start(BUS, [bss.home.name]);
  await gateway.healthy(60_000, LEFT_OUT);
  await check("stations join with their keys; each is at its key's own netdev, which is a port, and the gateway knows it there", async () => {
    await Promise.all(stations.map((station) => station.joined(120_000)));
    await Promise.all(stations.map((station) => station.begin()));
    const at = await Promise.all(netdevs.map(stationsAt));
    const expected = netdevs.map((netdev) => stations.filter(({ name }) => own[name as StationName] === netdev).map(({ plan }) => plan.mac).sort());
    expect(JSON.stringify(at.map((macs) => macs.sort())) === JSON.stringify(expected), `the kernel has ${JSON.stringify(at)} at ${netdevs.join()}`);
    await until("ports of the switch", 20_000, async () => { const ports = (await must(["ovs-vsctl", "list-ports", "br0"])).split("\n"); return netdevs.every((netdev) => ports.includes(netdev)); });
    await until("four devices there", 20_000, async () => { const devices = await gateway.devices(); return stations.every(({ name, plan }) => devices.some(({ mac, port, associated }) => mac === plan.mac && associated && port === own[name as StationName])); });
  });
  await check("an allowed pair talks from VLAN to VLAN", () => open("laptop", "printer"));
  await check("forbidden pairs do not: from VLAN to VLAN, both ways", async () => {
    await closed("camera", "printer");
    await closed("printer", "camera");
    await closed("laptop", "camera");
  });
  await check("two devices with one key: nothing passes, and nothing is returned by the radio", async () => {
    const heard = await Capture.start("phone", "wlan5", `ether src ${cameraPlan.mac}`);
    await must(["ip", "-n", "camera", "neigh", "replace", phonePlan.ip, "lladdr", phonePlan.mac, "dev", camera.interface]);
    await closed("camera", "phone");
    const frames = await heard.stop();
    expect(frames === 0, `the phone received ${frames} frames of the camera: ${heard.seen.join("; ")}`);
    await must(["ip", "-n", "camera", "neigh", "flush", "all"]);
  });
  await check("a policy edit opens and closes that pair", async () => {
    gateway.writePolicy(policy(["laptop", "printer"], ["camera", "phone"]));
    await until("the camera reaches the phone", 15_000, () => reaches("camera", phonePlan.ip, 1));
    gateway.writePolicy(policy(["laptop", "printer"]));
    await until("the camera reaches the phone no more", 15_000, async () => !(await reaches("camera", phonePlan.ip, 2)));
  });
  await check("after a restart of the gateway all are where they were, though hostapd lists no VLAN", async () => {
    const places = async (): Promise<string> => (await gateway.devices()).filter(({ associated }) => associated).map(({ mac, port }) => `${mac} ${port}`).sort().join();
    const before = await places();
    await gateway.stop("SIGKILL");
    gateway.start();
    await gateway.healthy(60_000, LEFT_OUT);
    await until("the same places", 30_000, async () => await places() === before);
    await open("laptop", "printer");
    await closed("camera", "printer");
  });
  await check("a key that is bound to a device lets in nobody else", async () => {
    await camera.become(cameraPlan.mac, printerPlan.secret);
    await camera.joined(8000).then(() => { throw new Error("the camera is let in with the printer's key"); }, () => undefined);
  });
  await check("another's address with a key that any device may use is refused: the VLAN said whose key it was", async () => {
    await laptop.ask("disconnect");
    await camera.become(laptopPlan.mac, cameraPlan.secret);
    await until("the alarm", 30_000, async () => (await must(["securebox", "events", "--json", "--socket", "/run/securebox/securebox.sock"])).includes("identity mismatch"));
    await closed("camera", "printer");
  });
  await check("the laptop is known again when it is back", async () => {
    await camera.become(cameraPlan.mac, cameraPlan.secret);
    await laptop.ask("reconnect");
    await Promise.all([laptop.joined(), camera.joined(), printer.joined()]);
    await Promise.all([laptop.begin(), camera.begin()]);
    await until("the laptop reaches the printer", 30_000, () => reaches("laptop", printerPlan.ip, 1));
    await closed("camera", "printer");
  });
  measure("gateway resident MB", gateway.memory());
  await gateway.stop();
  adapter.close();
  measure("scenario s", uptime());
});
