// SPDX-License-Identifier: Apache-2.0
// Rows as a school and a small shop could have them. Times are relative to `now`.
import { parsePolicy, type PublicKey, type Reported } from "@securebox/contract";
import type { AuditRow, DeviceRow, EnrolmentRequest, EventRow, GatewayRow, NetworkRow, PolicyVersion, VerdictRow } from "../../src/ports.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const iso = (at: number): string => new Date(at).toISOString();
const mac = (network: number, n: number): string => `02:00:00:00:${String(network).padStart(2, "0")}:${n.toString(16).padStart(2, "0")}`;
const digest = (seed: string): string => seed.repeat(64).slice(0, 64);

export const POLICY = `# Between devices everything that no rule allows is denied, and so is the internet.
network: school

groups:
  staff:     [ { mac: "02:00:00:00:01:01" }, { mac: "02:00:00:00:01:02" } ]
  tablets:   [ { mac: "02:00:00:00:01:05" }, { mac: "02:00:00:00:01:06" }, { mac: "02:00:00:00:01:07" } ]
  printers:  [ { mac: "02:00:00:00:01:03" } ]
  projectors: [ { mac: "02:00:00:00:01:04" } ]
  cameras:   [ { mac: "02:00:00:00:01:08" } ]

rules:
  - { from: staff,   to: printers,   allow: [tcp/631, tcp/9100, icmp] }
  - { from: staff,   to: projectors, allow: [tcp/7000, mdns] }
  - { from: staff,   to: internet,   allow: all }
  - { from: tablets, to: internet,   allow: [tcp/443, udp/443], otherwise: ask, fallback: deny }
  # The camera talks to its vendor, by name, and to nobody else.
  - { from: cameras, to: internet,   allow: [ "tcp/443@dns:*.vendor.example" ], otherwise: deny }

quarantine: [ "02:00:00:00:01:09" ]
`;

export function networks(now: number): NetworkRow[] {
  return [
    { name: "school", title: "Lindenhof primary school", settings: {}, policyVersion: 4, created: iso(now - 90 * DAY) },
    { name: "shop", title: "Bakery, Market Street", settings: {}, policyVersion: 1, created: iso(now - 30 * DAY) },
    { name: "workshop", title: "", settings: {}, policyVersion: 0, created: iso(now - 2 * HOUR) },
  ];
}

export function policies(now: number): PolicyVersion[] {
  const version = (network: string, number: number, text: string, author: string, reason: string, age: number, rolledBackFrom?: number): PolicyVersion => {
    const result = parsePolicy(text);
    if (!result.ok) throw new Error(`${network} ${number}: ${result.problems[0]!.message}`);
    return { network, version: number, text, policy: result.policy, digest: digest(`${number}a`), author, reason, created: iso(now - age), ...(rolledBackFrom === undefined ? {} : { rolledBackFrom }) };
  };
  const first = POLICY.replace(/ {2}# The camera[^\n]*\n[^\n]*\n/, "").replace(", otherwise: ask, fallback: deny", "");
  const open = POLICY.replace("allow: [tcp/443, udp/443], otherwise: ask, fallback: deny", "allow: all");
  return [
    version("school", 1, first, "anna", "first rules for staff and tablets", 80 * DAY),
    version("school", 2, open, "ben", "tablets for the reading week", 20 * DAY),
    version("school", 3, first, "anna", "reading week is over", 13 * DAY, 1),
    version("school", 4, POLICY, "anna", "the camera may not phone home", 3 * HOUR),
    version("shop", 1, "network: shop\nrules: []\n", "anna", "closed until the till is known", 29 * DAY),
  ];
}

function reported(version: number, more: Partial<Reported> = {}): Reported {
  const port = (name: string, role: string, number: number) => ({ name, role, number });
  return {
    desired: { sequence: 40 + version, digest: digest(`${version}a`), version },
    policy: { source: "backend", network: "school", digest: digest(`${version}b`), problems: [], unenforced: [], ignored: [] },
    gateway: { version: "0.1.0", engine: "QuickJS 2025-04-26", started: Date.now() - 5 * DAY },
    switch: { state: "ready", software: "Open vSwitch 3.1.0", bridge: "br-secure", ports: [port("wlan0", "stations", 1), port("wlan1", "stations", 2), port("lan1", "uplink", 3), port("br-secure", "gateway", 65534)] },
    healthy: true, problems: [], overrides: [], keys: version === 4 ? ["5f0c2d1b9a8e7764", "b07e55f1c40d9a12", "c2d90a7be1f34586"] : ["5f0c2d1b9a8e7764", "b07e55f1c40d9a12"], certificate: { serial: "4a1f", expires: Date.now() + 60 * DAY }, clock: "trusted", eventsLost: 0, ...more,
  };
}

export function gatewaysOf(now: number): GatewayRow[] {
  const row = (id: string, title: string, more: Partial<GatewayRow>): GatewayRow => ({
    id, title, network: "school", created: iso(now - 60 * DAY), state: "enrolled", presence: "online", presenceSince: iso(now - 5 * DAY), lastSeen: iso(now - 20_000),
    certificate: { serial: "4a1f", fingerprint: digest("c4"), expires: iso(now + 60 * DAY) }, desired: { sequence: 44, digest: digest("4a"), version: 4, issued: iso(now - 3 * HOUR) },
    reported: reported(4), reportedAt: iso(now - 3 * HOUR + 900), ...more,
  });
  const refused = { kind: "desired" as const, code: "expired" as const, message: "the document expired 2 h before its issue time is believed here", sequence: 44, digest: digest("4a"), at: now - 2 * HOUR };
  return [
    row("hall", "Entrance hall", {}),
    row("library", "Library, first floor", {
      reported: reported(3, { refused, healthy: false, problems: ["port wlan1 is not in the bridge"], overrides: [{ id: 3, text: "02:00:00:00:01:0a may reach nothing until 18:00", at: iso(now - HOUR) }] }),
      drift: { kind: "refused", message: `it refused version 4 (expired): ${refused.message}` },
    }),
    row("gym", "Gym", { presence: "offline", presenceSince: iso(now - 26 * HOUR), lastSeen: iso(now - 26 * HOUR), reported: reported(3), drift: { kind: "offline", message: `it has version 3, should have 4, and is offline since ${iso(now - 26 * HOUR)}` }, certificate: { serial: "4a20", fingerprint: digest("c5"), expires: iso(now + 6 * DAY) } }),
    row("staff-room", "Staff room", { reported: reported(3), reportedAt: iso(now - 4 * MINUTE), drift: { kind: "behind", message: "it has version 3 and should have 4" } }),
    row("old-hall", "", { state: "revoked", presence: "offline", lastSeen: iso(now - 45 * DAY), reported: undefined, reportedAt: undefined, desired: undefined, certificate: { serial: "3f00", fingerprint: digest("c6"), expires: iso(now - 10 * DAY) } }),
    row("till", "Counter", { network: "shop", desired: { sequence: 2, digest: digest("1a"), version: 1, issued: iso(now - 29 * DAY) }, reported: reported(1) }),
  ];
}

/** Oldest first; gateways that reported lately know all but the newest. */
export function keysOf(now: number): PublicKey[] {
  const key = (id: string, use: PublicKey["use"], age: number, life: number): PublicKey => ({ id, use, publicKey: "-----BEGIN PUBLIC KEY-----", notBefore: now - age, notAfter: now - age + life });
  return [key("5f0c2d1b9a8e7764", "sign", 90 * DAY, 1825 * DAY), key("b07e55f1c40d9a12", "recovery", 90 * DAY, 7300 * DAY), key("c2d90a7be1f34586", "sign", HOUR, 1825 * DAY)];
}

export function devicesOf(now: number): DeviceRow[] {
  const row = (n: number, name: string | undefined, groups: string[], more: Partial<DeviceRow> = {}): DeviceRow => ({
    network: "school", mac: mac(1, n), ...(name ? { name } : {}), gateway: "hall", port: "wlan0", addresses: [`192.0.2.${10 + n}`, `2001:db8::${n}`], groups,
    quarantined: false, blocked: false, associated: true, firstSeen: iso(now - 50 * DAY), lastSeen: iso(now - n * MINUTE), ...more,
  });
  return [
    row(1, "anna-laptop", ["staff"]), row(2, "ben-laptop", ["staff"], { gateway: "staff-room", port: "wlan1" }), row(3, "printer-office", ["printers"], { gateway: "staff-room" }),
    row(4, "projector-hall", ["projectors"]), row(5, "tablet-01", ["tablets"], { gateway: "library" }), row(6, "tablet-02", ["tablets"], { gateway: "library" }),
    row(7, "tablet-03", ["tablets"], { associated: false, lastSeen: iso(now - 3 * DAY) }), row(8, "camera-door", ["cameras"]),
    row(9, "old-nas", [], { quarantined: true, reason: "named in the policy's quarantine" }), row(10, undefined, [], { gateway: "library", blocked: true, reason: "two ports claim this address at the same time" }),
    row(11, undefined, [], { addresses: [] }),
    { ...row(12, "till-1", ["tills"], { gateway: "till" }), network: "shop" },
  ];
}

export function eventsOf(now: number): EventRow[] {
  const told: [level: string, event: string, gateway: string, fields: Record<string, unknown>][] = [
    ["info", "policy-applied", "hall", { version: 4, rules: 5, milliseconds: 38 }], ["info", "device-associated", "library", { mac: mac(1, 5), port: "wlan0" }],
    ["warn", "document-refused", "library", { kind: "desired", code: "expired", sequence: 44 }], ["warn", "device-blocked", "library", { mac: mac(1, 10), reason: "two ports claim this address" }],
    ["error", "port-missing", "library", { port: "wlan1" }], ["info", "flow-denied", "hall", { mac: mac(1, 8), address: "203.0.113.9", service: "tcp/443" }], ["debug", "address-learnt", "hall", { mac: mac(1, 1), address: "192.0.2.11" }],
  ];
  return Array.from({ length: 120 }, (_, index) => {
    const [level, event, gateway, fields] = told[index % told.length]!;
    const at = iso(now - (120 - index) * 7 * MINUTE);
    return { id: index + 1, network: "school", gateway, at, received: at, level, event, fields };
  });
}

export function auditOf(now: number): AuditRow[] {
  const rows: Omit<AuditRow, "id" | "at">[] = [
    { actor: "admin", action: "network.create", target: "workshop", network: "workshop", outcome: "done", detail: {}, remote: "192.0.2.9" },
    { actor: "ben", action: "session.start", target: "ben", outcome: "refused", detail: { reason: "the name or the password is wrong" }, remote: "192.0.2.40" },
    { actor: "anna", action: "policy.push", target: "school", network: "school", outcome: "done", detail: { version: 4, reason: "the camera may not phone home" }, remote: "192.0.2.9" },
    { actor: "reports (token)", action: "policy.push", target: "school", network: "school", outcome: "refused", detail: { reason: "the role viewer does not allow it" }, remote: "192.0.2.77" },
  ];
  return rows.map((row, index) => ({ ...row, id: index + 1, at: iso(now - (rows.length - index) * HOUR) }));
}

export function verdictsOf(now: number): VerdictRow[] {
  const row = (id: number, more: Partial<VerdictRow>): VerdictRow => ({ id, network: "school", device: mac(1, 5), remote: "198.51.100.0/24", protocol: 6, port: 8443, kind: "flow", verdict: "allow", reason: "the reading app's own port", author: "anna", lifetime: 3600, created: iso(now - 4 * DAY), ...more });
  return [row(1, {}), row(2, { device: mac(1, 10), remote: "*", kind: "device", verdict: "deny", reason: "nobody knows whose it is", author: "ben", expires: iso(now + 5 * DAY), protocol: undefined, port: undefined })];
}

export function requestOf(now: number): EnrolmentRequest {
  return { id: "Zk3vQ", gateway: "gym", network: "school", created: iso(now - 12 * MINUTE), keyFingerprint: digest("b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"), sameKey: false, remote: "192.0.2.7", state: "open" };
}

/** All lines of the one, then of the other: enough for a stand-in. */
export function unifiedDiff(before: string, after: string): string {
  return before === after ? "" : [...before.split("\n").map((line) => `-${line}`), ...after.split("\n").map((line) => `+${line}`)].join("\n");
}
