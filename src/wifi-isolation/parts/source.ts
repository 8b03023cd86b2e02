// SPDX-License-Identifier: Apache-2.0
// Table source: which device sends, by port and link-layer address.
import type { Flow } from "node-openvswitch/openflow";
import { macBytes } from "../bytes.ts";
import { flow } from "../pipeline.ts";
import { setBits, setReason, setRegister, SOURCE } from "../registers.ts";
import type { Site } from "../site.ts";
import type { DeviceView } from "../view.ts";
import { DHCP4_REQUEST, DHCP6_REQUEST, NO_ACTIONS } from "./match.ts";

export function* sourceFlows(site: Site, cookie: bigint): Generator<Flow> {
  const upstreamMacs = [...(site.virtualMac ? [site.virtualMac.bytes] : []), ...site.gatewayMacs, ...site.localPorts.map(({ mac }) => macBytes(mac!))];
  const distinct = new Map(upstreamMacs.map((mac) => [mac.join(), mac]));
  for (const eth_src of distinct.values()) yield flow(cookie, "source", 200, { eth_src }, NO_ACTIONS);
  for (const { number } of site.stationPorts) yield flow(cookie, "source", 10, { in_port: number }, [setReason("station")], { goto: "hold" });
}

export function* sourceDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  const here = { in_port: device.port, eth_src: device.macBytes };
  const identify = [setRegister(SOURCE, device.id), setBits("sourceGroups", device.groups)];
  if (device.cut) {
    for (const request of [DHCP4_REQUEST, DHCP6_REQUEST]) yield flow(cookie, "source", 100, { ...here, ...request }, identify, { goto: "guard" });
    yield flow(cookie, "source", 90, here, NO_ACTIONS);
  } else {
    yield flow(cookie, "source", 100, here, identify, { goto: "guard" });
  }
  // The same address at another port: somebody pretends, or the station has moved. The gateway tells which; until then nothing passes.
  yield flow(cookie, "source", 50, { eth_src: device.macBytes }, [setReason("moved")], { goto: "hold" });
}
