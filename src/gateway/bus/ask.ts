// SPDX-License-Identifier: Apache-2.0
// The command line's side of the object "securebox": the counterpart of ../control/client.ts, with the same errors.
import { DeadlineError, formatJson, StatusError, type Table, UbusClient } from "ubus-ts";
import type { Platform } from "quickjs-ts";
import { DEADLINE, Refused, Unreachable, type Asked } from "../control/client.ts";
import type { ControlError, EventsResult } from "../control/protocol.ts";
import type { LogEvent } from "../log.ts";
import { OBJECT } from "./object.ts";

/** For the bus itself, which is on this machine. */
const CONNECT = 2000;

/**
 * Asks the gateway on the bus at `path`. Resolves with the result; with `follow`, when the gateway or the bus ends. Rejects with Refused, or Unreachable, whose
 * `running` is false when there is no bus, no object, or it is not for us.
 */
export async function callOnBus(platform: Pick<Platform, "net" | "timers" | "time">, path: string, asked: Asked): Promise<unknown> {
  const bus = new UbusClient(platform, { path });
  try {
    await bus.whenReady(CONNECT).catch((error: unknown) => { throw new Unreachable(`no bus answers at ${path} (${(error as Error).message})`, false); });
    return await (asked.follow ? follow(bus, asked, asked.follow) : call(bus, path, asked));
  } finally {
    bus.close();
  }
}

async function call(bus: UbusClient, path: string, { method, params, deadline = DEADLINE, answered }: Asked): Promise<unknown> {
  try {
    const result: unknown = plain(await bus.call(OBJECT, method, { ...params } as Table, deadline));
    answered?.(result);
    return result;
  } catch (error) {
    throw inWords(error, path);
  }
}

/** Subscribed first, so that nothing is missed between the events so far and the first notification; what is in both is told once. */
async function follow(bus: UbusClient, asked: Asked, tell: (event: LogEvent) => void): Promise<unknown> {
  const early: LogEvent[] = [];
  let last: number | undefined;
  let ended = (): void => {};
  const end = new Promise<void>((resolve) => { ended = resolve; });
  const take = (event: LogEvent): void => {
    if (last === undefined) early.push(event);
    else if (event.sequence > last) {
      last = event.sequence;
      tell(event);
    }
  };
  await bus.subscribe(OBJECT, { notified: (_, name, data) => { if (name === "event") take(plain(data) as LogEvent); }, removed: () => ended() });
  const result = await call(bus, bus.options.path ?? "", asked) as EventsResult;
  last = result.events.at(-1)?.sequence ?? 0;
  early.forEach(take);
  await end;
  return result;
}

const plain = (table: Table): unknown => JSON.parse(formatJson(table));

function inWords(error: unknown, path: string): unknown {
  if (error instanceof DeadlineError) return new Unreachable(`the gateway on the bus at ${path} did not answer within ${error.timeout / 1000} s`);
  if (!(error instanceof StatusError)) return new Unreachable(`the gateway on the bus at ${path} went away: ${(error as Error).message}`);
  if (error.by === "daemon") return new Unreachable(`the bus at ${path} has no object "${OBJECT}" for us (${error.status})`, false);
  const told = error.parts.map((part) => part["error"]).find((part) => part !== undefined);
  return new Refused((told ?? { code: "internal", message: `the gateway answered with the ubus status ${error.status}` }) as unknown as ControlError);
}
