// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PortRole, SwitchPort } from "../../wifi-isolation/network.ts";
import { tellRouter, tellVirtualMac, topologyOf } from "../topology.ts";

const test = suite("gateway: topology");
const network = { prefixes: ["10.0.0.0/24"], gateways: ["10.0.0.1"], gatewayMacs: ["02:00:00:00:00:01"], resolvers: [] };
const here: SwitchPort[] = [{ name: "wlan0", number: 2, role: "bss" }, { name: "eth0", number: 1, role: "uplink" }];

function topology(ports: Record<string, PortRole>, gatewayMacs = network.gatewayMacs) {
  return topologyOf({ network: { ...network, gatewayMacs }, ports }, { connected: true, ports: here })!;
}

function told(ports: Record<string, PortRole>, gatewayMacs?: string[]): string[] {
  const lines: string[] = [];
  const write = (level: string) => (event: string, fields?: object): void => void lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
  tellVirtualMac(topology(ports, gatewayMacs), { info: write("info"), warn: write("warn") });
  return lines;
}

test("ports by number; none: nothing is known yet", () => {
  assert.equal(topology({ wlan0: "bss" }).ports.map(({ name }) => name), ["eth0", "wlan0"]);
  assert.is(topologyOf({ network, ports: {} }, { connected: true, ports: [] }), undefined);
});

test("thin ports count as configured, not as there", () => {
  assert.is(topology({ wlan0: "bss" }).thin, undefined);
  assert.is(topology({ wlan0: "bss", ap1: "thin" }).thin, true);
});

test("the virtual MAC is told; a warning where it is nobody's", () => {
  assert.equal(told({ wlan0: "bss" }), []);
  assert.equal(told({ ap1: "thin" }), ['info thin edge {"virtualMac":"02:00:00:00:00:01"}']);
  assert.match(told({ ap1: "thin" }, [])[0]!, /^warn thin edge without gateway-macs.*"02:5b:/);
});

test("a router whose MAC address nobody told is warned of; none beyond an uplink needs none", () => {
  const warned = (ports: Record<string, PortRole>, gatewayMacs: string[]): string[] => {
    const lines: string[] = [];
    tellRouter({ network: { ...network, gatewayMacs }, ports }, { warn: (event) => void lines.push(event) });
    return lines;
  };
  assert.match(warned({ wlan0: "bss", eth0: "uplink" }, [])[0]!, /^no gateway-macs/);
  assert.equal(warned({ wlan0: "bss", eth0: "uplink" }, network.gatewayMacs), []);
  assert.equal(warned({ wlan0: "bss", br0: "local" }, []), []);
});

test.run();
