// SPDX-License-Identifier: Apache-2.0
import type { Actor, AuditRow, EventRow } from "../../ports.ts";
import { RequestError } from "../../ports.ts";
import { operation, type Call, type Operation } from "../operation.ts";
import { maySee } from "../roles.ts";
import { id, name, page } from "../schemas.ts";
import { paged } from "./policies.ts";
import type { Room } from "./room.ts";

const limit = { type: "integer", minimum: 1, maximum: 500, default: 100 };
const before = { ...id, description: "only rows with a smaller id: `next` of the page before" };
const event = { id: 812, network: "home", gateway: "attic", at: "2026-11-23T08:00:00.000Z", received: "2026-11-23T08:00:00.120Z", level: "warn", event: "device-blocked", fields: { mac: "02:00:00:00:00:11" } };
const change = { id: 90, at: "2026-11-23T08:00:00.000Z", actor: "anna", action: "policy.push", target: "home", network: "home", outcome: "done", detail: { version: 4 }, remote: "192.0.2.9" };
interface Filter { network?: string; gateway?: string; level?: string; before?: number; limit: number }

/** The networks to ask for, one by one: [undefined] is all. Throws a RequestError 403 for a network that the caller may not see. */
function chosen(actor: Actor, network: string | undefined): (string | undefined)[] {
  if (network === undefined) return actor.networks ?? [undefined];
  if (maySee(actor, network)) return [network];
  throw new RequestError(403, `you may not use the network "${network}"`);
}

/** One page over several networks, newest first. */
async function merged<Row extends { id: number }>(networks: (string | undefined)[], limit: number, read: (network: string | undefined, limit: number) => Promise<Row[]>): Promise<unknown> {
  const rows = (await Promise.all(networks.map((network) => read(network, limit + 1)))).flat();
  return paged(rows.sort((a, b) => b.id - a.id), limit, (row) => row.id);
}

export function eventRoutes({ fleet, hub, refuse }: Room): Operation[] {
  const networksOf = ({ actor, query, request }: Call<{}, { network?: string }>): (string | undefined)[] => {
    try {
      return chosen(actor, query.network);
    } catch (error) {
      throw refuse(request, error as RequestError, { target: query.network, network: query.network });
    }
  };
  return [
    operation<{}, Filter>({
      method: "GET", path: "/api/v1/events", tag: "events", access: "viewer", summary: "List events", description: "What happened at the gateways, newest first.", answer: page("Event"),
      query: { network: name, gateway: name, level: { type: "string", enum: ["debug", "info", "warn", "error"], description: "this level and above" }, before, limit }, example: { answer: { items: [event], next: 812 } },
      run: (call) => merged<EventRow>(networksOf(call), call.query.limit, (network, most) => fleet.events({ ...call.query, network, limit: most })),
    }),
    operation<{}, { network?: string; before?: number; limit: number }>({
      method: "GET", path: "/api/v1/audit", tag: "events", access: "operator", summary: "List the audit log", description: "Who changed what and why, and which attempts were refused, newest first. Callers limited to networks see entries of those.",
      answer: page("Audit"), query: { network: name, before, limit }, example: { answer: { items: [change] } },
      run: (call) => merged<AuditRow>(networksOf(call), call.query.limit, (network, most) => fleet.audit({ ...call.query, network, limit: most })),
    }),
    operation<{}, { network?: string }>({
      method: "GET", path: "/api/v1/live", tag: "events", access: "viewer", summary: "Follow what changes", query: { network: name }, produces: "text/event-stream", answer: { type: "string" }, errors: [429],
      description: "Server-sent events (text/event-stream). `event` is the kind: network, policy, gateway, devices, event, audit, enrolment; `data` is JSON naming what changed (for kind `event` with the event itself): fetch what you show. A comment comes every 15 seconds. Reconnect with `Last-Event-ID`: what was missed follows, or the event `resynchronise` when that is not known any more: fetch everything anew. A reader that is too slow is disconnected. Only networks that the caller may see.",
      example: { answer: 'id: 1a2b-17\nevent: policy\ndata: {"kind":"policy","network":"home","version":5}\n\n' },
      async run(call) {
        networksOf(call);
        await hub.serve(call.request, call.reply, call.caller!, call.query.network);
      },
    }),
  ];
}
