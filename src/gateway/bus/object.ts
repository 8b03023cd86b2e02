// SPDX-License-Identifier: Apache-2.0
/*
 * The gateway's object "securebox" on ubus: the methods of the control socket, and the notification "event" for what is logged while somebody is subscribed.
 *
 * A refusal is a ubus status, with {"error": {"code", "message"}} sent before it: libubus hands both to the caller, `ubus call` prints both, uhttpd and rpcd
 * put both into the result of JSON-RPC ([status, data]), and LuCI's rpc.js returns the data.
 */
import { CodecError, method, type PublishedObject, StatusError, type Table, type UbusClient, type Value } from "ubus-ts";
import type { Method } from "../control/methods.ts";
import { ControlFailure, type ControlError, type ErrorCode } from "../control/protocol.ts";
import type { EventLog } from "../log.ts";

export const OBJECT = "securebox";

const STATUS: Record<ErrorCode, StatusError["status"]> = {
  "bad-request": "invalid-argument", "unknown-method": "method-not-found", "not-found": "not-found", refused: "not-supported", internal: "unknown-error",
};

/** `broke` is told of errors that are our bugs. Rejects as UbusClient.publish. */
export async function publishGateway(bus: UbusClient, methods: Readonly<Record<string, Method>>, log: Pick<EventLog, "follow">, broke: (error: unknown) => void): Promise<PublishedObject> {
  let unfollow: (() => void) | undefined;
  const subscribed = (active: boolean): void => {
    unfollow?.();
    unfollow = active ? log.follow((event) => told(object, toTable({ ...event }))) : undefined;
  };
  const declared = Object.entries(methods).map(([name, { params, run }]) => [name, declare(params, run, broke)] as const);
  const object: PublishedObject = await bus.publish(OBJECT, Object.fromEntries(declared), { subscribed });
  return object;
}

/** What does not fit any more behind a daemon that does not read is dropped, and not logged, which would be another event; its number is missing. */
function told(object: PublishedObject, event: Table): void {
  try {
    object.notify("event", event);
  } catch {
    return;
  }
}

/** To the bus every parameter is optional: what is missing is refused by us, with a text. */
function declare(params: Method["params"], run: Method["run"], broke: (error: unknown) => void): ReturnType<typeof method> {
  const policy = Object.fromEntries(Object.entries(params).map(([name, type]) => [name, type.startsWith("int32") ? "int32?" as const : "string?" as const]));
  return method(policy, async (given, context) => {
    const refuse = (error: ControlError): never => {
      context.reply({ error: { ...error } });
      throw new StatusError(STATUS[error.code]);
    };
    let result: unknown;
    try {
      result = await run(given);
    } catch (error) {
      if (!(error instanceof ControlFailure)) broke(error);
      return refuse(error instanceof ControlFailure ? { code: error.code, message: error.message } : { code: "internal", message: error instanceof Error ? error.message : String(error) });
    }
    try {
      context.reply(toTable(result as object));
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      refuse({ code: "refused", message: `the answer does not fit into a message of ubus, ask at the control socket: ${error.message}` });
    }
  });
}

/** Texts of other people may hold what a C string cannot: that becomes U+FFFD. */
function toTable(value: object): Table {
  return Object.fromEntries(Object.entries(value).flatMap(([name, member]) => (member === undefined ? [] : [[name, toValue(member)]])));
}

function toValue(value: unknown): Value {
  if (typeof value === "string") return value.replace(/[\0\ud800-\udfff]/gu, "\ufffd");
  if (Array.isArray(value)) return value.map(toValue);
  return typeof value === "object" && value !== null ? toTable(value) : value as Value;
}
