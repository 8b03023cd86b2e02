// SPDX-License-Identifier: Apache-2.0
// What the backend is told. Digests of these decide whether anything is sent, so there are no figures that change by themselves, and lists have an order.
import { encodePolicy, hexadecimal, type Devices, type Reported } from "@securebox/contract";
import type { LinkHost } from "../../backend-link/types.ts";
import type { Gateway } from "../gateway.ts";
import { VERSION } from "../version.ts";

type Told = ReturnType<LinkHost["reported"]>;

/** Longest lists of problems; a policy may have more. */
const MAX_PROBLEMS = 50;

export function reportedOf(gateway: Gateway): Told {
  const { healthy, problems, switch: { state, software, bridge, ports } } = gateway.status();
  return {
    policy: policyOf(gateway),
    gateway: { version: VERSION, engine: gateway.platform.engine, started: gateway.startedDate },
    switch: { state, ...(software === undefined ? {} : { software }), bridge, ports: ports.map(({ name, role, number }) => ({ name, role, ...(number === undefined ? {} : { number }) })) },
    healthy, problems: problems.slice(0, MAX_PROBLEMS),
    overrides: gateway.overrides.records.map(({ id, text, at }) => ({ id, text, at })),
  };
}

/** Of the policy that the switch acknowledged last: what is only on its way is not in force. */
function policyOf({ policies, platform }: Gateway): Reported["policy"] {
  const { errors, ...wanted } = policies.status;
  const { source, network, digest, unenforced, ignored = [] } = policies.proven ?? { ...wanted, source: "none" as const, network: undefined, digest: undefined, unenforced: [], ignored: [] };
  // A file's digest is of its text; what compares is the policy's.
  const canonical = source === "backend" || source === "none" ? digest
    : policies.policy && policies.status.digest === digest ? hexadecimal(platform.crypto.sha256(new TextEncoder().encode(encodePolicy(policies.policy)))) : undefined;
  return {
    source, ...(network === undefined ? {} : { network }), ...(canonical === undefined ? {} : { digest: canonical }),
    problems: errors.slice(0, MAX_PROBLEMS).map(({ field, message, line }) => ({ field, message, ...(line === undefined ? {} : { line }) })),
    unenforced: unenforced.slice(0, MAX_PROBLEMS).map(({ path, reason }) => ({ path, reason })), ignored: ignored.slice(0, MAX_PROBLEMS),
  };
}

export function devicesOf(gateway: Gateway): Devices {
  const devices = gateway.devices().map(({ mac, name, port, addresses, groups, quarantined, blocked, reason, associated }) => ({
    mac, ...(name === undefined ? {} : { name }), port, addresses: [...addresses].sort(), groups, quarantined, blocked, ...(reason === undefined ? {} : { reason }), associated,
  }));
  return { devices: devices.sort((a, b) => (a.mac < b.mac ? -1 : 1)) };
}
