// SPDX-License-Identifier: Apache-2.0
// Tables hold and resume: a packet waits for the gateway, once. A meter of its own bounds what each device, each port and upstream can have waiting.
import type { Action, Flow } from "node-openvswitch/openflow";
import { call, flow } from "../pipeline.ts";
import { DESTINATION, HELD, setBits, setRegister, SOURCE, STATE, stateMatch } from "../registers.ts";
import type { Site } from "../site.ts";
import type { DeviceView } from "../view.ts";
import { NO_ACTIONS } from "./match.ts";
import { portMeter } from "../meters.ts";

const PAUSE: readonly Action[] = [{ type: "controller", maxLength: 0xffff, reason: 1, pause: true }, call("resume")];
const NOTHING = new Uint8Array(16);

export function* holdFlows(site: Site, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "hold", 100, { [STATE]: stateMatch(HELD) }, NO_ACTIONS);
  for (const { number } of [...site.stationPorts, ...site.upstreamPorts]) yield flow(cookie, "hold", 5, { in_port: number }, PAUSE, { meter: portMeter(number) });
  // From the start, as if it had just come, but for the bit.
  yield flow(cookie, "resume", 0, {}, [
    setRegister(STATE, HELD), setRegister(SOURCE, 0), setRegister(DESTINATION, 0), setRegister("reg2", 0),
    setBits("sourceGroups", NOTHING), setBits("destinationGroups", NOTHING), setBits("names", NOTHING), { type: "ct-clear" }, call("ingress"),
  ]);
}

/** What a device sends counts for it; of what comes from upstream, what is for it. */
export function* holdDeviceFlows(device: DeviceView, cookie: bigint): Generator<Flow> {
  yield flow(cookie, "hold", 20, { [SOURCE]: device.id }, PAUSE, { meter: device.id });
  yield flow(cookie, "hold", 10, { [DESTINATION]: device.id }, PAUSE, { meter: device.id });
}
