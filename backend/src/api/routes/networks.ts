// SPDX-License-Identifier: Apache-2.0
import type { Settings } from "@securebox/contract";
import { operation, type Operation } from "../operation.ts";
import { maySee } from "../roles.ts";
import { items, name, object, ref, text } from "../schemas.ts";
import type { Room } from "./room.ts";

export interface NetworkPath { network: string }
export const inNetwork = { params: { network: name } } as const;
const home = { name: "home", title: "Family Meier", settings: {}, policyVersion: 4, created: "2026-11-23T08:00:00.000Z" };
const title = text(0, 200, { description: "for people" });

export function networkRoutes({ fleet }: Room): Operation[] {
  return [
    operation({
      method: "GET", path: "/api/v1/networks", tag: "networks", access: "viewer", summary: "List networks", description: "Those that the caller may see.", answer: items("Network"),
      example: { answer: { items: [home] } }, run: async ({ actor }) => ({ items: (await fleet.networks()).filter((network) => maySee(actor, network.name)) }),
    }),
    operation<{}, {}, { name: string; title?: string }>({
      method: "POST", path: "/api/v1/networks", tag: "networks", access: "administrator", everywhere: true, summary: "Add a network", description: "A network has one policy, and gateways that enforce it.",
      body: object({ name, title }, ["title"]), status: 201, answer: ref("Network"), errors: [409], example: { body: { name: "home", title: "Family Meier" }, answer: { ...home, policyVersion: 0 } },
      run: ({ actor, body }) => fleet.createNetwork(actor, body.name, body.title ?? ""),
    }),
    operation<NetworkPath>({
      ...inNetwork, method: "GET", path: "/api/v1/networks/:network", tag: "networks", access: "viewer", summary: "Show a network", description: "Its settings and the version of its policy.",
      answer: ref("Network"), example: { answer: home }, run: ({ params }) => fleet.network(params.network),
    }),
    operation<NetworkPath, {}, { title?: string; settings?: Settings }>({
      ...inNetwork, method: "PATCH", path: "/api/v1/networks/:network", tag: "networks", access: "operator", summary: "Change a network", description: "Settings are replaced as a whole and go to the gateways at once.",
      body: object({ title, settings: ref("Settings") }, ["title", "settings"], { minProperties: 1 }), answer: ref("Network"), errors: [422],
      example: { body: { settings: { events: "warn" } }, answer: { ...home, settings: { events: "warn" } } }, run: ({ actor, params, body }) => fleet.changeNetwork(actor, params.network, body),
    }),
    operation<NetworkPath>({
      ...inNetwork, method: "DELETE", path: "/api/v1/networks/:network", tag: "networks", access: "administrator", everywhere: true, summary: "Remove a network", description: "Only without enrolled gateways.", errors: [409],
      run: ({ actor, params }) => fleet.removeNetwork(actor, params.network),
    }),
  ];
}
