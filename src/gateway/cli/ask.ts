// SPDX-License-Identifier: Apache-2.0
// Which way a command reaches the gateway: its object on ubus where its configuration names a bus (UCI's does) and that is there, else its control socket.
import type { Platform } from "quickjs-ts";
import { busSocket, controlSocket } from "../config/load.ts";
import { call, Unreachable, type Asked } from "../control/client.ts";
import type { OptionValues } from "./options.ts";

/** Rejects with Refused and Unreachable, as either way does. An object that is not there is no answer: then the socket is tried, and the message names both. */
export async function ask(platform: Platform, options: OptionValues, asked: Asked): Promise<unknown> {
  const socket = controlSocket(platform, options);
  const { follow, ...rest } = asked;
  const overSocket = { ...rest, path: socket, params: { ...asked.params, ...(follow ? { follow: true } : {}) }, ...(follow ? { follow } : {}) };
  const bus = busSocket(platform, options);
  if (bus === undefined) return call(platform, overSocket);
  const { callOnBus } = await import("../bus/ask.ts");
  try {
    return await callOnBus(platform, bus, asked);
  } catch (absent) {
    if (!(absent instanceof Unreachable) || absent.running) throw absent;
    return call(platform, overSocket).catch((error: unknown) => {
      throw error instanceof Unreachable ? new Unreachable(`${absent.message}, and ${error.message}`, error.running) : error;
    });
  }
}
