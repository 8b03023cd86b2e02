// SPDX-License-Identifier: Apache-2.0
/*
 * How gateways get their certificates.
 *
 *   first time:   operator makes a token -> gateway sends secret and certificate request -> certificate
 *   lost one:     gateway sends a request -> operator approves -> gateway proves to have the request's key -> certificate
 *
 * Renewal in time goes over the link and is the fleet's. Attempts per address are rationed by the API; here everything is bounded that fills a table.
 */
import { createHash, randomBytes } from "node:crypto";
import { NAME, type Enrolled } from "@securebox/contract";
import { checkRequest } from "../pki/request.ts";
import { RequestError, type Actor, type Database, type Enrolment, type Fleet, type Live, type Pki } from "../ports.ts";
import { Requests } from "./requests.ts";

export interface EnrolmentDependencies {
  database: Database;
  fleet: Pick<Fleet, "network" | "gateway" | "gateways" | "enrolled" | "renewed" | "record">;
  pki: Pick<Pki, "issueGateway" | "caPem" | "caFingerprint" | "keys" | "epoch">;
  live: Pick<Live, "emit">;
  /** Where gateways find us: known when the API listens. */
  addresses: () => { api: string; broker: string };
  now?: () => number;
}

const DAY_SECONDS = 86_400;
const MAX_LIFETIME = 30 * DAY_SECONDS;
/** Not used yet, of one network. */
const MAX_OPEN_TOKENS = 1_000;

export function createEnrolment(deps: EnrolmentDependencies): Enrolment {
  return new TokensAndRequests({ now: Date.now, ...deps });
}

type Context = EnrolmentDependencies & { now: () => number };
interface TokenRow { network: string; gateway: string; title: string; expires: Date | string; used_at: unknown }

class TokensAndRequests implements Enrolment {
  readonly #requests: Requests;
  readonly requests: Enrolment["requests"];
  readonly request: Enrolment["request"];
  readonly decide: Enrolment["decide"];

  constructor(private readonly context: Context) {
    this.#requests = new Requests(context, () => this.#common());
    this.requests = () => this.#requests.list();
    this.request = (gateway, csr, remote) => this.#requests.add(gateway, csr, remote);
    this.decide = (actor, id, approve) => this.#requests.decide(actor, id, approve);
  }

  collect(id: string, proof: string): Promise<Enrolled | undefined> {
    return this.#requests.collect(id, proof);
  }

  async createToken(actor: Actor, network: string, { gateway = inventName(), title = "", lifetime = DAY_SECONDS }: { gateway?: string; title?: string; lifetime?: number }): Promise<{ token: string; gateway: string; expires: string }> {
    const { database, fleet, pki, addresses, now } = this.context;
    await fleet.network(network); // 404 when there is none
    if (!NAME.test(gateway)) throw new RequestError(400, `gateway: "${gateway.slice(0, 80)}" is no identifier: expected 1 to 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit`);
    if (!(lifetime > 0 && lifetime <= MAX_LIFETIME)) throw new RequestError(400, `lifetime: expected at most ${MAX_LIFETIME} seconds`);
    await this.#checkFree(gateway, network);
    const secret = randomBytes(32).toString("base64url");
    const expires = new Date(now() + lifetime * 1000);
    const made = await database.query(
      `INSERT INTO enrolment_tokens (hash, network, gateway, title, created_by, expires) SELECT $1, $2, $3, $4, $5, $6
       WHERE (SELECT count(*) FROM enrolment_tokens WHERE network = $2 AND used_at IS NULL AND expires > $7) < ${MAX_OPEN_TOKENS} RETURNING hash`,
      [hashOf(secret), network, gateway, title, actor.name, expires, new Date(now())]);
    if (made.length === 0) throw new RequestError(429, `there are ${MAX_OPEN_TOKENS} unused enrolment tokens for "${network}" already; wait until they expire`);
    await fleet.record({ actor: actor.name, action: "enrolment.token", target: gateway, network, outcome: "done", detail: { expires: expires.toISOString() }, remote: actor.remote });
    const content = JSON.stringify({ u: addresses().api, s: secret, p: pki.caFingerprint });
    return { token: `sbx1.${Buffer.from(content).toString("base64url")}`, gateway, expires: expires.toISOString() };
  }

  async enrol(secret: string, csr: string, remote: string): Promise<Enrolled> {
    const { database, fleet, pki, live, now } = this.context;
    const hash = hashOf(secret);
    const [token] = await database.query<TokenRow>("SELECT network, gateway, title, expires, used_at FROM enrolment_tokens WHERE hash = $1", [hash]);
    if (!token) throw new RequestError(401, "this enrolment token is not known here: copy the whole of it, or make a new one");
    if (token.used_at !== null) throw used();
    if (new Date(token.expires).getTime() <= now()) throw new RequestError(401, `this enrolment token expired at ${new Date(token.expires).toISOString()}: make a new one`);
    await checkRequest(csr); // a bad request does not use the token up
    const { gateway, network, title } = token;
    await this.#checkFree(gateway, network);
    // The database decides between two that come at once: only one finds it unused.
    const won = await database.query("UPDATE enrolment_tokens SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires > $2 RETURNING hash", [hash, new Date(now())]);
    if (won.length === 0) throw used();
    try {
      const certificate = await pki.issueGateway(csr, gateway, network);
      await fleet.enrolled({ name: gateway, kind: "gateway", role: "viewer", remote }, gateway, network, title, certificate);
      live.emit({ kind: "gateway", network, gateway });
      return { network, gateway, certificate: certificate.pem, ...this.#common() };
    } catch (error) {
      await database.query("UPDATE enrolment_tokens SET used_at = NULL WHERE hash = $1", [hash]).catch(() => {}); // then the person makes a new one
      throw error;
    }
  }

  #common(): Pick<Enrolled, "broker" | "ca" | "keys" | "epoch" | "now"> {
    const { addresses, pki, now } = this.context;
    return { broker: addresses().broker, ca: pki.caPem, keys: pki.keys, ...(pki.epoch > 0 && { epoch: pki.epoch }), now: now() };
  }

  /** A token for a gateway that is there already gives it a new identity (a replaced device); in another network it would be two. */
  async #checkFree(gateway: string, network: string): Promise<void> {
    const found = await this.context.fleet.gateway(gateway).catch((error: unknown) => {
      if (error instanceof RequestError && error.status === 404) return undefined;
      throw error;
    });
    if (found && found.network !== network && found.state === "enrolled") throw new RequestError(409, `gateway: there is a gateway "${gateway}" in the network "${found.network}" already; choose another identifier`);
  }
}

function used(): RequestError {
  return new RequestError(401, "this enrolment token was used already: make a new one");
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** "gw-" and eight letters and digits that are not mistaken for each other. */
function inventName(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  return `gw-${Array.from(randomBytes(8), (byte) => letters[byte % letters.length]).join("")}`;
}
