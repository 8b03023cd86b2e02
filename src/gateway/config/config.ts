// SPDX-License-Identifier: Apache-2.0
import type { PortRole } from "../../wifi-isolation/network.ts";
import type { Level, LogFormat } from "../log.ts";

/** How long queues may become and how long waits may last. */
export interface Limits {
  /** Held packets of one device, and of all. */
  heldPerDevice: number;
  heldTotal: number;
  /** A held packet is decided within this time, else by its rule's fallback. Milliseconds. */
  holdDeadline: number;
  /** A MAC that re-associates while its old place is alive is refused for this long. Seconds. */
  reassociationHold: number;
  /** With thin ports: a station that turns up elsewhere has left its place when it does not answer there for so long. Milliseconds. */
  roamingPatience: number;
  /** Devices known at a time. */
  devices: number;
}

/** What one gateway is told about its machine: docs/configuration.md is the manual. */
export interface GatewayConfig {
  bridge: string;
  /** Path of ovsdb-server's unix socket. */
  ovsdb: string;
  /** Path of the bridge's management socket (OpenFlow). */
  openflow: string;
  /** Datapath of a bridge that the gateway creates: "system" (kernel) or "netdev" (userspace). */
  datapath: "system" | "netdev";
  /** Port name -> role. */
  ports: Record<string, PortRole>;
  /** Add configured ports that the bridge lacks. */
  managePorts: boolean;
  network: {
    prefixes: string[];
    gateways: string[];
    gatewayMacs: string[];
    resolvers: string[];
  };
  /** Path of ubusd's socket: stations come from hostapd there, names from the DHCP server, and the gateway's object is there. Absent: not OpenWrt. */
  ubus?: string;
  /** Path of a unix socket that tells station events, before hostapd on ubus. Without either, stations are learnt from their frames. */
  stations?: string;
  limits: Limits;
  policy: string;
  state: string;
  socket: string;
  /** `enabled: false`: standalone whatever was enrolled. `state`: directory of identity, documents and events not sent yet. */
  backend: { enabled: boolean; state: string };
  log: { level: Level; format: LogFormat };
  /** Only from /etc/config/securebox: then changes of this device are transactions, and failed starts are counted. */
  openwrt?: OpenwrtConfig;
}

export interface OpenwrtConfig {
  /** Sections of /etc/config/wireless that are set up for isolation. */
  wifi: { iface: string; groupKeys: "random" | "per-station" | "shared" }[];
  /** Wi-Fi keys of devices, written to these. */
  keys: WifiKey[];
  /** Seconds. */
  applyDeadline: number;
}

/** A key of a device, or of devices: sections of type `key`. */
export interface WifiKey {
  name: string;
  /** Secret: in no log, no message, no answer. */
  key: string;
  /** Devices that may use it; empty: any. */
  macs: string[];
  /** No other key has it, so that who is in it has proved this one. */
  vlan?: number;
  /** Sections of `wifi`; empty: all of them. */
  ifaces: string[];
}

export const DEFAULT_CONFIG_PATH = "/etc/securebox/gateway.yaml";
export const UCI_CONFIG_PATH = "/etc/config/securebox";
/** /var is in memory on OpenWrt. */
export const UCI_STATE = "/etc/securebox/state";

export const DEFAULTS = {
  bridge: "br0",
  ovsdb: "/var/run/openvswitch/db.sock",
  policy: "/etc/securebox/policy.yaml",
  state: "/var/lib/securebox",
  socket: "/var/run/securebox.sock",
  ubus: "/var/run/ubus/ubus.sock",
  limits: { heldPerDevice: 64, heldTotal: 1024, holdDeadline: 200, reassociationHold: 10, roamingPatience: 500, devices: 1024 } satisfies Limits,
} as const;
