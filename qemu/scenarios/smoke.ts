// SPDX-License-Identifier: Apache-2.0
// The smallest network that isolates: one BSS, three stations with keys of their own, the gateway as shipped, told of them over ubus. Measures what the table of docs/qemu.md shows.
import { sleep, until } from "../guest/command.ts";
import { Gateway } from "../guest/gateway.ts";
import { HostapdUbus } from "../guest/hostapd-ubus.ts";
import { accessPoints, bss, makeRadios, makeRouter, makeStations, plans, policy } from "../guest/network.ts";
import { check, expect, measure, scenario, settings, uptime, whenFailed } from "../guest/report.ts";
import { addPorts, dump, startSwitch } from "../guest/switch.ts";
import { reaches, Stream } from "../guest/traffic.ts";

settings({});
const BUS = "/run/ubus.sock";
const radio = { channel: 1, bsses: [bss.home] };
/** Milliseconds; emulated processors of small machines are slow. */
const FIRST_FLOW_WITHIN = 60_000;

scenario(async () => {
  measure("boot s", uptime());
  await makeRadios(5);
  await makeRouter();
  const points = accessPoints([radio]);
  const switching = startSwitch();
  whenFailed(dump);
  await points.start(true);
  const stations = Object.values(await makeStations(["laptop", "printer", "camera"], [radio.channel]));
  await switching;
  await addPorts(bss.home.name, "uplink");
  await check("stations join with keys of their own", async () => void (await Promise.all(stations.map((station) => station.joined(120_000)))));
  measure("joined s", uptime());

  const adapter = await HostapdUbus.start(BUS, [bss.home.name]);
  const gateway = new Gateway({ [bss.home.name]: "bss", uplink: "uplink" }, `ubus: ${BUS}`);
  gateway.writePolicy(policy(["laptop", "printer"]));
  await check("the first flow passes after the gateway's start", async () => {
    // The printer has spoken before, to nobody: it is found as soon as it speaks again.
    const [presence, stream] = [new Stream("printer", "10.77.0.1", 100), new Stream("laptop", plans.printer.ip, 50)];
    await sleep(500);
    expect(stream.firstAnswer === undefined, "a packet passed before the gateway was started");
    const started = stream.elapsed();
    gateway.start();
    const first = await until("the first flow", FIRST_FLOW_WITHIN, () => stream.firstAnswer, 20);
    measure("first flow ms", first - started);
    await Promise.all([stream.stop(), presence.stop()]);
  });
  await gateway.healthy();
  await check("a forbidden pair is closed, both ways", async () => {
    expect(!(await reaches("camera", plans.printer.ip, 2)), "the camera reaches the printer");
    expect(!(await reaches("printer", plans.camera.ip, 2)), "the printer reaches the camera");
  });
  await check("the allowed pair stays open", async () => expect(await reaches("laptop", plans.printer.ip), "the laptop does not reach the printer"));
  measure("gateway resident MB", gateway.memory());
  measure("flows", (await gateway.status()).switch.flows);
  await gateway.stop();
  adapter.close();
  measure("scenario s", uptime());
});
