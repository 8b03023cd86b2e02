// SPDX-License-Identifier: Apache-2.0
// Devices that gateways report, and verdicts about them and their flows.
import type { VerdictRow } from "../../ports.ts";
import { RequestError } from "../../ports.ts";
import { operation, type Operation } from "../operation.ts";
import { id, items, object, ref, text } from "../schemas.ts";
import { inNetwork, type NetworkPath } from "./networks.ts";
import type { Room } from "./room.ts";

const printer = {
  network: "home", mac: "02:00:00:00:00:11", name: "printer", gateway: "attic", port: "wlan0", addresses: ["192.0.2.17"], groups: ["printers"], quarantined: false, blocked: false, associated: true,
  firstSeen: "2026-11-20T08:00:00.000Z", lastSeen: "2026-11-23T08:00:00.000Z",
};
const verdict = { id: 5, network: "home", device: "02:00:00:00:00:11", remote: "198.51.100.0/24", protocol: 6, port: 443, kind: "flow", verdict: "allow", reason: "vendor's updates", author: "anna", lifetime: 3600, created: "2026-11-23T08:00:00.000Z" };
type NewVerdict = Omit<VerdictRow, "id" | "created" | "author" | "network">;

export function deviceRoutes({ fleet }: Room): Operation[] {
  const path = "/api/v1/networks/:network/verdicts";
  return [
    operation<NetworkPath>({
      ...inNetwork, method: "GET", path: "/api/v1/networks/:network/devices", tag: "devices", access: "viewer", summary: "List a network's devices", description: "As its gateways report them.",
      answer: items("Device"), example: { answer: { items: [printer] } },
      async run({ params: { network } }) {
        await fleet.network(network);
        return { items: await fleet.devices(network) };
      },
    }),
    operation<NetworkPath>({
      ...inNetwork, method: "GET", path, tag: "verdicts", access: "viewer", summary: "List verdicts", description: "Answers for gateways that ask about an unknown device or flow.", answer: items("Verdict"), example: { answer: { items: [verdict] } },
      async run({ params: { network } }) {
        await fleet.network(network);
        return { items: await fleet.verdicts(network) };
      },
    }),
    operation<NetworkPath, {}, NewVerdict>({
      ...inNetwork, method: "POST", path, tag: "verdicts", access: "operator", summary: "Add a verdict", status: 201, answer: ref("Verdict"), errors: [422],
      description: "`device`: MAC address or `*`; `remote`: address, prefix, MAC address or `*` (ignored for kind `device`); `lifetime`: seconds that a gateway may believe it; `expires`: when it ends here.",
      body: object({
        device: text(1, 64), remote: text(1, 64), protocol: { type: "integer", minimum: 0, maximum: 255 }, port: { type: "integer", minimum: 0, maximum: 65535 }, kind: { type: "string", enum: ["flow", "device"] },
        verdict: { type: "string", enum: ["allow", "deny"] }, reason: text(1, 1000), lifetime: { type: "integer", minimum: 1, maximum: 31_536_000 }, expires: { type: "string", format: "date-time" },
      }, ["protocol", "port", "expires"]),
      example: { body: { device: verdict.device, remote: verdict.remote, protocol: 6, port: 443, kind: "flow", verdict: "allow", reason: verdict.reason, lifetime: 3600 }, answer: verdict },
      async run({ actor, params: { network }, body }) {
        await fleet.network(network);
        return fleet.addVerdict(actor, { ...body, network });
      },
    }),
    operation<NetworkPath & { id: number }>({
      method: "DELETE", path: `${path}/:id`, tag: "verdicts", access: "operator", params: { ...inNetwork.params, id }, summary: "Remove a verdict", description: "Gateways may believe it until its lifetime has passed.",
      async run({ actor, params }) {
        const known = (await fleet.verdicts(params.network)).some((row) => row.id === params.id);
        if (!known) throw new RequestError(404, `"${params.network}" has no verdict ${params.id}`);
        await fleet.removeVerdict(actor, params.id);
      },
    }),
  ];
}
