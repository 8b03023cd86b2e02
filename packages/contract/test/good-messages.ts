// SPDX-License-Identifier: Apache-2.0
// One believable body of every message type, with all its optional fields.
import type { Messages, SignedDocument } from "@securebox/contract";
import vectors from "./vectors/documents.json" with { type: "json" };

const digest = "ab".repeat(32);

export const good: Messages = {
  presence: { state: "offline", reason: "lost" },
  hello: { nonce: "0123456789abcdef", desired: { sequence: 7, digest }, keys: 1, revocation: 0, believes: ["0123456789abcdef"], reported: digest, devices: digest, events: { stream: "s-1", first: 3 } },
  reported: {
    desired: { sequence: 7, digest, version: 3 },
    refused: { kind: "desired", code: "older", message: "sequence: 6 is older than 7", sequence: 6, digest, at: 1_800_000_000_000 },
    policy: { source: "backend", network: "home", digest, problems: [{ field: "rules[0]", message: "never decides", line: 4 }], unenforced: [{ path: "groups.x[0]", reason: "psk" }], ignored: ["body.curfew"] },
    gateway: { version: "0.1.0", engine: "quickjs", started: 1_800_000_000_000 },
    switch: { state: "ready", software: "2.17.9", bridge: "br0", ports: [{ name: "wlan0", role: "bss", number: 1 }] },
    healthy: false, problems: ["the switch is slow"], overrides: [{ id: 1, text: "allow a b", at: "2026-11-23T00:00:00.000Z" }], keys: ["0123456789abcdef"],
    certificate: { serial: "0a", expires: 1_800_000_000_000 }, clock: "trusted", eventsLost: 2,
  },
  devices: { devices: [{ mac: "02:00:00:00:00:11", name: "laptop", port: "wlan0", addresses: ["10.0.0.2", "2001:db8::2"], groups: ["family"], quarantined: false, blocked: true, reason: "two places", associated: true }] },
  events: { stream: "s-1", events: [{ n: 3, at: 1_800_000_000_000, level: "warn", event: "device blocked", fields: { mac: "02:00:00:00:00:11", port: 1, known: true } }] },
  ask: { version: 3, questions: [
    { id: 1, kind: "flow", device: "02:00:00:00:00:11", deviceName: "laptop", address: "192.0.2.1", names: ["example.org"], protocol: 6, port: 443, peer: "02:00:00:00:00:12" },
    { id: 2, kind: "device", device: "02:00:00:00:00:12", port: "wlan0", key: "alice" },
  ] },
  renew: { csr: "-----BEGIN CERTIFICATE REQUEST-----\nMIIBADCBpwIBADBFMQ\n-----END CERTIFICATE REQUEST-----\n" },
  welcome: { time: JSON.parse(vectors.documents.time) as SignedDocument<"time">, want: ["reported", "devices"], stored: -1 },
  ack: { stream: "s-1", stored: 12 },
  answers: { answers: [{ id: 1, verdict: "deny", lifetime: 60_000, reason: "quarantine" }] },
  certificate: { certificate: "-----BEGIN CERTIFICATE-----\nMIIBADCBpwIBADBFMQ\n-----END CERTIFICATE-----\n" },
};
