// SPDX-License-Identifier: Apache-2.0
// Gateways that lost their certificate: asked for by anybody, decided by a person, collected by who has the key.
import { createPublicKey, randomBytes, verify, X509Certificate } from "node:crypto";
import type { Enrolled } from "@securebox/contract";
import { checkRequest, keyFingerprint } from "../pki/request.ts";
import { RequestError, type Actor, type Certificate, type EnrolmentRequest } from "../ports.ts";
import type { EnrolmentDependencies } from "./index.ts";

/** Open at once: of one gateway, and in all. */
const MAX_OF_GATEWAY = 5;
const MAX_OPEN = 1_000;
/** Of what a person sees. */
const MAX_LISTED = 200;
const COLUMNS = "id, gateway, network, csr, key_fingerprint, same_key, remote, created, state, certificate";

interface Row { id: string; gateway: string; network: string; csr: string; key_fingerprint: string; same_key: boolean; remote: string; created: Date | string; state: EnrolmentRequest["state"]; certificate: Certificate | null }
type Common = Pick<Enrolled, "broker" | "ca" | "keys" | "epoch" | "now">;

export class Requests {
  constructor(private readonly context: EnrolmentDependencies, private readonly common: () => Common) {}

  /** The same gateway with the same key gets the request that it has already. */
  async add(gateway: string, csr: string, remote: string): Promise<{ id: string }> {
    const { database, fleet, live } = this.context;
    const checked = await checkRequest(csr);
    const found = await fleet.gateway(gateway);
    if (found.state === "revoked") throw new RequestError(403, `gateway "${gateway}" was revoked: make a new enrolment token for it`);
    const [same] = await database.query<Row>("SELECT id FROM enrolment_requests WHERE gateway = $1 AND key_fingerprint = $2 AND state = 'open' ORDER BY created DESC LIMIT 1", [gateway, checked.keyFingerprint]);
    if (same) return { id: same.id };
    const id = randomBytes(18).toString("base64url");
    const made = await database.query(
      `INSERT INTO enrolment_requests (id, gateway, network, csr, key_fingerprint, same_key, remote) SELECT $1, $2, $3, $4, $5, $6, $7
       WHERE (SELECT count(*) FROM enrolment_requests WHERE gateway = $2 AND state = 'open') < ${MAX_OF_GATEWAY} AND (SELECT count(*) FROM enrolment_requests WHERE state = 'open') < ${MAX_OPEN} RETURNING id`,
      [id, gateway, found.network, csr, checked.keyFingerprint, await this.#isItsKey(gateway, checked.keyFingerprint), remote.slice(0, 100)]);
    if (made.length === 0) throw new RequestError(429, `too many requests for "${gateway}" wait for an operator already`);
    await fleet.record({ actor: gateway, action: "enrolment.request", target: id, network: found.network, outcome: "done", detail: { keyFingerprint: checked.keyFingerprint }, remote });
    live.emit({ kind: "enrolment" });
    return { id };
  }

  async list(): Promise<EnrolmentRequest[]> {
    const rows = await this.context.database.query<Row>(`SELECT ${COLUMNS} FROM enrolment_requests ORDER BY state = 'open' DESC, created DESC LIMIT ${MAX_LISTED}`);
    return rows.map(({ id, gateway, network, created, key_fingerprint, same_key, remote, state }) =>
      ({ id, gateway, network, created: new Date(created).toISOString(), keyFingerprint: key_fingerprint, sameKey: same_key, remote, state }));
  }

  async decide(actor: Actor, id: string, approve: boolean): Promise<void> {
    const { database, fleet, pki, live } = this.context;
    const [row] = await database.query<Row>(
      `UPDATE enrolment_requests SET state = $2, decided_by = $3, decided = now() WHERE id = $1 AND state = 'open' RETURNING ${COLUMNS}`, [id, approve ? "approved" : "rejected", actor.name]);
    if (!row) throw await this.#whyNot(id);
    if (approve) {
      try {
        const certificate = await pki.issueGateway(row.csr, row.gateway, row.network);
        await fleet.renewed(row.gateway, certificate);
        await database.query("UPDATE enrolment_requests SET certificate = $2::jsonb WHERE id = $1", [id, JSON.stringify(certificate)]);
      } catch (error) {
        await database.query("UPDATE enrolment_requests SET state = 'open', decided_by = NULL, decided = NULL WHERE id = $1", [id]).catch(() => {}); // the gateway asks again after an hour
        throw error;
      }
    }
    await fleet.record({ actor: actor.name, action: approve ? "enrolment.approve" : "enrolment.reject", target: row.gateway, network: row.network, outcome: "done", detail: { request: id, keyFingerprint: row.key_fingerprint }, remote: actor.remote });
    live.emit({ kind: "enrolment" });
  }

  async collect(id: string, proof: string): Promise<Enrolled | undefined> {
    const [row] = await this.context.database.query<Row>(`SELECT ${COLUMNS} FROM enrolment_requests WHERE id = $1`, [id]);
    const wrong = new RequestError(403, "the proof is not a signature of this request's key");
    if (!row) throw wrong; // whoever guesses learns nothing
    if (!(await proves(row.csr, id, proof))) throw wrong;
    if (row.state === "rejected") throw new RequestError(403, "an operator rejected this request");
    if (row.state === "open" || row.certificate === null) return undefined;
    return { network: row.network, gateway: row.gateway, certificate: row.certificate.pem, ...this.common() };
  }

  async #isItsKey(gateway: string, fingerprint: string): Promise<boolean> {
    const [newest] = await this.context.database.query<{ pem: string }>("SELECT pem FROM certificates WHERE gateway = $1 ORDER BY issued DESC LIMIT 1", [gateway]);
    if (!newest) return false;
    return keyFingerprint(new X509Certificate(newest.pem).publicKey.export({ type: "spki", format: "pem" }) as string) === fingerprint;
  }

  async #whyNot(id: string): Promise<RequestError> {
    const [row] = await this.context.database.query<Row>("SELECT state FROM enrolment_requests WHERE id = $1", [id]);
    return row ? new RequestError(409, `this request is ${row.state} already`) : new RequestError(404, `there is no enrolment request "${id.slice(0, 64)}"`);
  }
}

/** Whether `proof` (base64, IEEE P1363) is a signature over "securebox-enrolment:" + id by the key of the certificate request. */
async function proves(csr: string, id: string, proof: string): Promise<boolean> {
  const signature = Buffer.from(proof, "base64");
  if (signature.length !== 64) return false;
  const { publicKey } = await checkRequest(csr);
  return verify("sha256", Buffer.from(`securebox-enrolment:${id}`), { key: createPublicKey(publicKey), dsaEncoding: "ieee-p1363" }, signature);
}
