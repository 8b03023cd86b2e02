// SPDX-License-Identifier: Apache-2.0
// The methods of the control socket: checks parameters and hands over to the gateway.
import { parseService } from "@securebox/contract";
import type { EventLog } from "../log.ts";
import { ControlFailure, type ChangesResult, type DeviceResult, type EnrollResult, type ExplainParams, type ExplainResult, type OverrideRecord, type PolicyShowResult, type StatusResult, type UnenrollResult } from "./protocol.ts";
import type { Client, Methods } from "./server.ts";

/** What an operator may ask of a gateway. The changing ones resolve when the switch has acknowledged, or at once while there is none. */
export interface Operations {
  status(): StatusResult;
  devices(): DeviceResult[];
  explain(params: ExplainParams): ExplainResult;
  policy(): PolicyShowResult;
  changesMade(): ChangesResult;
  quarantine(device: string): Promise<OverrideRecord>;
  allow(a: string, b: string, service: string): Promise<OverrideRecord>;
  undo(id?: number): Promise<OverrideRecord>;
  enroll(token: string): Promise<EnrollResult>;
  unenroll(): Promise<UnenrollResult>;
}

export function controlMethods(gateway: Operations, log: EventLog): Methods {
  return {
    status: () => gateway.status(),
    devices: () => ({ devices: gateway.devices() }),
    explain: (params) => gateway.explain({ a: text(params, "a"), b: text(params, "b"), service: optionalText(params, "service") }),
    "policy.show": () => gateway.policy(),
    changes: () => gateway.changesMade(),
    quarantine: async (params) => ({ override: await gateway.quarantine(text(params, "device")) }),
    allow: async (params) => ({ override: await gateway.allow(text(params, "a"), text(params, "b"), service(params)) }),
    undo: async (params) => ({ undone: await gateway.undo(optionalInteger(params, "id")) }),
    enroll: (params) => gateway.enroll(token(params)),
    unenroll: () => gateway.unenroll(),
    events: (params, client) => events(params, client, log),
  };
}

function events(params: Record<string, unknown>, client: Client, log: EventLog): unknown {
  const since = optionalInteger(params, "since") ?? 0;
  if (params["follow"] === true) client.closed(log.follow((event) => client.notify({ event })));
  return { events: log.since(since) };
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
