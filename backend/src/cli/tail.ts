// SPDX-License-Identifier: Apache-2.0
// Live events: server-sent events, and back to them after each loss.
import type { LiveEvent } from "../ports.ts";
import type { Context } from "./commands.ts";
import { Exit, Refused, Unreachable } from "./errors.ts";
import * as output from "./output.ts";

/** The backend says something each 15 s; silence twice as long is a dead connection. Milliseconds. */
const SILENCE = 35_000;
const RETRY = 2_000;
/** A longer line is no event of ours. Characters. */
const MAX_BLOCK = 1_000_000;

export interface SentEvent { id?: string; event: string; data: string }

/** Takes text as it comes, gives whole events. Throws for a block that never ends. */
export class EventReader {
  #rest = "";
  take(text: string): SentEvent[] {
    this.#rest += text;
    if (this.#rest.length > MAX_BLOCK) throw new Error("the stream is not one of events");
    const blocks = this.#rest.split("\n\n");
    this.#rest = blocks.pop()!;
    return blocks.map(decode).filter((event) => event.data !== "");
  }
}

function decode(block: string): SentEvent {
  const event: SentEvent = { event: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, name, value = ""] = /^(\w+):? ?(.*)$/s.exec(line) ?? [];
    if (name === "data") event.data += value;
    else if (name === "event" || name === "id") event[name] = value;
  }
  return event;
}

export async function tail(context: Context): Promise<number> {
  const { io, options, client } = context;
  const path = `/api/v1/live${options.network ? `?network=${encodeURIComponent(options.network)}` : ""}`;
  let last: string | undefined;
  let seen = false;
  while (!io.signal.aborted) {
    try {
      const response = await client.open(path, { headers: last ? { "last-event-id": last } : {} }, SILENCE, io.signal);
      if (response.statusCode !== 200) throw await refusal(context, path, response.statusCode!);
      seen = true;
      const reader = new EventReader();
      for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) for (const sent of reader.take(chunk)) {
        last = sent.id ?? last;
        write(context, sent);
      }
      io.stderr("the backend ended the stream; connecting again\n");
    } catch (error) {
      if (io.signal.aborted) break;
      if (error instanceof Refused || (!seen && error instanceof Unreachable)) throw error;
      io.stderr(`${(error as Error).message}; connecting again\n`);
    }
    await pause(RETRY, io.signal);
  }
  return Exit.yes;
}

function write({ io, options }: Context, { event, data }: SentEvent): void {
  if (event === "ready") return;
  if (event === "resynchronise") io.stderr("some events may be missing here: too many came while the connection was lost\n");
  else io.stdout(`${options.json ? data : output.live(JSON.parse(data) as LiveEvent, new Date().toISOString())}\n`);
}

/** What the backend says about it, by asking once more in the usual way. */
async function refusal({ client }: Context, path: string, status: number): Promise<Error> {
  try {
    await client.ask(path);
  } catch (error) {
    return error as Error;
  }
  return new Refused(status, "unknown", `HTTP status ${status}`);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
