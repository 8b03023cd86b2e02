// SPDX-License-Identifier: Apache-2.0
import type { PortRole } from "../../wifi-isolation/network.ts";
import type { FileProblem } from "../control/protocol.ts";
import { LEVELS } from "../log.ts";
import { boolean, integer, interfaceName, ip, isInterfaceName, mac, oneOf, path, prefix } from "./checks.ts";
import { DEFAULTS, type GatewayConfig, type Limits } from "./config.ts";
import { readYaml, type Fields } from "./reader.ts";

const ROLES = ["bss", "wired", "thin", "uplink", "local"] as const;

/** The configuration, or everything that is wrong with it. */
export function parseConfig(text: string): { config?: GatewayConfig; errors: FileProblem[] } {
  const { fields, problems } = readYaml(text);
  if (!fields) return { errors: problems.list };
  const config = readConfig(fields);
  return problems.list.length > 0 ? { errors: problems.list } : { config, errors: [] };
}

function readConfig(fields: Fields): GatewayConfig {
  const bridge = fields.scalar("bridge", interfaceName, DEFAULTS.bridge);
  const ovsdb = fields.scalar("ovsdb", path, DEFAULTS.ovsdb);
  const log = fields.fields("log");
  const backend = fields.fields("backend");
  const state = fields.scalar("state", path, DEFAULTS.state);
  const config: GatewayConfig = {
    bridge,
    ovsdb,
    openflow: fields.scalar("openflow", path, `${ovsdb.slice(0, ovsdb.lastIndexOf("/"))}/${bridge}.mgmt`),
    datapath: fields.scalar("datapath", oneOf("system", "netdev"), "system"),
    ports: readPorts(fields, fields.fields("ports")),
    managePorts: fields.scalar("manage-ports", boolean, true),
    network: readNetwork(fields, fields.fields("network")),
    ubus: fields.scalar("ubus", path, undefined),
    stations: fields.scalar("stations", path, undefined),
    limits: readLimits(fields.fields("limits")),
    policy: fields.scalar("policy", path, DEFAULTS.policy),
    state,
    socket: fields.scalar("socket", path, DEFAULTS.socket),
    backend: { enabled: backend.scalar("enabled", boolean, true), state: backend.scalar("state", path, `${state}/backend`) },
    log: { level: log.scalar("level", oneOf(...LEVELS), "info"), format: log.scalar("format", oneOf("text", "json", "logd"), "text") },
  };
  log.end();
  backend.end();
  fields.end();
  return config;
}

function readPorts(parent: Fields, fields: Fields): Record<string, PortRole> {
  const ports: Record<string, PortRole> = {};
  for (const name of fields.names) {
    const role = fields.scalar(name, isInterfaceName(name) ? oneOf(...ROLES) : () => ({ expected: "an interface name of at most 15 characters as field name" }), undefined);
    if (role) ports[name] = role;
  }
  const roles = Object.values(ports);
  if (roles.length === 0) parent.missing("ports", "expected at least one port with a role, such as wlan0: bss");
  else if (roles.filter((role) => role === "uplink").length > 1) parent.missing("ports", "expected at most one uplink");
  return ports;
}

function readNetwork(parent: Fields, fields: Fields): GatewayConfig["network"] {
  const network = {
    prefixes: fields.list("prefixes", prefix),
    gateways: fields.list("gateways", ip),
    gatewayMacs: fields.list("gateway-macs", mac),
    resolvers: fields.list("resolvers", ip),
  };
  fields.end();
  if (network.prefixes.length === 0) parent.missing("network.prefixes", "expected the client subnets, such as [10.0.0.0/24]");
  return network;
}

function readLimits(fields: Fields): Limits {
  const { limits } = DEFAULTS;
  const read = {
    heldPerDevice: fields.scalar("held-per-device", integer(1, 4096), limits.heldPerDevice),
    heldTotal: fields.scalar("held-total", integer(1, 65_536), limits.heldTotal),
    holdDeadline: fields.scalar("hold-deadline-ms", integer(10, 60_000), limits.holdDeadline),
    roamingPatience: fields.scalar("roaming-patience-ms", integer(100, 10_000), limits.roamingPatience),
    reassociationHold: fields.scalar("reassociation-hold-s", integer(0, 3600), limits.reassociationHold),
    devices: fields.scalar("devices", integer(1, 65_534), limits.devices),
  };
  fields.end();
  return read;
}
