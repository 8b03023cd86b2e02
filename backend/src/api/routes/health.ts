// SPDX-License-Identifier: Apache-2.0
import { RequestError } from "../../ports.ts";
import { plain } from "../errors.ts";
import { isLoopback } from "../http/origin.ts";
import { operation, type Operation } from "../operation.ts";
import { object } from "../schemas.ts";
import type { Room } from "./room.ts";

const state = object({ ok: { type: "boolean" }, version: { type: "string" } });

export function healthRoutes({ database, broker, metrics, version, problem = () => undefined }: Room): Operation[] {
  async function problems(): Promise<string[]> {
    const own = problem();
    const found = await Promise.race([database.problem().catch((error: Error) => error.message), slow()]);
    return [...(own ? [own] : []), ...(found ? [`database: ${found}`] : []), ...(broker.connected ? [] : ["broker: not connected"])];
  }
  return [
    operation({
      method: "GET", path: "/health/live", tag: "operation", access: "open", summary: "Is the process alive", description: "Answers as long as the process runs its event loop.", answer: state,
      example: { answer: { ok: true, version: "0.1.0" } }, run: async () => ({ ok: true, version }),
    }),
    operation({
      method: "GET", path: "/health/ready", tag: "operation", access: "open", summary: "Can it do its work", description: "The start is complete, database and broker answer, nobody has told it to stop; 503 with the problems otherwise.", answer: state, errors: [503],
      example: { answer: { ok: true, version: "0.1.0" } },
      async run({ reply }) {
        const list = await problems();
        if (list.length > 0) reply.status(503);
        return list.length > 0 ? { error: { ...plain(503, list.join("; ")).error, details: list } } : { ok: true, version };
      },
    }),
    operation({
      method: "GET", path: "/metrics", tag: "operation", access: "open", summary: "Metrics", description: "For Prometheus (text format). Without sign-in only on this machine's own loopback address; else with a token of any role.",
      produces: "text/plain", answer: { type: "string" }, errors: [401], example: { answer: "securebox_gateways_online 12\n" },
      async run({ request, reply, caller }) {
        if (!caller && !isLoopback(request)) throw new RequestError(401, "metrics need a token, except on this machine's loopback address");
        reply.type("text/plain; version=0.0.4; charset=utf-8");
        return metrics.text();
      },
    }),
  ];
}

/** Deadline of the database's answer. */
function slow(): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve("no answer within 2 s"), 2000).unref());
}
