// SPDX-License-Identifier: Apache-2.0
import type { Enrolled } from "@securebox/contract";
import { RequestError } from "../../ports.ts";
import { operation, type Call, type Operation } from "../operation.ts";
import { maySee } from "../roles.ts";
import { csr, items, name, object, ref, text } from "../schemas.ts";
import { inNetwork, type NetworkPath } from "./networks.ts";
import type { Room } from "./room.ts";

const requestId = text(1, 64, { pattern: "^[A-Za-z0-9_-]+$" });
const DAY = 86_400;
const enrolled = { network: "home", gateway: "attic", broker: "mqtts://backend.example:8883", certificate: "-----BEGIN CERTIFICATE-----…", ca: "-----BEGIN CERTIFICATE-----…", keys: [], now: 1795424400000 };
const asked = { id: "Zk3vQ", gateway: "attic", network: "home", created: "2026-11-23T08:00:00.000Z", keyFingerprint: "b5bb9d8014a0f9b1…", sameKey: true, remote: "192.0.2.7", state: "open" };

export function enrolmentRoutes({ enrolment, attempts, refuse }: Room): Operation[] {
  /** Answers to strangers are rationed: a wrong secret counts against the address. */
  async function rationed<T>({ request }: Call, action: string, target: string, run: () => Promise<T>): Promise<T> {
    const names = [`${action} ${request.ip}`];
    attempts.check(names);
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      attempts.failed(names);
      throw refuse(request, error, { action, target, actor: "nobody" });
    }
  }

  async function decide({ params, actor, request }: Call<{ id: string }>, approve: boolean): Promise<void> {
    const found = (await enrolment.requests()).find(({ id }) => id === params.id);
    if (!found) throw new RequestError(404, `there is no enrolment request "${params.id}"`);
    if (!maySee(actor, found.network)) throw refuse(request, new RequestError(403, "you may not use this request's network"), { target: params.id, network: found.network });
    await enrolment.decide(actor, params.id, approve);
  }

  const open = { tag: "enrolment", access: "open" } as const;
  const one: Pick<Operation, "tag" | "access" | "params" | "errors"> = { tag: "enrolment", access: "operator", params: { id: requestId }, errors: [409] };
  return [
    operation<NetworkPath, {}, { gateway?: string; title?: string; lifetime?: number }>({
      ...inNetwork, method: "POST", path: "/api/v1/networks/:network/enrolment-tokens", tag: "enrolment", access: "operator", summary: "Make an enrolment token", status: 201, errors: [409],
      description: "For one gateway, once: type it there (`securebox enroll TOKEN`). Shown this once. `lifetime` in seconds, default one day. Without `gateway` an identifier is made up.",
      body: object({ gateway: name, title: text(0, 200), lifetime: { type: "integer", minimum: 60, maximum: 30 * DAY } }, ["gateway", "title", "lifetime"]),
      answer: object({ token: { type: "string" }, gateway: { type: "string" }, expires: { type: "string" } }),
      example: { body: { gateway: "attic", title: "Attic" }, answer: { token: "sbx1.eyJ1Ijoi…", gateway: "attic", expires: "2026-11-24T08:00:00.000Z" } },
      run: ({ actor, params, body }) => enrolment.createToken(actor, params.network, body),
    }),
    operation<{}, {}, { secret: string; csr: string }>({
      ...open, method: "POST", path: "/api/v1/enrol", summary: "Enrol a gateway", body: object({ secret: text(1, 256), csr }), answer: ref("Enrolled"), errors: [401, 403, 409, 429],
      description: "What a gateway sends once: the secret of its enrolment token and a certificate request, whose own signature proves that it has the key.",
      example: { body: { secret: "Jx0c…", csr: "-----BEGIN CERTIFICATE REQUEST-----…" }, answer: enrolled },
      run: (call) => rationed(call, "gateway.enrol", "", () => enrolment.enrol(call.body.secret, call.body.csr, call.request.ip)),
    }),
    operation<{}, {}, { gateway: string; csr: string }>({
      ...open, method: "POST", path: "/api/v1/enrol/requests", summary: "Ask to enrol again", body: object({ gateway: name, csr }), status: 202, answer: object({ id: { type: "string" } }), errors: [404, 409, 429],
      description: "For a gateway whose certificate is lost or expired. An operator approves or rejects it; meanwhile the gateway asks for the outcome. At most 30 an hour from one address.",
      example: { body: { gateway: "attic", csr: "-----BEGIN CERTIFICATE REQUEST-----…" }, answer: { id: "Zk3vQ" } },
      run: (call) => {
        attempts.spend(`enrolment requests ${call.request.ip}`);
        return rationed(call, "gateway.request", call.body.gateway, () => enrolment.request(call.body.gateway, call.body.csr, call.request.ip));
      },
    }),
    operation<{ id: string }, { proof: string }>({
      ...open, method: "GET", path: "/api/v1/enrol/requests/:id", summary: "Collect the outcome of a request", params: { id: requestId }, query: { proof: text(80, 120) }, errors: [401, 403, 429],
      description: "`proof`: the ECDSA P-256 signature (IEEE P1363, base64) over `securebox-enrolment:` and the id, by the key of the certificate request. `state` \"open\": ask again later; \"approved\": with `enrolled`; a rejected one answers 403.",
      answer: object({ state: { type: "string", enum: ["open", "approved"] }, enrolled: ref("Enrolled") }, ["enrolled"]), example: { answer: { state: "approved", enrolled } },
      run: (call) => rationed(call, "gateway.collect", call.params.id, async () => outcome(await enrolment.collect(call.params.id, call.query.proof ?? ""))),
    }),
    operation({
      method: "GET", path: "/api/v1/enrolment-requests", tag: "enrolment", access: "viewer", summary: "List enrolment requests", description: "Of gateways that lost their certificate. `sameKey`: the key is the one that the gateway had.",
      answer: items("EnrolmentRequest"), example: { answer: { items: [asked] } }, run: async ({ actor }) => ({ items: (await enrolment.requests()).filter(({ network }) => maySee(actor, network)) }),
    }),
    operation<{ id: string }>({
      ...one, method: "POST", path: "/api/v1/enrolment-requests/:id/approve", summary: "Approve an enrolment request", description: "The gateway gets a certificate when it asks next. Compare the key's fingerprint with what `securebox status` shows at the gateway, unless `sameKey`.",
      run: (call) => decide(call, true),
    }),
    operation<{ id: string }>({ ...one, method: "POST", path: "/api/v1/enrolment-requests/:id/reject", summary: "Reject an enrolment request", description: "The gateway is told so.", run: (call) => decide(call, false) }),
  ];
}

function outcome(enrolled: Enrolled | undefined): unknown {
  return enrolled ? { state: "approved", enrolled } : { state: "open" };
}
