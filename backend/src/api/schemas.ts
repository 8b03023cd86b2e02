// SPDX-License-Identifier: Apache-2.0
// JSON Schemas of the rows of ports.ts as they go over HTTP. Answers list their fields, so that nothing else of a row leaves the process.
import { NAME } from "@securebox/contract";
import { ROLES } from "./roles.ts";

export type Schema = Record<string, unknown>;

const string = { type: "string" };
const boolean = { type: "boolean" };
const integer = { type: "integer" };
const time = { type: "string", format: "date-time" };
const free = { type: "object", additionalProperties: true };

/** `optional`: names of fields that may be absent; all others are required. */
export function object(properties: Record<string, Schema>, optional: string[] = [], more: Schema = {}): Schema {
  return { type: "object", additionalProperties: false, required: Object.keys(properties).filter((name) => !optional.includes(name)), properties, ...more };
}
export const list = (items: Schema, more: Schema = {}): Schema => ({ type: "array", items, ...more });
export const ref = (name: string): Schema => ({ $ref: `${name}#` });
/** Of a listing: `next` is there when there is more; give it as `before`. */
export const page = (name: string): Schema => object({ items: list(ref(name)), next: { type: "integer", description: "give it as `before` to get the next page" } }, ["next"]);
export const items = (name: string): Schema => object({ items: list(ref(name)) });

/** Without NUL, which PostgreSQL's text cannot hold. */
export const text = (least: number, most: number, more: Schema = {}): Schema => ({ type: "string", minLength: least, maxLength: most, pattern: "^[^\\u0000]*$", ...more });
export const name = { type: "string", pattern: NAME.source, description: "1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit" };
export const userName = { type: "string", pattern: "^[a-z0-9][a-z0-9._@-]{0,62}$", description: "1 to 63 of a-z, 0-9, '.', '_', '@' and '-'" };
export const password = text(12, 200, { description: "at least 12 characters" });
export const role = { type: "string", enum: ROLES };
export const networkNames = list(name, { maxItems: 1000, uniqueItems: true, description: "absent: all networks" });
export const reason = text(1, 1000, { description: "why, for the history" });
export const id = { type: "integer", minimum: 1, maximum: 2_147_483_647 };
export const version = { type: "integer", minimum: 0, maximum: 2_147_483_647 };
export const csr = text(1, 8192, { description: "certificate signing request (PKCS #10, PEM) of a P-256 key" });

const settings = object({
  events: { type: "string", enum: ["debug", "info", "warn", "error"], description: "least level of the events that go to the backend; default info" },
  askDevices: { type: "boolean", description: "whether new devices are asked about while their first packet is held; default true" },
}, ["events", "askDevices"]);

const policyHead = {
  network: string, version: integer, digest: string, author: string, reason: string, created: time, rolledBackFrom: integer,
};
const problem = { type: "object", additionalProperties: true, properties: { line: integer, column: integer, field: string, message: string, expected: string, suggestion: string } };
const publicKey = object({ id: string, use: { type: "string", enum: ["sign", "recovery"] }, publicKey: string, notBefore: integer, notAfter: integer });

/** By name; `ref(name)` refers to them. */
export const SHARED: Record<string, Schema> = {
  Error: object({
    error: object({
      code: { type: "string", description: "for programs: bad-request, unauthorised, forbidden, not-found, conflict, too-large, unsupported-media-type, invalid, too-many, unavailable or internal" },
      message: { type: "string", description: "one sentence for people" },
      field: { type: "string", description: "path of the field that is wrong" },
      details: {},
    }, ["field", "details"]),
  }),
  Settings: settings,
  Problem: problem,
  User: object({ name: string, role, networks: list(string), created: time }, ["networks"]),
  Me: object({ name: string, kind: { type: "string", enum: ["user", "token", "gateway", "system"] }, role, networks: list(string) }, ["networks"]),
  Token: object({ id: integer, title: string, owner: string, role, networks: list(string), created: time, expires: time, used: time, revoked: time },
    ["owner", "networks", "expires", "used", "revoked"]),
  Network: object({ name: string, title: string, settings, policyVersion: { type: "integer", description: "0: none yet" }, created: time }),
  PolicyHead: object(policyHead, ["rolledBackFrom"]),
  PolicyVersion: object({ ...policyHead, text: { type: "string", description: "as it was pushed" }, policy: { ...free, description: "as read; JSON Schema: policy-1.json of @securebox/contract" } }, ["rolledBackFrom"]),
  DryRun: object({
    valid: boolean, problems: list(ref("Problem")), warnings: list(ref("Problem")),
    unenforced: list(object({ path: string, reason: string, line: integer }, ["line"])),
    diff: { type: "string", description: "unified diff of the texts, current to new" },
    changes: list(object({ from: string, to: string, service: string, before: string, after: string }), { description: "pairs of known devices whose decisions change; at most 200" }),
    total: { type: "integer", description: "how many change, shown or not; with \"time\" in `cut`: at least" },
    cut: list({ type: "string", enum: ["devices", "changes", "time"] }, { description: "why there are more changes, or may be, empty when these are all; devices: only the 500 seen last were compared, changes: there are more than 200, time: comparing took longer than 4 s" }),
    gateways: { type: "integer", description: "how many gateways would get it" },
  }),
  Gateway: object({
    id: string, network: string, title: string, created: time, state: { type: "string", enum: ["enrolled", "revoked"] },
    presence: { type: "string", enum: ["online", "offline"] }, presenceSince: time, lastSeen: time,
    certificate: object({ serial: string, fingerprint: string, expires: time }),
    desired: object({ sequence: integer, digest: string, version: integer, issued: time }),
    reported: { ...free, description: "what the gateway says is in force: Reported in packages/contract/src/messages.ts" }, reportedAt: time,
    drift: object({ kind: { type: "string", enum: ["never-reported", "held", "refused", "behind", "offline", "unhealthy"] }, message: string }, [], { description: "absent: the gateway reports what it should" }),
  }, ["presenceSince", "lastSeen", "certificate", "desired", "reported", "reportedAt", "drift"]),
  Device: object({
    network: string, mac: string, name: string, gateway: string, port: string, addresses: list(string), groups: list(string),
    quarantined: boolean, blocked: boolean, reason: string, associated: boolean, firstSeen: time, lastSeen: time,
  }, ["name", "reason"]),
  Event: object({ id: integer, network: string, gateway: string, at: time, received: time, level: string, event: string, fields: free }, ["gateway"]),
  Audit: object({ id: integer, at: time, actor: string, action: string, target: string, network: string, outcome: { type: "string", enum: ["done", "refused"] }, detail: free, remote: string }, ["network", "remote"]),
  Verdict: object({
    id: integer, network: string, device: string, remote: string, protocol: integer, port: integer, kind: { type: "string", enum: ["flow", "device"] },
    verdict: { type: "string", enum: ["allow", "deny"] }, reason: string, author: string, lifetime: integer, expires: time, created: time,
  }, ["protocol", "port", "expires"]),
  EnrolmentRequest: object({
    id: string, gateway: string, network: string, created: time, keyFingerprint: string, sameKey: boolean, remote: string, state: { type: "string", enum: ["open", "approved", "rejected"] },
  }),
  Enrolled: object({ network: string, gateway: string, broker: string, certificate: string, ca: string, keys: list(publicKey), epoch: integer, now: integer }, ["epoch"]),
  PublicKey: publicKey,
  RecoveryPlan: object({ documents: list({ ...free, description: "to be signed by the recovery key: SignedDocument<\"keys\"> in packages/contract/src/documents.ts, without v, key, digest and signature" }) }),
};
