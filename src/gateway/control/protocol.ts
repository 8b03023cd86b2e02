// SPDX-License-Identifier: Apache-2.0
// The control socket's messages: JSON lines over a unix stream socket (mode 0600). docs/control.md describes them for other programs.
import type { LogEvent } from "../log.ts";
import type { LinkStatus } from "../../backend-link/types.ts";
import type { Override } from "../../wifi-isolation/network.ts";

/** Longest request line; an answer may be longer (`devices`), at most MAX_ANSWER. */
export const MAX_REQUEST = 65_536;
export const MAX_ANSWER = 4 * 1024 * 1024;
/** Connections at a time; a further one is closed at once. */
export const MAX_CLIENTS = 16;

export interface Request { id: number | string; method: string; params?: unknown }
export type Answer = { id: number | string | null; result: unknown } | { id: number | string | null; error: ControlError };
/** Sent without a request to a client that asked `events` with `follow`. */
export interface Notification { event: LogEvent }

/**
 * bad-request: not a request, or a parameter is missing or has the wrong shape · unknown-method · not-found: no such device or override ·
 * refused: understood, but the gateway does not do it (the message says why) · internal: our bug.
 */
export type ErrorCode = "bad-request" | "unknown-method" | "not-found" | "refused" | "internal";
export interface ControlError { code: ErrorCode; message: string }

/** Thrown by a method's implementation; becomes the answer's `error`. */
export class ControlFailure extends Error {
  override readonly name = "ControlFailure";
  constructor(readonly code: ErrorCode, message: string) { super(message); }
}

/** What is wrong at one place of a file. Lines and columns count from 1. */
export interface FileProblem { line?: number; column?: number; field: string; message: string }

export interface PolicyStatus {
  path: string;
  /**
   * "backend": what the backend desires; the file is not read · "file": the file as it is now · "last-valid": the file is invalid or gone, the
   * last valid text is in force · "none": everything is denied.
   */
  source: "backend" | "file" | "last-valid" | "none";
  /** Of the network's policy, as the backend counts it; only with source "backend". */
  version?: number;
  network?: string;
  groups: number;
  rules: number;
  quarantined: number;
  /** ISO 8601, when it came into force; absent when none. */
  since?: string;
  /** SHA-256, hexadecimal: of the text in force; with source "backend" of the policy's canonical JSON. */
  digest?: string;
  /** Why the file is not in force; empty when it is. */
  errors: FileProblem[];
  /** Of the policy in force: rules that never decide, groups without members. */
  warnings: FileProblem[];
  /** Constructs that are accepted but not enforced yet; they open nothing. */
  unenforced: { path: string; reason: string; line?: number }[];
  /** Fields of the backend's document that this version does not know and ignores; only with source "backend". */
  ignored?: string[];
}

export interface SwitchStatus {
  /** "ready": flows are in force · "syncing" · "down": not connected, the switch keeps the flows it has (fail_mode secure). */
  state: "ready" | "syncing" | "down";
  bridge: string;
  /** OpenFlow version, "1.3" or "1.4". */
  version?: string;
  /** Open vSwitch's own, e.g. "3.1.0". */
  software?: string;
  flows: number;
  ports: { name: string; role: string; number?: number }[];
  /** What this switch can: probed. */
  features: Record<string, boolean>;
  lastError?: string;
  /** Flow-mods of the last synchronisation after (re)connecting, and how long it took. */
  lastSync?: { changed: number; milliseconds: number; at: string };
  /** Bundles sent since the start, and those that the switch refused. */
  bundles: number;
  refused: number;
}

export interface StatusResult {
  version: string;
  engine: string;
  pid: number;
  /** Seconds since the start. */
  uptime: number;
  /** Flows are in force and a valid policy stands behind them. */
  healthy: boolean;
  /** What is wrong, one sentence each; empty when healthy. */
  problems: string[];
  switch: SwitchStatus;
  policy: PolicyStatus;
  devices: { known: number; present: number; quarantined: number; blocked: number };
  held: { now: number; total: number; released: number; dropped: number };
  /** `path`: of the socket that tells; absent when hostapd tells on ubus. */
  stations: { source: "none" | "connected" | "down"; path?: string };
  /** Only where there is one. */
  bus?: { path: string; connected: boolean };
  state: { path: string; saved: boolean; error?: string };
  /** Only of an enrolled gateway. */
  backend?: LinkStatus;
  /** Bytes. */
  memory: { resident: number; peak: number };
}

export interface DeviceResult {
  id: number;
  mac: string;
  name?: string;
  /** What it calls itself by mDNS: proves nothing, and finds it in no command. `alike`: MAC of a device whose name looks the same. */
  announced?: { name: string; alike?: string };
  port: string;
  addresses: string[];
  groups: string[];
  quarantined: boolean;
  /** An operator isolated it: it reaches internet and gateway as the policy says, and of the devices only whom a later decision lets it. */
  isolated?: true;
  blocked: boolean;
  /** Why, when blocked. */
  reason?: string;
  /** The radio says that it is associated now. */
  associated: boolean;
  /** Seconds since it was last seen. */
  idle: number;
}

export interface ExplainParams { a: string; b: string; service?: string }
export interface ExplainResult {
  a: string;
  b: string;
  /** As asked; absent: any traffic. */
  service?: string;
  verdict: "allow" | "deny" | "ask";
  /** What becomes of a new connection: for "ask", the rule's fallback. Without `service`: whether anything is open. */
  allowed: boolean;
  /** What decided. */
  because: "same device" | "no device" | "blocked" | "quarantine" | "infrastructure" | "override" | "rule" | "default" | "no policy";
  /** One sentence. */
  reason: string;
  /** Index of the deciding rule in the policy's `rules`, from 0, and the rule itself. */
  rule?: number;
  ruleText?: string;
  /** The whole explanation, with the other direction, a sentence a line. */
  lines: string[];
}

export interface ReachParams { device: string }
/**
 * `mac`: of a device, or "internet" or "gateway". `to`: what becomes of flows that the device starts towards the peer, `from`: of those that the peer starts. With
 * `toServices` or `fromServices` "allow" means these services alone.
 */
export interface ReachPeer {
  mac: string;
  name?: string;
  to: "allow" | "deny" | "ask";
  from: "allow" | "deny" | "ask";
  toServices?: string[];
  fromServices?: string[];
}
export interface ReachResult { device: string; name?: string; peers: ReachPeer[] }

/** Also of `isolate`. */
export interface QuarantineParams { device: string }
/** Also of `deny`. */
export interface AllowParams { a: string; b: string; service?: string }
/** Without `id` the newest one is undone. */
export interface UndoParams { id?: number }
/** An operator's decision at this gateway. It outlives a restart. */
export interface OverrideRecord { id: number; at: string; override: Override; text: string }
export interface PolicyShowResult { source: PolicyStatus["source"]; policy: unknown; overrides: OverrideRecord[] }
/** `supported`: this gateway makes changes as transactions (it runs with /etc/config/securebox). `phase`: "rest" when none is under way. */
export interface ChangesResult {
  supported: boolean;
  phase: string;
  /** The change under way. */
  id?: string;
  /** This start is a safe boot: so many starts before it failed, and the last confirmed state is in force. */
  safe?: { failedStarts: number };
  /** The newest ones, oldest first. `at`: ISO 8601, when it was begun. */
  history: { id: string; at?: string; result: "confirmed" | "rolled back"; reason?: string }[];
  problems: string[];
}
export interface EnrollParams { token: string }
/** `broker`: HOST:PORT. */
export interface EnrollResult { network: string; gateway: string; broker: string }
/** What was left; `policy`: where the policy comes from now on; absent when no gateway runs. */
export interface UnenrollResult { network: string; gateway: string; broker: string; policy?: PolicyStatus["source"] }
export interface EventsParams { since?: number; follow?: boolean }
export interface EventsResult { events: LogEvent[] }
