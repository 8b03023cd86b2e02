// SPDX-License-Identifier: Apache-2.0
// An API on a port of its own with a real database, and what speaks HTTP to it.
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { createApi, ensureAdministrator, type Api } from "../../src/api/index.ts";
import { createToken, type NewToken } from "../../src/api/accounts/tokens.ts";
import { addUser } from "../../src/api/accounts/users.ts";
import type { Broker, Database, Enrolment, EnrolmentRequest, LiveEvent, Pki, Verdicts } from "../../src/ports.ts";
import { RequestError } from "../../src/ports.ts";
import { openDatabase } from "../../src/store/index.ts";
import { FakeFleet } from "./fake-fleet.ts";

/** One embedded database for the benches of a file: to start it takes a second or two. */
let shared: Database | undefined;

export const fakePki = { caPem: "PEM", keys: [], crl: async () => "CRL", rotate: async () => ({ keys: { keys: [] } }) } as unknown as Pki;

export class FakeEnrolment implements Enrolment {
  readonly open: EnrolmentRequest[] = [];
  async createToken(_actor: unknown, _network: string, options: { gateway?: string }): Promise<{ token: string; gateway: string; expires: string }> {
    return { token: "sbx1.eyJ9", gateway: options.gateway ?? "gw-1", expires: "2026-11-24T08:00:00.000Z" };
  }
  async enrol(secret: string): Promise<never> { throw new RequestError(403, `no token with the secret of ${secret.length} characters`); }
  async request(): Promise<{ id: string }> { return { id: "r1" }; }
  async requests(): Promise<EnrolmentRequest[]> { return this.open; }
  async decide(_actor: unknown, id: string, approve: boolean): Promise<void> { this.open.find((row) => row.id === id)!.state = approve ? "approved" : "rejected"; }
  async collect(): Promise<undefined> { return undefined; }
}

export interface Answered { status: number; headers: IncomingHttpHeaders; text: string; json: any }
export interface Ask { method?: string; token?: string; cookie?: string; origin?: string; type?: string; headers?: Record<string, string>; body?: unknown; raw?: string | Buffer; localAddress?: string }

export interface Bench {
  api: Api; url: string; database: Database; fleet: FakeFleet; enrolment: FakeEnrolment; log: { level: string; event: string; fields: any }[]; adminPassword: string;
  clock: { now: number }; broker: { connected: boolean }; own: { problem?: string };
  emit(event: LiveEvent): void;
  ask(path: string, options?: Ask): Promise<Answered>;
  token(role: NewToken["role"], more?: Partial<NewToken>): Promise<string>;
  /** Signs in; the cookie to send. */
  login(name: string, password: string): Promise<string>;
  user(name: string, role: NewToken["role"], networks?: string[]): Promise<string>;
  close(): Promise<void>;
}

export async function openBench({ pki = fakePki, ...options }: { consoleDirectory?: string; pki?: Pki } = {}): Promise<Bench> {
  const database = (shared ??= await openDatabase({ directory: undefined }));
  await database.query("TRUNCATE api_tokens, api_sessions, api_users RESTART IDENTITY");
  const adminPassword = (await ensureAdministrator(database))!;
  const [fleet, enrolment, readers, log, clock, broker] = [new FakeFleet(), new FakeEnrolment(), new Set<(event: LiveEvent) => void>(), [] as Bench["log"], { now: Date.now() }, { connected: true }];
  const own: Bench["own"] = {};
  const emit = (fleet.emit = (event: LiveEvent): void => readers.forEach((receive) => receive(event)));
  for (const name of ["home", "shop"]) await fleet.createNetwork(undefined, name, name);
  const api = await createApi({
    database, fleet, enrolment, version: "0.1.0", ...options, now: () => clock.now, problem: () => own.problem,
    live: { emit, subscribe: (receive) => (readers.add(receive), () => readers.delete(receive)) },
    pki,
    verdicts: {} as Verdicts,
    broker: Object.assign(broker, { statistics: () => ({ connections: 1, received: 2, sent: 3, refused: 4 }) }) as unknown as Broker,
    log: (level, event, fields) => log.push({ level, event, fields }),
  });
  const { url } = await api.listen({ host: "127.0.0.1", port: 0, tls: false });
  const ask = (path: string, given: Ask = {}): Promise<Answered> => send(url, path, given);
  const login = async (name: string, password: string): Promise<string> => cookieOf(await ask("/api/v1/session", { method: "POST", body: { name, password } }));
  return {
    api, url, database, fleet, enrolment, log, adminPassword, clock, broker, own, emit, ask, login,
    token: async (role, more = {}) => (await createToken(database, { title: `a ${role}'s`, role, ...more })).token,
    async user(name, role, networks) {
      await addUser(database, { name, password: `password of ${name}`, role, ...(networks ? { networks } : {}) });
      return login(name, `password of ${name}`);
    },
    close: () => api.close(),
  };
}

export function cookieOf(answer: Answered): string {
  return String(answer.headers["set-cookie"]?.[0]).split(";")[0]!;
}

/** The path goes out as it is: no client tidies up "..". */
function send(url: string, path: string, { method = "GET", token, cookie, origin, type, headers = {}, body, raw, localAddress }: Ask): Promise<Answered> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const { hostname, port } = new URL(url);
  const all: Record<string, string> = {
    ...(payload === undefined ? {} : { "content-type": type ?? "application/json", "content-length": String(Buffer.byteLength(payload)) }),
    ...(token ? { authorization: `Bearer ${token}` } : {}), ...(cookie ? { cookie, origin: origin ?? url } : origin ? { origin } : {}), ...headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, method, localAddress, headers: all, timeout: 20_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject).on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const json = String(response.headers["content-type"]).startsWith("application/json") ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode!, headers: response.headers, text, json });
      });
    });
    request.on("error", reject).on("timeout", () => request.destroy(new Error("no answer within 20 s")));
    request.end(payload);
  });
}
