// SPDX-License-Identifier: Apache-2.0
// What the rooms of the backend are to each other. Each room implements its interface and takes the others as arguments; backend/src/start.ts ties them together.
import type { AskQuestion, Devices, Enrolled, GatewayEvent, Hello, Keys, Policy, Problem, PublicKey, Reported, Revocation, Settings, SignedDocument, Up } from "@securebox/contract";

/** SQL with $1 parameters, the same on PGlite and PostgreSQL. */
export interface Queryable {
  query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]>;
}

export interface Database extends Queryable {
  readonly engine: "pglite" | "postgresql";
  /** Commits what `run` did, or rolls back when it throws. Serialisation failures are tried again. */
  transaction<T>(run: (tx: Queryable) => Promise<T>): Promise<T>;
  /** NOTIFY to every process of this backend, this one included (payload at most 8,000 bytes). */
  notify(channel: string, payload: string): Promise<void>;
  /** An empty payload: the connection was lost and is back, notifications may have been missed. */
  listen(channel: string, received: (payload: string) => void): Promise<() => Promise<void>>;
  /** undefined: healthy. */
  problem(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A message from a gateway. `gateway` and `network` are those of the topic; the broker made sure that the sender may use it. */
export interface UpMessage { network: string; gateway: string; channel: Up; payload: Uint8Array; retained: boolean }

export interface Broker {
  readonly kind: "embedded" | "external";
  /** QoS 1; resolves when the broker has it. Rejects after 10 s or when the queue (10,000) is full. */
  publish(topic: string, payload: Uint8Array, options: { retain: boolean }): Promise<void>;
  /** One handler; awaited before the message is acknowledged, so that a crash loses nothing that QoS 1 promised. */
  onMessage(handler: (message: UpMessage) => Promise<void>): void;
  /** Called after each (re)connection to the broker: retained messages may be gone. */
  onReady(handler: () => void): void;
  /** Closes a gateway's connections now; it may connect anew if its certificate lets it. Never rejects: a broker that is away has no connections. */
  disconnect(gateway: string): Promise<void>;
  readonly connected: boolean;
  /** Port on which gateways connect (embedded), for messages. */
  readonly address: { host: string; port: number };
  statistics(): { connections: number; received: number; sent: number; refused: number };
  close(): Promise<void>;
}

export interface Certificate { serial: string; fingerprint: string; pem: string; notBefore: number; notAfter: number }

export interface Pki {
  readonly caPem: string;
  /** SHA-256 of the CA's DER, hexadecimal: the pin of enrolment tokens. */
  readonly caFingerprint: string;
  /** Checks the request's own signature (proof of possession) and that its key is P-256; throws a RequestError. */
  issueGateway(csrPem: string, gateway: string, network: string): Promise<Certificate>;
  /** For our own listeners. Renewed in time. */
  serverCertificate(): Promise<{ certificate: string; key: string }>;
  crl(): Promise<string>;
  /** `trusted`: identifiers of keys that the receiver believes; the newest of ours among them signs, else the current one. The document is of the epoch of its key. */
  sign<K extends "desired" | "keys" | "revocation" | "time">(document: Omit<SignedDocument<K>, "v" | "epoch" | "key" | "digest" | "signature">, use?: "sign", trusted?: readonly string[]): SignedDocument<K>;
  readonly keys: PublicKey[];
  /** Of the keys that sign now; 0 until a first recovery. */
  readonly epoch: number;
  /** Makes a new signing key; the old one signs no more, or with `revoke` is never believed again. What gateways are to be told then; the fleet tells them. */
  rotate(options: { revoke: boolean }): Promise<{ keys: Keys; revocation?: Revocation }>;
  /** Makes and keeps the signing key of the next epoch, in the place of one that was prepared before; it counts for nothing yet. */
  prepareRecovery(): Promise<NextKeys>;
  /** The prepared key signs from the transaction's end on, all others are revoked; then call `changed`. RequestError 409 unless that epoch was prepared last. */
  recover(tx: Queryable, epoch: number): Promise<NextKeys>;
  changed(): Promise<void>;
}

/** The first keys of an epoch: the recovery keys, then its signing key. */
export interface NextKeys { epoch: number; keys: PublicKey[] }
/** What the recovery key is to sign, for each network, to begin an epoch. */
export interface RecoveryPlan { documents: Omit<SignedDocument<"keys">, "v" | "key" | "digest" | "signature">[] }

/** Wrong input of whoever asked; becomes a 4xx answer or an exit status 1. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  constructor(readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429, message: string, readonly details?: unknown) { super(message); }
}

export interface Actor { name: string; kind: "user" | "token" | "gateway" | "system"; role: Role; remote?: string; /** Absent: all. */ networks?: string[] }
export type Role = "viewer" | "operator" | "administrator";

export interface NetworkRow { name: string; title: string; settings: Settings; policyVersion: number; created: string }
export interface PolicyVersion { network: string; version: number; text: string; policy: Policy; digest: string; author: string; reason: string; created: string; rolledBackFrom?: number }
export interface GatewayRow {
  id: string; network: string; title: string; created: string;
  /** "pending": token made, not enrolled yet. */
  state: "enrolled" | "revoked";
  presence: "online" | "offline"; presenceSince?: string; lastSeen?: string;
  certificate?: { serial: string; fingerprint: string; expires: string };
  desired?: { sequence: number; digest: string; version: number; issued: string };
  reported?: Reported; reportedAt?: string;
  /** undefined: what it reports is what it should be. */
  drift?: { kind: "never-reported" | "held" | "refused" | "behind" | "offline" | "unhealthy"; message: string };
}
export interface EventRow { id: number; network: string; gateway?: string; at: string; received: string; level: string; event: string; fields: Record<string, unknown> }
export interface DeviceRow { network: string; mac: string; name?: string; gateway: string; port: string; addresses: string[]; groups: string[]; quarantined: boolean; blocked: boolean; reason?: string; associated: boolean; firstSeen: string; lastSeen: string }
export interface VerdictRow { id: number; network: string; /** MAC address or "*". */ device: string; /** Address, prefix, MAC address or "*". For kind "device": ignored. */ remote: string; protocol?: number; port?: number; kind: "flow" | "device"; verdict: "allow" | "deny"; reason: string; author: string; lifetime: number; expires?: string; created: string }

/** What a policy would do: for people before they push it. */
export interface DryRun {
  valid: boolean;
  problems: Problem[];
  warnings: Problem[];
  unenforced: { path: string; reason: string; line?: number }[];
  /** Unified diff of the texts, current to new. */
  diff: string;
  /** Pairs of known devices (and internet) whose decisions change. At most 200. */
  changes: { from: string; to: string; service: string; before: string; after: string }[];
  /** How many change, shown or not; with "time" in `cut`: at least. */
  total: number;
  /** Why there are more changes than `changes` has, or may be; empty: they are all. */
  cut: DryRunCut[];
  /** Gateways that would get it. */
  gateways: number;
}

/** "devices": only the 500 seen last were compared; "changes": there are more than 200; "time": comparing took longer than 4 s. */
export type DryRunCut = "devices" | "changes" | "time";

/** The domain: every change of state goes through it, from the API and from gateways alike. */
export interface Fleet {
  networks(): Promise<NetworkRow[]>;
  network(name: string): Promise<NetworkRow>;
  createNetwork(actor: Actor, name: string, title: string): Promise<NetworkRow>;
  changeNetwork(actor: Actor, name: string, change: { title?: string; settings?: Settings }): Promise<NetworkRow>;
  /** Only without gateways. */
  removeNetwork(actor: Actor, name: string): Promise<void>;

  policy(network: string, version?: number): Promise<PolicyVersion | undefined>;
  history(network: string, page: { before?: number; limit: number }): Promise<Omit<PolicyVersion, "policy" | "text">[]>;
  dryRun(network: string, text: string): Promise<DryRun>;
  /** 422 with problems, 409 when `expected` is not the current version. Resolves after commit; publishing follows at once. Equal text: the current version. */
  pushPolicy(actor: Actor, network: string, text: string, reason: string, expected?: number): Promise<PolicyVersion>;
  rollback(actor: Actor, network: string, version: number, reason: string): Promise<PolicyVersion>;

  gateways(network?: string): Promise<GatewayRow[]>;
  gateway(id: string): Promise<GatewayRow>;
  /** Records the newly enrolled gateway; publishes what it should have. */
  enrolled(actor: Actor, id: string, network: string, title: string, certificate: Certificate): Promise<void>;
  renewed(id: string, certificate: Certificate): Promise<void>;
  changeGateway(actor: Actor, id: string, change: { title?: string }): Promise<GatewayRow>;
  /** Its certificate counts no more, its connection is closed; open requests to enrol again are rejected, unused tokens for it void. */
  revokeGateway(actor: Actor, id: string, reason: string): Promise<void>;
  /** Only a revoked one: its row, its last report and its devices go; events and audit log stay. */
  removeGateway(actor: Actor, id: string): Promise<void>;
  /** Of a certificate, asked by the broker at connect. */
  isAccepted(gateway: string, network: string, serial: string): Promise<boolean>;

  devices(network: string): Promise<DeviceRow[]>;
  events(filter: { network?: string; gateway?: string; level?: string; before?: number; limit: number }): Promise<EventRow[]>;
  verdicts(network: string): Promise<VerdictRow[]>;
  addVerdict(actor: Actor, verdict: Omit<VerdictRow, "id" | "created" | "author">): Promise<VerdictRow>;
  removeVerdict(actor: Actor, id: number): Promise<void>;

  /** Everything that gateways say: the broker's handler. Malformed messages are counted and logged, never thrown. */
  take(message: UpMessage): Promise<void>;
  /** Publishes keys and revocation documents to all gateways after a rotation. */
  keysChanged(): Promise<void>;
  /** Prepares a recovery from stolen signing keys; nothing changes yet. */
  planRecovery(): Promise<RecoveryPlan>;
  /** The planned documents, signed by the recovery key: only the new key counts from then on, and everything is published again. RequestError 409, 422: nothing was changed. */
  recoverKeys(actor: Actor, documents: SignedDocument<"keys">[]): Promise<void>;
  /** After a lost broker connection: publishes anew what gateways should have and their last report does not show. */
  resynchronise(): Promise<void>;
  audit(filter: { network?: string; before?: number; limit: number }): Promise<AuditRow[]>;
  /** Written by whoever acts; every refusal of an attempt from outside too. */
  record(entry: Omit<AuditRow, "id" | "at">): Promise<void>;
}

export interface AuditRow { id: number; at: string; actor: string; action: string; target: string; network?: string; outcome: "done" | "refused"; detail: Record<string, unknown>; remote?: string }

/** Live updates: what changed, not its content; readers fetch what they show. Goes to every process by NOTIFY. */
export type LiveEvent =
  | { kind: "network" | "policy"; network: string; version?: number }
  | { kind: "gateway" | "devices"; network: string; gateway: string }
  | { kind: "event"; network: string; gateway?: string; id: number; event: EventRow }
  | { kind: "audit" | "enrolment"; id?: number };
export interface Live { emit(event: LiveEvent): void; subscribe(receive: (event: LiveEvent) => void): () => void }

/** Enrolment with one-time tokens, and again without touching the device. */
export interface Enrolment {
  /** The token a person types at the gateway: "sbx1.<base64url of {"u":"https://HOST:PORT","s":secret,"p":CA pin}>". Shown once. */
  createToken(actor: Actor, network: string, options: { gateway?: string; title?: string; lifetime?: number }): Promise<{ token: string; gateway: string; expires: string }>;
  enrol(secret: string, csr: string, remote: string): Promise<Enrolled>;
  /** A gateway whose certificate is lost or expired asks; an operator approves in the console. */
  request(gateway: string, csr: string, remote: string): Promise<{ id: string }>;
  requests(): Promise<EnrolmentRequest[]>;
  decide(actor: Actor, id: string, approve: boolean): Promise<void>;
  /** undefined: still open. Answers only to who proves to have the request's key: `proof` is the ECDSA signature (base64, P1363) over "securebox-enrolment:" + id. */
  collect(id: string, proof: string): Promise<Enrolled | undefined>;
}
export interface EnrolmentRequest { id: string; gateway: string; network: string; created: string; keyFingerprint: string; /** Whether the key is the one that the gateway had. */ sameKey: boolean; remote: string; state: "open" | "approved" | "rejected" }

/** Answers the questions of gateways. */
export interface Verdicts {
  /** `atLeast`: the version of the policy that the gateway has in force. */
  decide(network: string, gateway: string, question: AskQuestion, atLeast?: number): Promise<{ verdict: "allow" | "deny"; lifetime: number; reason?: string }>;
}
export type { Devices, GatewayEvent, Hello };
