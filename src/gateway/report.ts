// SPDX-License-Identifier: Apache-2.0
// What the gateway tells about itself, and what it makes of an operator's words.
import { groupsOf } from "@securebox/contract";
import type { Device, Override } from "../wifi-isolation/index.ts";
import { ControlFailure, type DeviceResult, type StatusResult, type SwitchStatus } from "./control/protocol.ts";
import { findDevice, resolveEndpoint, type Known } from "./explain.ts";
import type { Gateway } from "./gateway.ts";
import type { AnnouncedName } from "./names/index.ts";
import { VERSION } from "./version.ts";

/** A device of a wired port, or of a radio that tells nothing, counts as present when it was seen so recently. */
const PRESENT_SECONDS = 300;

export function statusOf(gateway: Gateway): StatusResult {
  const { platform, state, backend } = gateway;
  const devices = gateway.devices();
  const status: StatusResult = {
    version: VERSION, engine: platform.engine, pid: platform.processes.pid, uptime: Math.round(platform.time.now() - gateway.started) / 1000,
    healthy: false, problems: [], switch: switchStatus(gateway), policy: gateway.policies.status,
    devices: {
      known: devices.length, present: devices.filter(({ associated, idle }) => associated || idle < PRESENT_SECONDS).length,
      quarantined: devices.filter((device) => device.quarantined).length, blocked: devices.filter((device) => device.blocked).length,
    },
    held: gateway.dispatcher.statistics,
    stations: stationsStatus(gateway),
    ...(gateway.bus ? { bus: { path: gateway.bus.path, connected: gateway.bus.connected } } : {}),
    state: { path: state.path, saved: state.saved, error: state.error },
    ...(backend.status === undefined ? {} : { backend: backend.status }),
    memory: platform.processes.memory(),
  };
  status.problems = problemsOf(gateway, status);
  status.healthy = status.problems.length === 0;
  return status;
}

function stationsStatus({ population, config }: Gateway): StatusResult["stations"] {
  if (!population.source) return { source: "none" };
  return { source: population.source.connected ? "connected" : "down", path: config.stations };
}

function switchStatus({ config, bridge, reconciler, lastSync, switch: device }: Gateway): SwitchStatus {
  const known = bridge?.state.ports ?? [];
  const ofStations = known.filter(({ name }) => config.ports[name] === undefined);
  const ports = [...Object.entries(config.ports).map(([name, role]) => ({ name, role, number: known.find((port) => port.name === name)?.number })), ...ofStations.map(({ name, role, number }) => ({ name, role, number }))];
  const { ctFlush = false, ctFlushZone = false, bundles = false, flowMonitor = false, ndRewrite = false } = device.abilities ?? {};
  return {
    state: reconciler.state, bridge: config.bridge, version: device.version, software: bridge?.state.software ?? device.abilities?.description.software,
    flows: reconciler.flows, ports, features: { ctFlush, ctFlushZone, bundles, flowMonitor, ndRewrite },
    lastError: reconciler.lastError ?? bridge?.state.problem ?? device.problem, lastSync, bundles: reconciler.bundles, refused: reconciler.refused,
  };
}

/** What keeps the gateway from doing all that it should, worst first. */
function problemsOf({ bridge, changes, wrongConfiguration }: Gateway, { switch: device, policy, state, stations, bus, backend }: StatusResult): string[] {
  const missing = device.ports.filter((port) => port.number === undefined).map((port) => port.name);
  return [
    wrongConfiguration === undefined ? "" : `the configuration is wrong, and the last right one is in force: ${wrongConfiguration}`,
    device.state === "down" ? `the switch is not connected; it keeps the flows it has${device.lastError ? `: ${device.lastError}` : ""}` : "",
    device.state === "syncing" ? `flows are not in force yet${device.lastError ? `: ${device.lastError}` : ""}` : "",
    bridge?.state.connected ? "" : "the switch's database is not connected: ports cannot be followed",
    missing.length > 0 ? `ports missing in the switch: ${missing.join(", ")}` : "",
    policy.source === "none" ? "no policy is in force: everything is denied" : "",
    policy.errors.length > 0 ? `the policy file is invalid${policy.source === "last-valid" ? "; the last valid policy is in force" : ""}` : "",
    bus && !bus.connected ? `ubus is not connected: ${bus.path}` : "",
    stations.source === "down" && bus?.connected !== false ? (stations.path ? "the source of station events is not connected" : "hostapd does not tell of every radio's stations") : "",
    state.error ? `the state cannot be saved: ${state.error}` : "",
    backend?.storeError ? `the link's state cannot be stored, so no newer policy of the backend comes into force: ${backend.storeError}` : "",
    ...changes?.problems ?? [],
  ].filter((problem) => problem !== "");
}

export function deviceResult({ policies, overrides, population, platform }: Gateway, device: Device, called: AnnouncedName | undefined): DeviceResult {
  const info = population.table.info(device.mac, platform.time.now());
  const { policy } = policies;
  const quarantined = (policy?.quarantine.includes(device.mac) ?? false) || overrides.list.some((override) => override.kind === "quarantine" && override.device === device.mac);
  return {
    id: device.id, mac: device.mac, name: device.name, ...(called ? { announced: called } : {}), port: device.port, addresses: device.addresses,
    groups: policy ? groupsOf(policy, device.mac) : [], quarantined,
    ...(overrides.list.some((override) => override.kind === "isolate" && override.device === device.mac) ? { isolated: true as const } : {}), blocked: device.blocked ?? false,
    ...(info?.blocked === undefined ? {} : { reason: info.blocked }), associated: info?.associated ?? false, idle: info?.idle ?? 0,
  };
}

/** An operator's words as an override of MAC addresses: names and addresses may change hands, MAC addresses do not. */
export function overrideOf(known: Known, given: Override): Override {
  if ("device" in given) return { kind: given.kind, device: macOf(known, given.device) };
  const a = endOf(known, given.a);
  const b = endOf(known, given.b);
  if (!a.includes(":") && !b.includes(":")) throw new ControlFailure("refused", "at least one end must be a device");
  if (a === b) throw new ControlFailure("refused", "both ends are the same device");
  return { kind: given.kind, a, b, service: given.service };
}

function macOf(known: Known, text: string): string {
  const end = findDevice(known.devices, text)?.mac ?? text.toLowerCase();
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(end)) throw new ControlFailure("not-found", `no device has the name, MAC or IP address "${text}"`);
  return end;
}

/** A MAC address, "internet" or "gateway". */
function endOf(known: Known, text: string): string {
  const end = resolveEndpoint(known, text);
  if (end.kind === "device") return end.mac;
  if (end.kind === "internet" && (end.address !== undefined || end.names !== undefined)) {
    throw new ControlFailure("refused", `"${text}" is outside: name "internet", with the service ${end.address ?? `dns:${end.names?.[0]}`}`);
  }
  return end.kind;
}
