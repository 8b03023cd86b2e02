// SPDX-License-Identifier: Apache-2.0
import { RequestError, type GatewayRow } from "../../ports.ts";
import { operation, type Call, type Operation } from "../operation.ts";
import { maySee } from "../roles.ts";
import { items, name, object, reason, ref, text } from "../schemas.ts";
import { inNetwork, type NetworkPath } from "./networks.ts";
import type { Room } from "./room.ts";

const attic = {
  id: "attic", network: "home", title: "Attic", created: "2026-11-23T08:00:00.000Z", state: "enrolled", presence: "online", lastSeen: "2026-11-23T09:00:00.000Z",
  desired: { sequence: 7, digest: "2c26b46b68ffc68f…", version: 4, issued: "2026-11-23T08:59:00.000Z" }, drift: { kind: "behind", message: "version 3 is in force, 4 is due" },
};
interface GatewayPath { gateway: string }

export function gatewayRoutes({ fleet, refuse }: Room): Operation[] {
  /** Throws a RequestError 403 for a gateway of a network that the caller may not see. */
  async function seen({ params, actor, request }: Call<GatewayPath>): Promise<GatewayRow> {
    const gateway = await fleet.gateway(params.gateway);
    if (maySee(actor, gateway.network)) return gateway;
    throw refuse(request, new RequestError(403, "you may not use this gateway's network"), { target: params.gateway, network: gateway.network });
  }

  const params = { gateway: name };
  const one = { params, path: "/api/v1/gateways/:gateway", tag: "gateways" } as const;
  return [
    operation({
      method: "GET", path: "/api/v1/gateways", tag: "gateways", access: "viewer", summary: "List all gateways", description: "Of the networks that the caller may see, with what they report and how that differs from what they should have.",
      answer: items("Gateway"), example: { answer: { items: [attic] } }, run: async ({ actor }) => ({ items: (await fleet.gateways()).filter(({ network }) => maySee(actor, network)) }),
    }),
    operation<NetworkPath>({
      ...inNetwork, method: "GET", path: "/api/v1/networks/:network/gateways", tag: "gateways", access: "viewer", summary: "List a network's gateways", description: "As for all gateways.",
      answer: items("Gateway"), example: { answer: { items: [attic] } },
      async run({ params: { network } }) {
        await fleet.network(network);
        return { items: await fleet.gateways(network) };
      },
    }),
    operation<GatewayPath>({ ...one, method: "GET", access: "viewer", summary: "Show a gateway", description: "What it should have, what it reports, and the difference.", answer: ref("Gateway"), example: { answer: attic }, run: seen }),
    operation<GatewayPath, {}, { title: string }>({
      ...one, method: "PATCH", access: "operator", summary: "Name a gateway", description: "The title is for people; the identifier stays.", body: object({ title: text(0, 200) }), answer: ref("Gateway"),
      example: { body: { title: "Attic" }, answer: attic },
      async run(call) {
        await seen(call);
        return fleet.changeGateway(call.actor, call.params.gateway, call.body);
      },
    }),
    operation<GatewayPath, {}, { reason: string }>({
      ...one, path: "/api/v1/gateways/:gateway/revoke", method: "POST", access: "operator", summary: "Revoke a gateway's certificate",
      description: "For a stolen or retired gateway: its certificate counts no more and its connection is closed. It goes on enforcing the policy that it has, and can come back only by a new enrolment.",
      body: object({ reason }), errors: [409], example: { body: { reason: "stolen" } },
      async run(call) {
        await seen(call);
        await fleet.revokeGateway(call.actor, call.params.gateway, call.body.reason);
      },
    }),
    operation<GatewayPath>({
      ...one, method: "DELETE", access: "operator", summary: "Remove a revoked gateway", errors: [409],
      description: "Its last report and its devices are forgotten, events and audit log stay; the identifier may be used again. Only after it was revoked.",
      async run(call) {
        await seen(call);
        await fleet.removeGateway(call.actor, call.params.gateway);
      },
    }),
  ];
}
