// SPDX-License-Identifier: Apache-2.0
// `securebox reach DEVICE`: every other device, the internet and the gateway, with what may be started each way.
import type { Endpoint } from "@securebox/contract";
import { reachOf, type Between } from "../wifi-isolation/reach.ts";
import { ControlFailure, type ReachPeer, type ReachResult } from "./control/protocol.ts";
import { resolveEndpoint, type Known } from "./explain.ts";

const DENIED: Between = { to: { verdict: "deny" }, from: { verdict: "deny" } };

/** Throws ControlFailure "not-found". */
export function reach(known: Known, text: string): ReachResult {
  const device = resolveEndpoint(known, text);
  if (device.kind !== "device") throw new ControlFailure("not-found", `no device has the name, MAC or IP address "${text}"`);
  const others = known.devices.filter(({ mac }) => mac !== device.mac).map(({ mac, name, blocked }): Endpoint & { kind: "device" } => ({ kind: "device", mac, name, blocked }));
  const ends: Endpoint[] = [...others, { kind: "internet" }, { kind: "gateway", address: known.gateways[0] }];
  const { policy, overrides, resolvers } = known;
  const found = policy ? reachOf({ policy, overrides, resolvers }, device, ends) : ends.map(() => DENIED);
  return { device: device.mac, ...(device.name === undefined ? {} : { name: device.name }), peers: ends.map((end, index) => peerOf(end, found[index]!)) };
}

function peerOf(end: Endpoint, { to, from }: Between): ReachPeer {
  return {
    mac: end.kind === "device" ? end.mac : end.kind, ...(end.kind === "device" && end.name !== undefined ? { name: end.name } : {}), to: to.verdict, from: from.verdict,
    ...(to.services ? { toServices: to.services } : {}), ...(from.services ? { fromServices: from.services } : {}),
  };
}
