// SPDX-License-Identifier: Apache-2.0
// The command line's side of the control socket: one request, or one request followed by notifications.
import { PlatformError, type Millis, type Platform, type Stream } from "quickjs-ts";
import type { LogEvent } from "../log.ts";
import { encodeLine, LineReader } from "../lines.ts";
import { MAX_ANSWER, type ControlError } from "./protocol.ts";

/** The gateway could not be asked. `running`: somebody is there, but did not answer (in time). */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
  constructor(message: string, readonly running = true) { super(message); }
}

/** The gateway answered with an error. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly error: ControlError) { super(error.message); }
}

/** How long the gateway may take. */
export const DEADLINE: Millis = 10_000;

/** A question, whichever way it goes. */
export interface Asked {
  method: string;
  params: object;
  /** Default DEADLINE. */
  deadline?: Millis;
  /** Called with the result, before anything that follows it. */
  answered?: (result: unknown) => void;
  /** With it the connection stays open after the answer, until the gateway closes it. */
  follow?: (event: LogEvent) => void;
}

interface Call extends Asked { path: string }

/** Rejects with Unreachable or Refused. Without `follow` it resolves with the result; with it, when the gateway ends the connection. */
export function call(platform: Pick<Platform, "net" | "timers">, request: Call): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const reader = new LineReader(MAX_ANSWER);
    const patience = request.deadline ?? DEADLINE;
    let result: unknown;
    const deadline = platform.timers.after(patience, () => fail(new Unreachable(`the gateway at ${request.path} did not answer within ${patience / 1000} s`)));
    const fail = (error: Error): void => { deadline.cancel(); reject(error); stream.destroy(); };
    const receive = (line: string): void => {
      const message = JSON.parse(line) as { result?: unknown; error?: ControlError; event?: LogEvent };
      if (message.event) return request.follow?.(message.event);
      if (message.error) return fail(new Refused(message.error));
      deadline.cancel();
      result = message.result;
      request.answered?.(result);
      if (request.follow) return;
      resolve(result);
      stream.end();
    };
    const stream: Stream = platform.net.connect({ unix: request.path }, {
      open: () => void stream.write(encodeLine({ id: 1, method: request.method, params: request.params })),
      data(chunk) {
        try {
          reader.push(chunk).forEach(receive);
        } catch (error) {
          fail(error as Error);
        }
      },
      end: () => stream.destroy(),
      close(error) {
        deadline.cancel();
        if (request.follow && result !== undefined) resolve(result);
        else reject(new Unreachable(unreachable(request.path, error), !nobodyThere(error)));
      },
    }, { timeout: 2000 });
  });
}

function nobodyThere(error: PlatformError | undefined): boolean {
  return error?.code === "ENOENT" || error?.code === "ECONNREFUSED";
}

function unreachable(path: string, error: PlatformError | undefined): string {
  if (!error) return `the gateway at ${path} closed the connection without an answer`;
  if (nobodyThere(error)) return `no gateway is running at ${path} (${error.code})`;
  return `cannot reach the gateway: ${error.message}`;
}
