// SPDX-License-Identifier: Apache-2.0
// The API as one application behind any number of listeners.
import swagger from "@fastify/swagger";
import Ajv, { type ValidateFunction } from "ajv";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { RequestError } from "../ports.ts";
import { findSession } from "./accounts/sessions.ts";
import { tokenStillValid } from "./accounts/tokens.ts";
import { Attempts } from "./attempts.ts";
import { authenticate, authorise } from "./authenticate.ts";
import { readConsole, servePage } from "./console.ts";
import { description, withExamples } from "./description.ts";
import { answerOf, plain, type Answer } from "./errors.ts";
import { BODY_LIMIT, readBodies } from "./http/body.ts";
import { securityHeaders } from "./http/headers.ts";
import { isSameOrigin } from "./http/origin.ts";
import { Listeners } from "./listen.ts";
import { LiveHub } from "./live-hub.ts";
import { createMetrics } from "./metrics.ts";
import { routeSchema, type Operation } from "./operation.ts";
import { Refusals, type Refused } from "./refusals.ts";
import { operations } from "./routes/index.ts";
import type { Room } from "./routes/room.ts";
import { SHARED } from "./schemas.ts";
import type { Api, ApiDependencies, Caller } from "./types.ts";

declare module "fastify" {
  interface FastifyRequest { caller: Caller | undefined; started: number }
}

const NOBODY = { name: "nobody", kind: "user", role: "viewer" } as const;

/** Opens nothing yet. Throws when `consoleDirectory` has no index.html. */
export async function createApi(deps: ApiDependencies): Promise<Api> {
  const now = deps.now ?? Date.now;
  const app = newApp();
  const { room, refusals, told } = newRoom(deps, now);
  const pages = deps.consoleDirectory === undefined ? undefined : readConsole(deps.consoleDirectory);

  app.decorateRequest("caller", undefined).decorateRequest("started", 0);
  app.addHook("onRequest", async (request, reply) => {
    request.started = performance.now();
    void reply.headers(securityHeaders(request.protocol === "https"));
  });
  app.addHook("onResponse", async (request, reply) => {
    room.metrics.request(request.method, request.routeOptions.url ?? "other", reply.statusCode, (performance.now() - request.started) / 1000);
  });
  app.setErrorHandler((error, request, reply) => {
    const answer = answerOf(error, request.id);
    if (answer.status >= 500) deps.log("error", "api-failed", { request: request.id, path: request.url, message: (error as Error).message, stack: (error as Error).stack });
    else if (!told.has(error as object) && isAttempt(answer, request)) refusals.add(request, request.caller, { status: answer.status, message: answer.error.message });
    send(reply, answer);
  });
  app.setNotFoundHandler((request, reply) => {
    const isApi = /^\/(api|health|metrics|openapi)(?![a-z])/.test(request.url);
    if (isApi || !pages || !servePage(pages, request, reply)) send(reply, plain(404, `there is nothing at ${request.method} ${request.url.split("?")[0]!.slice(0, 200)}`));
  });

  await app.register(swagger, description(deps.version));
  for (const [name, schema] of Object.entries(SHARED)) app.addSchema({ $id: name, ...schema });
  readBodies(app);
  const specs = operations(room);
  let described: Record<string, unknown> = {};
  await app.register(async (scope) => {
    for (const spec of specs) addRoute(scope, spec, room);
    scope.get("/openapi.json", { schema: { hide: true } as object }, async () => described);
  });
  await app.ready();
  described = withExamples(app.swagger() as unknown as Record<string, unknown>, specs);
  const listeners = new Listeners(deps.pki, deps.log, (request, response) => app.routing(request, response));
  return {
    handle: (request, response) => app.routing(request, response),
    listen: (options) => listeners.open(options),
    description: () => described,
    async close() {
      room.hub.close();
      await listeners.close();
      await app.close();
      room.metrics.close();
    },
  };
}

function newApp(): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: BODY_LIMIT, genReqId: () => Math.random().toString(36).slice(2, 10), routerOptions: { maxParamLength: 200 } });
  // Numbers in paths and queries come as text; in bodies a text is no number.
  const options = { removeAdditional: false, useDefaults: true, strict: false, formats: { "date-time": (value: string) => !Number.isNaN(Date.parse(value)) } } as const;
  const [strict, coercing] = [new Ajv(options), new Ajv({ ...options, coerceTypes: true })];
  for (const [name, schema] of Object.entries(SHARED)) for (const ajv of [strict, coercing]) ajv.addSchema({ $id: name, ...schema });
  app.setValidatorCompiler(({ schema, httpPart }): ValidateFunction => (httpPart === "body" ? strict : coercing).compile(schema as object));
  return app;
}

function newRoom(deps: ApiDependencies, now: () => number): { room: Room; refusals: Refusals; told: WeakSet<object> } {
  const told = new WeakSet<object>();
  const stillValid = async (caller: Caller): Promise<boolean> =>
    caller.by === "token" ? tokenStillValid(deps.database, Number(caller.credential), now()) : sessionStillValid(deps, caller.credential, now());
  const hub = new LiveHub(deps.live, stillValid);
  const metrics = createMetrics({ ...deps, readers: () => hub.readers });
  const refusals = new Refusals({ fleet: deps.fleet, log: deps.log, now, count: (status) => metrics.refused(status) });
  const room: Room = {
    ...deps, now, hub, metrics, stillValid, attempts: new Attempts(now),
    refuse(request, error, what = {}) {
      const refused: Refused = { status: error.status, message: error.message, ...what };
      refusals.add(request, request.caller, refused);
      told.add(error);
      return error;
    },
    done: (request, actor, action, target, detail = {}) => deps.fleet.record({ actor: actor.name, action, target, outcome: "done", detail, remote: request.ip }),
  };
  return { room, refusals, told };
}

function addRoute(app: FastifyInstance, spec: Operation, { database, now }: Room): void {
  app.route({
    method: spec.method, url: spec.path, schema: routeSchema(spec),
    async onRequest(request) {
      const shown = spec.access !== "open" || request.headers.authorization !== undefined;
      request.caller = shown ? await authenticate(database, request, now()) : undefined;
      // Signing somebody in as the attacker is an attack too.
      if (spec.access === "open" && request.headers.origin !== undefined && !isSameOrigin(request)) throw new RequestError(403, "this must come from the console's own pages");
      authorise(spec, request.caller, (request.params as { network?: string }).network);
    },
    async handler(request, reply) {
      const { params, query, body, caller } = request;
      if (spec.path.startsWith("/api/")) void reply.header("cache-control", "no-store");
      if (spec.status) void reply.status(spec.status);
      const answer = await spec.run({ params, query, body, caller, actor: caller?.actor ?? { ...NOBODY, remote: request.ip }, request, reply });
      if (!spec.answer && !reply.sent) return reply.status(204).send();
      if (answer === undefined) return reply.sent ? reply : reply.send();
      return answer;
    },
  });
}

/** Asking without having signed in is what every browser does at first; what else is refused for lack of rights or measure is an attempt. */
function isAttempt({ status }: Answer, request: FastifyRequest): boolean {
  const shown = request.headers.authorization !== undefined || request.headers.cookie !== undefined;
  return status === 403 || status === 413 || status === 429 || (status === 401 && shown);
}

function send(reply: FastifyReply, { status, error, retryAfter }: Answer): void {
  if (retryAfter !== undefined) void reply.header("retry-after", retryAfter);
  void reply.status(status).type("application/json; charset=utf-8").serializer(JSON.stringify).send({ error });
}

async function sessionStillValid({ database }: ApiDependencies, hash: string, now: number): Promise<boolean> {
  return (await findSession(database, { hash }, now)) !== undefined;
}
