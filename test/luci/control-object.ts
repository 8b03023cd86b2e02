// SPDX-License-Identifier: Apache-2.0
/*
 * A stand-in for the gateway's own ubus object "securebox": a real gateway's control socket behind it, until the gateway has the object itself. Not in it: deny, isolate, reach
 * (refused as not supported), notifications; it does not go away with the gateway, the test withdraws it.
 */
import { method, StatusError, type CallContext, type Declared, type PublishedObject, type Table, type UbusClient } from "ubus-ts";
import { platform } from "quickjs-ts/platform";
import { call, Refused } from "../../src/gateway/control/client.ts";
import type { ErrorCode } from "../../src/gateway/control/protocol.ts";

/** Method -> the control socket's, and its arguments. */
const METHODS: Record<string, [string, Record<string, Declared>]> = {
  status: ["status", {}], devices: ["devices", {}], policy: ["policy.show", {}], explain: ["explain", { a: "string", b: "string", service: "string?" }], events: ["events", { since: "int32?" }],
  allow: ["allow", { a: "string", b: "string", service: "string?" }], quarantine: ["quarantine", { device: "string" }], undo: ["undo", { id: "int32?" }],
  enroll: ["enroll", { token: "string" }], unenroll: ["unenroll", {}],
};
const STATUS: Record<ErrorCode, StatusError["status"]> = { "bad-request": "invalid-argument", "unknown-method": "method-not-found", "not-found": "not-found", refused: "not-supported", internal: "unknown-error" };

/** `socket`: the gateway's control socket. */
export function publishControl(bus: UbusClient, socket: string): Promise<PublishedObject> {
  const forward = (name: string) => async (params: Record<string, unknown>, context: CallContext): Promise<Table> => {
    try {
      return JSON.parse(JSON.stringify(await call(platform, { path: socket, method: name, params, deadline: 30_000 }))) as Table;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      context.reply({ error: { ...error.error } });
      throw new StatusError(STATUS[error.error.code]);
    }
  };
  return bus.publish("securebox", Object.fromEntries(Object.entries(METHODS).map(([name, [theirs, policy]]) => [name, method(policy, forward(theirs))])));
}
