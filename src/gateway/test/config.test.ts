// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../config/parse.ts";

const config = suite("gateway configuration");

const MINIMAL = `ports: { wlan0: bss }\nnetwork: { prefixes: [10.0.0.0/24] }\n`;

config("what is left out has the documented default", () => {
  const { config: parsed, errors } = parseConfig(MINIMAL);
  assert.equal(errors, []);
  assert.equal(parsed, {
    bridge: "br0", ovsdb: "/var/run/openvswitch/db.sock", openflow: "/var/run/openvswitch/br0.mgmt", datapath: "system",
    ports: { wlan0: "bss" }, managePorts: true,
    network: { prefixes: ["10.0.0.0/24"], gateways: [], gatewayMacs: [], resolvers: [] },
    ubus: undefined, stations: undefined,
    limits: { heldPerDevice: 64, heldTotal: 1024, holdDeadline: 200, reassociationHold: 10, roamingPatience: 500, devices: 1024 },
    policy: "/etc/securebox/policy.yaml", state: "/var/lib/securebox", socket: "/var/run/securebox.sock",
    backend: { enabled: true, state: "/var/lib/securebox/backend" },
    log: { level: "info", format: "text" },
  });
});

config("the backend's directory follows the state directory, unless it is named", () => {
  assert.is(parseConfig(`state: /data\n${MINIMAL}`).config?.backend.state, "/data/backend");
  assert.equal(parseConfig(`backend: { enabled: false, state: /flash/link }\n${MINIMAL}`).config?.backend, { enabled: false, state: "/flash/link" });
  assert.match(parseConfig(`backend: { url: x }\n${MINIMAL}`).errors[0]!.message, "unknown field; expected one of enabled, state");
});

config("the management socket lies beside the OVSDB socket", () => {
  const { config: parsed } = parseConfig(`bridge: lan\novsdb: /tmp/x/db.sock\n${MINIMAL}`);
  assert.is(parsed?.openflow, "/tmp/x/lan.mgmt");
});

config("addresses become canonical", () => {
  const { config: parsed, errors } = parseConfig(`ports: { a: uplink }
network:
  prefixes: ["FD77:0:0::/64"]
  gateways: ["fd77:0:0:0:0:0:0:1", 10.77.0.1]
  gateway-macs: ["02:77:00:00:00:AB"]
`);
  assert.equal(errors, []);
  assert.equal(parsed?.network, { prefixes: ["fd77::/64"], gateways: ["fd77::1", "10.77.0.1"], gatewayMacs: ["02:77:00:00:00:ab"], resolvers: [] });
});

/** [what is wrong, text, line, field, part of the message] */
const WRONG: [string, string, number | undefined, string, RegExp][] = [
  ["not YAML", "ports: { wlan0: bss\n", undefined, "", /./],
  ["a list at the top", "- a\n", 1, "", /expected a mapping/],
  ["an empty file", "", undefined, "", /expected a mapping/],
  ["a field that does not exist", `${MINIMAL}brige: br1\n`, 3, "brige", /unknown field/],
  ["the same field twice", `${MINIMAL}ports: { a: bss }\n`, undefined, "", /unique/],
  ["an unknown role", "network: { prefixes: [10.0.0.0/24] }\nports:\n  wlan0: wifi\n", 3, "ports.wlan0", /one of bss, wired, thin, uplink, local, found "wifi"/],
  ["no ports", "network: { prefixes: [10.0.0.0/24] }\n", 1, "ports", /at least one port/],
  ["two uplinks", "ports: { a: uplink, b: uplink }\nnetwork: { prefixes: [10.0.0.0/24] }\n", 1, "ports", /at most one uplink/],
  ["no prefixes", "ports: { a: bss }\n", 1, "network.prefixes", /client subnets/],
  ["a prefix without length", "ports: { a: bss }\nnetwork:\n  prefixes: [10.0.0.0]\n", 3, "network.prefixes[0]", /a prefix such as/],
  ["a prefix that is too long", "ports: { a: bss }\nnetwork: { prefixes: [10.0.0.0/33] }\n", 2, "network.prefixes[0]", /a prefix such as/],
  ["a prefix with bits beyond its length", "ports: { a: bss }\nnetwork: { prefixes: [10.0.0.1/24] }\n", 2, "network.prefixes[0]", /the network's address/],
  ["an address that is none", `ports: { a: bss }\nnetwork: { prefixes: [10.0.0.0/24], gateways: [router] }\n`, 2, "network.gateways[0]", /IPv4 or IPv6/],
  ["a MAC that YAML reads as a number", `ports: { a: bss }\nnetwork: { prefixes: [10.0.0.0/24], gateway-macs: [12] }\n`, 2, "network.gateway-macs[0]", /MAC address/],
  ["a relative path", `${MINIMAL}stations: radio.sock\n`, 3, "stations", /absolute path/],
  ["a limit of zero", `${MINIMAL}limits:\n  held-total: 0\n`, 4, "limits.held-total", /whole number from 1/],
  ["a limit with a fraction", `${MINIMAL}limits: { devices: 1.5 }\n`, 3, "limits.devices", /whole number/],
  ["a list where a value belongs", `${MINIMAL}bridge: [br0]\n`, 3, "bridge", /found a collection/],
  ["a value where a mapping belongs", `${MINIMAL}limits: 7\n`, 3, "limits", /expected a mapping/],
  ["an interface name that is too long", "ports: { abcdefghijklmnop: bss }\nnetwork: { prefixes: [10.0.0.0/24] }\n", 1, "ports.abcdefghijklmnop", /15 characters/],
  ["a yes that YAML 1.2 reads as text", `${MINIMAL}manage-ports: yes\n`, 3, "manage-ports", /true or false/],
];

for (const [name, text, line, field, message] of WRONG) {
  config(`${name}: refused, naming line and field`, () => {
    const { config: parsed, errors } = parseConfig(text);
    assert.is(parsed, undefined);
    const error = errors.find((candidate) => candidate.field === field);
    assert.ok(error, `no error for "${field}": ${JSON.stringify(errors)}`);
    assert.match(error!.message, message);
    if (line !== undefined) assert.is(error!.line, line);
  });
}

config("all errors are told, not only the first", () => {
  assert.is(parseConfig("bridge: [x]\nwrong: 1\nports: {}\n").errors.length, 4);
});

config.run();
