// SPDX-License-Identifier: Apache-2.0
// What a gateway knows about a flow that was held: who its ends are, what rules say of them, and how to ask a backend about it.
import type { Endpoint, Policy, World } from "@securebox/contract";
import type { Question } from "../backend-link/types.ts";
import type { Ip, Mac, Override } from "../wifi-isolation/index.ts";
import { serviceOf } from "./dispatch/flows.ts";
import { outsideEndpoint } from "./explain.ts";
import type { Gateway } from "./gateway.ts";
import type { FlowQuestion } from "./verdicts/index.ts";

/** undefined: there is no policy. */
export function worldOf({ policies, overrides, config }: Gateway): World | undefined {
  const { policy, lines } = policies;
  return policy && { policy, lines, overrides: overrides.list, resolvers: config.network.resolvers };
}

export function endpointAt(gateway: Gateway, address: Ip): Endpoint {
  const device = gateway.population.table.byAddress(address);
  return device ? { kind: "device", mac: device.mac, address, blocked: device.blocked, name: device.name } : outsideEndpoint(gateway.known(), address);
}

/** undefined: the device is gone. */
export function describe({ population, resolved }: Gateway, { device: id, address, protocol, port }: FlowQuestion): Question | undefined {
  const device = population.table.byId(id);
  if (!device) return undefined;
  const names = resolved.namesOf(address);
  const peer = population.table.byAddress(address)?.mac;
  return {
    kind: "flow", device: device.mac, address, protocol, ...(device.name === undefined ? {} : { deviceName: device.name }), ...(names.length === 0 ? {} : { names }),
    ...(port === undefined ? {} : { port }), ...(peer === undefined ? {} : { peer }),
  };
}

/** In the terms of `explain`, so that somebody who reads it can ask why. */
export function logDenied({ population, log }: Gateway, question: FlowQuestion, reason?: string): void {
  const { mac, name } = population.table.byId(question.device) ?? {};
  log.info("flow denied", { from: mac, to: question.address, service: serviceOf(question), name, reason });
}

/** Every MAC address that policy or operator name. */
export function macsIn(policy: Policy | undefined, overrides: readonly Override[]): Set<Mac> {
  const members = Object.values(policy?.groups ?? {}).flatMap((list) => list.flatMap((member) => "mac" in member ? [member.mac] : []));
  const ends = [...(policy?.rules ?? []).flatMap(({ from, to }) => [from, to]), ...overrides.flatMap((override) => "a" in override ? [override.a, override.b] : [override.device])];
  return new Set([...members, ...(policy?.quarantine ?? []), ...ends.filter((end) => end.includes(":"))]);
}
