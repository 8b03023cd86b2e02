// SPDX-License-Identifier: Apache-2.0
import { RequestError, type PolicyVersion } from "../../ports.ts";
import { operation, type Call, type Operation } from "../operation.ts";
import { id, object, page, reason, ref, version } from "../schemas.ts";
import { inNetwork, type NetworkPath } from "./networks.ts";
import type { Room } from "./room.ts";

/** Bytes of a policy's text; the contract's own limit is the finer one. */
const policyText = { type: "string", minLength: 1, maxLength: 1_400_000, description: "the policy, YAML" };
const YAML = { type: "application/yaml", schema: policyText };
const head = { network: "home", version: 4, digest: "9f86d081884c7d65…", author: "anna", reason: "the camera may not phone home", created: "2026-11-23T08:00:00.000Z" };
const example = { ...head, text: "version: 1\nnetwork: home\n…", policy: { version: 1, network: "home" } };
const limit = { type: "integer", minimum: 1, maximum: 200, default: 50 };

interface Push { text: string; reason: string; expected?: number }

export function policyRoutes({ fleet, metrics, now }: Room): Operation[] {
  async function found(network: string, wanted?: number): Promise<PolicyVersion> {
    await fleet.network(network);
    const policy = await fleet.policy(network, wanted);
    if (!policy) throw new RequestError(404, wanted === undefined ? `"${network}" has no policy yet` : `"${network}" has no policy version ${wanted}`);
    return policy;
  }

  async function show({ params, request, reply }: Call<NetworkPath>): Promise<unknown> {
    const policy = await found(params.network);
    const tag = `"${policy.version}"`;
    reply.header("etag", tag);
    if (request.headers["if-none-match"] === tag) return void reply.status(304);
    if (!String(request.headers.accept).includes("application/yaml")) return policy;
    reply.type("application/yaml; charset=utf-8").serializer((value: string) => value);
    return policy.text;
  }

  async function push({ params, query, body, actor, request, reply }: Call<NetworkPath, { reason?: string; expected?: number }, Push | string>): Promise<PolicyVersion> {
    const wanted = typeof body === "string" ? { text: body, reason: query.reason, expected: query.expected } : body;
    if (wanted.reason === undefined) throw new RequestError(400, "a policy sent as application/yaml needs its reason in the query: ?reason=TEXT", { field: "query.reason" });
    const policy = await metrics.push(params.network, now, () => fleet.pushPolicy(actor, params.network, wanted.text, wanted.reason!, expectedOf(wanted.expected, request.headers["if-match"])));
    reply.header("etag", `"${policy.version}"`);
    return policy;
  }

  const path = "/api/v1/networks/:network/policy";
  const common = { ...inNetwork, tag: "policies" } as const;
  return [
    operation<NetworkPath>({
      ...common, method: "GET", path, access: "viewer", summary: "Show the policy", run: show, answer: ref("PolicyVersion"), errors: [304], example: { answer: example },
      description: "The newest version; its number is the `ETag`. With `Accept: application/yaml` only its text, as it was pushed.",
    }),
    operation<NetworkPath, { reason?: string; expected?: number }, Push | string>({
      ...common, method: "PUT", path, access: "operator", summary: "Push a policy", run: push, answer: ref("PolicyVersion"), errors: [409, 422], text: YAML,
      description: "Makes a new version and sends it to every gateway of the network. When this answers, the version is stored and will not be lost. `expected` (or `If-Match`): the version that it was made from; when another one is newest by now, 409 and nothing changes. Invalid: 422, `details` lists the problems with line and column, nothing changes. Equal text makes no new version. The body may be the YAML itself (`application/yaml`), with `reason` and `expected` in the query.",
      query: { reason, expected: version }, body: object({ text: policyText, reason, expected: version }, ["expected"]),
      example: { body: { text: "version: 1\nnetwork: home\n…", reason: "the camera may not phone home", expected: 3 }, answer: example },
    }),
    operation<NetworkPath, {}, { text: string } | string>({
      ...common, method: "POST", path: `${path}/dry-run`, access: "viewer", summary: "Try a policy", text: YAML, answer: ref("DryRun"),
      description: "What pushing this text would do: problems, difference, and which decisions between known devices would change. Changes nothing; the body may be the YAML itself.",
      body: object({ text: policyText }),
      example: {
        body: { text: "version: 1\nnetwork: home\n…" },
        answer: { valid: true, problems: [], warnings: [], unenforced: [], diff: "-  - camera: internet\n", changes: [{ from: "camera", to: "internet", service: "all", before: "allow", after: "deny" }], total: 1, cut: [], gateways: 1 },
      },
      run: ({ params, body }) => fleet.dryRun(params.network, typeof body === "string" ? body : body.text),
    }),
    operation<NetworkPath, { before?: number; limit: number }>({
      ...common, method: "GET", path: `${path}/history`, access: "viewer", summary: "List the policy's versions", description: "Newest first: who pushed what, when and why.", answer: page("PolicyHead"),
      query: { before: { ...id, description: "only versions below this one" }, limit }, example: { answer: { items: [head], next: 4 } },
      async run({ params, query }) {
        await fleet.network(params.network);
        const versions = await fleet.history(params.network, { before: query.before, limit: query.limit + 1 });
        return paged(versions, query.limit, (row) => row.version);
      },
    }),
    operation<NetworkPath & { version: number }>({
      ...common, params: { ...inNetwork.params, version: id }, method: "GET", path: `${path}/history/:version`, access: "viewer", summary: "Show one version of the policy", description: "With its text.",
      answer: ref("PolicyVersion"), example: { answer: example }, run: ({ params }) => found(params.network, params.version),
    }),
    operation<NetworkPath, {}, { version: number; reason: string }>({
      ...common, method: "POST", path: `${path}/rollback`, access: "operator", summary: "Go back to an earlier version", answer: ref("PolicyVersion"), errors: [409, 422],
      description: "Pushes the text of that version as a new version, so that the history stays whole.", body: object({ version: id, reason }),
      example: { body: { version: 3, reason: "the printer stopped working" }, answer: { ...example, version: 5, rolledBackFrom: 3 } },
      run: ({ actor, params, body }) => metrics.push(params.network, now, () => fleet.rollback(actor, params.network, body.version, body.reason)),
    }),
  ];
}

/** `rows` holds one more than `limit` when there is a next page. */
export function paged<Row>(rows: Row[], limit: number, cursor: (row: Row) => number): { items: Row[]; next?: number } {
  const items = rows.slice(0, limit);
  return rows.length > limit ? { items, next: cursor(items.at(-1)!) } : { items };
}

/** The version number of `expected`, else of an If-Match header ("3"). */
function expectedOf(expected: number | undefined, ifMatch: string | undefined): number | undefined {
  if (expected !== undefined || ifMatch === undefined || ifMatch === "*") return expected;
  const match = /^"(\d{1,9})"$/.exec(ifMatch);
  if (!match) throw new RequestError(400, `If-Match: expected a version as in ETag, "3" with its quotes`, { field: "If-Match" });
  return Number(match[1]);
}
