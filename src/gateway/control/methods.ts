// SPDX-License-Identifier: Apache-2.0
// What the gateway can be asked, once: the control socket and the object on ubus (../bus/object.ts) are two ways to the same table. Checks parameters and hands over.
import { parseService } from "@securebox/contract";
import type { EventLog } from "../log.ts";
import type { Override } from "../../wifi-isolation/network.ts";
import { ControlFailure, type ChangesResult, type DeviceResult, type EnrollResult, type ExplainParams, type ExplainResult, type OverrideRecord, type PolicyShowResult, type ReachResult, type StatusResult, type UnenrollResult } from "./protocol.ts";
import type { Methods } from "./server.ts";

/** What an operator may ask of a gateway. The changing ones resolve when the switch has acknowledged, or at once while there is none. */
export interface Operations {
  status(): StatusResult;
  devices(): DeviceResult[];
  explain(params: ExplainParams): ExplainResult;
  policy(): PolicyShowResult;
  changesMade(): ChangesResult;
  reach(device: string): ReachResult;
  /** Ends and devices as people name them. */
  decide(override: Override): Promise<OverrideRecord>;
  undo(id?: number): Promise<OverrideRecord>;
  enroll(token: string): Promise<EnrollResult>;
  unenroll(): Promise<UnenrollResult>;
}

type Params = Record<string, unknown>;
/** Parameters by name, in the order that help and signatures show; "?": may be missing. */
export type Declared = Record<string, "string" | "string?" | "int32?">;
/** Returns the result: what JSON can say. Throws ControlFailure. */
export interface Method { params: Declared; run(params: Params): unknown }

const PAIR: Declared = { a: "string", b: "string", service: "string?" };
const DEVICE: Declared = { device: "string" };

/** By name, as on ubus. */
export function methodsOf(gateway: Operations, log: EventLog): Record<string, Method> {
  const decide = async (override: Override): Promise<unknown> => ({ override: await gateway.decide(override) });
  const between = (kind: "allow" | "deny"): Method => ({ params: PAIR, run: (params) => decide({ kind, a: text(params, "a"), b: text(params, "b"), service: service(params) }) });
  const about = (kind: "isolate" | "quarantine"): Method => ({ params: DEVICE, run: (params) => decide({ kind, device: text(params, "device") }) });
  return {
    status: { params: {}, run: () => gateway.status() },
    devices: { params: {}, run: () => ({ devices: gateway.devices() }) },
    explain: { params: PAIR, run: (params) => gateway.explain({ a: text(params, "a"), b: text(params, "b"), service: optionalText(params, "service") }) },
    policy: { params: {}, run: () => gateway.policy() },
    reach: { params: DEVICE, run: (params) => gateway.reach(text(params, "device")) },
    changes: { params: {}, run: () => gateway.changesMade() },
    allow: between("allow"), deny: between("deny"), isolate: about("isolate"), quarantine: about("quarantine"),
    undo: { params: { id: "int32?" }, run: async (params) => ({ undone: await gateway.undo(optionalInteger(params, "id")) }) },
    events: { params: { since: "int32?" }, run: (params) => ({ events: log.since(optionalInteger(params, "since") ?? 0) }) },
    enroll: { params: { token: "string" }, run: (params) => gateway.enroll(token(params)) },
    unenroll: { params: {}, run: () => gateway.unenroll() },
  };
}

/** The same for the control socket: events can be followed there, and `policy` has its older name as well. */
export function controlMethods(gateway: Operations, log: EventLog): Methods {
  const methods = methodsOf(gateway, log);
  const plain: Methods = Object.fromEntries(Object.entries(methods).map(([name, { run }]) => [name, (params: Params) => run(params)]));
  return {
    ...plain,
    "policy.show": plain["policy"]!,
    events: (params, client) => {
      const result = methods["events"]!.run(params);
      if (params["follow"] === true) client.closed(log.follow((event) => client.notify({ event })));
      return result;
    },
  };
}

/** A service as policies write it, in canonical form. */
function service(params: Record<string, unknown>): string {
  const given = optionalText(params, "service") ?? "all";
  const parsed = parseService(given);
  if (!parsed.ok) throw new ControlFailure("bad-request", `service: ${parsed.message}; expected ${parsed.expected}`);
  return given;
}

/** Longer than other texts, and never repeated in a message: it is a secret. */
function token(params: Record<string, unknown>): string {
  const value = params["token"];
  if (typeof value !== "string" || value === "" || value.length > 2048) throw new ControlFailure("bad-request", "token: expected a text of 1 to 2048 characters");
  return value;
}

function text(params: Record<string, unknown>, name: string): string {
  const value = optionalText(params, name);
  if (value === undefined) throw new ControlFailure("bad-request", `${name}: expected a text`);
  return value;
}

function optionalText(params: Record<string, unknown>, name: string): string | undefined {
  const value = params[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value === "" || value.length > 256) throw new ControlFailure("bad-request", `${name}: expected a text of 1 to 256 characters`);
  return value;
}

function optionalInteger(params: Record<string, unknown>, name: string): number | undefined {
  const value = params[name];
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value) || (value as number) < 0) throw new ControlFailure("bad-request", `${name}: expected a whole number`);
  return value as number;
}
