// SPDX-License-Identifier: Apache-2.0
// The shapes of messages: messages.ts, declared for the reader.
import { ENVELOPE_VERSION, type MessageType } from "../messages.ts";
import { digest, documentKinds, documentShapes, instant, keyId, name } from "./document-shapes.ts";
import { flag, integer, list, object, oneOf, optional, pattern, scalars, type Shape, tagged, text } from "./shape.ts";

const mac = pattern(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, "a MAC address in lower case");
const stream = pattern(/^[A-Za-z0-9_-]{1,32}$/, "1 to 32 of A-Z, a-z, 0-9, _ and -");
const level = oneOf("debug", "info", "warn", "error");
const verdict = oneOf("allow", "deny");
const problem = object({ field: text(300), message: text(1000), line: optional(integer(0)) });
const refusal = object({
  kind: oneOf(...documentKinds, "unknown"), message: text(2000), sequence: optional(integer(0)), digest: optional(text(64)), at: instant,
  code: oneOf("malformed", "too-large", "version", "critical", "digest", "unsigned", "signature", "unknown-key", "revoked-key", "key-use", "key-period", "recovery-key", "epoch",
    "network", "gateway", "older", "replayed", "expired", "not-yet", "policy", "time-unknown"),
});

const reported = object({
  desired: optional(object({ sequence: integer(0), digest, version: integer(0) })),
  refused: optional(refusal),
  policy: object({
    source: oneOf("backend", "file", "last-valid", "none"), network: optional(text(100)), digest: optional(digest),
    problems: list(problem, 50), unenforced: list(object({ path: text(300), reason: text(1000) }), 100), ignored: list(text(300), 50),
  }),
  gateway: object({ version: text(50), engine: text(50), started: instant }),
  switch: object({ state: oneOf("ready", "syncing", "down"), software: optional(text(50)), bridge: text(50), ports: list(object({ name: text(50), role: text(20), number: optional(integer(0, 0xffffffff)) }), 256) }),
  healthy: flag,
  problems: list(text(1000), 50),
  overrides: list(object({ id: integer(0), text: text(300), at: text(40) }), 1000),
  keys: list(keyId, 16),
  epoch: optional(integer(0)),
  certificate: optional(object({ serial: text(64), expires: instant })),
  clock: oneOf("trusted", "floor"),
  eventsLost: integer(0),
});

const device = object({
  mac, name: optional(text(255)), port: text(50), addresses: list(text(45), 64), groups: list(text(100), 128),
  quarantined: flag, blocked: flag, reason: optional(text(300)), associated: flag,
});

const event = object({ n: integer(0), at: optional(instant), level, event: text(100, 1), fields: scalars(32, 1000) });

const question = tagged("kind", {
  flow: object({
    id: integer(0), kind: oneOf("flow"), device: mac, deviceName: optional(text(255)), address: text(45, 2), names: optional(list(text(253), 16)),
    protocol: integer(0, 255), port: optional(integer(0, 65535)), peer: optional(mac),
  }),
  device: object({ id: integer(0), kind: oneOf("device"), device: mac, port: text(50), key: optional(text(255)) }),
});

const bodies: Record<MessageType, Shape> = {
  presence: object({ state: oneOf("online", "offline"), reason: optional(oneOf("lost", "stopped", "replaced")) }),
  hello: object({
    nonce: text(64, 8), desired: optional(object({ sequence: integer(0), digest })), epoch: optional(integer(0)), keys: integer(0), revocation: integer(0),
    believes: list(keyId, 16), reported: digest, devices: digest,
    events: object({ stream, first: integer(0) }),
  }),
  reported,
  devices: object({ devices: list(device, 4096) }),
  events: object({ stream, events: list(event, 64) }),
  ask: object({ questions: list(question, 32), version: optional(integer(0)) }),
  renew: object({ csr: text(4000, 50) }),
  welcome: object({ time: documentShapes.time, want: list(oneOf("reported", "devices"), 2), stored: integer(-1) }),
  ack: object({ stream, stored: integer(-1) }),
  answers: object({ answers: list(object({ id: integer(0), verdict, lifetime: integer(0), reason: optional(text(500)) }), 32) }),
  certificate: object({ certificate: text(20_000, 50) }),
};
export const messageTypes = Object.keys(bodies) as MessageType[];

export const messageShapes = Object.fromEntries(messageTypes.map((type) => [type, object({
  v: oneOf(ENVELOPE_VERSION), type: oneOf(type), id: stream, re: optional(stream), reply: optional(text(300, 1)), expires: optional(instant), body: bodies[type],
})])) as Record<MessageType, Shape>;
