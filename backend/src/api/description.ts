// SPDX-License-Identifier: Apache-2.0
// The head of the OpenAPI description.
import { COOKIE } from "./http/cookie.ts";
import type { Operation } from "./operation.ts";

const TEXT = `Policies, gateways, devices and events of many Securebox networks.

Programs send an API token (\`Authorization: Bearer sbt_…\`); browsers sign in and get a session's cookie. Lists are \`{items: […], next?: cursor}\`. Every refusal is
\`{error: {code, message, field?, details?}}\`. Unknown fields of a body or a query are refused. Bodies are at most 1.5 MB and 32 levels deep. Times are ISO 8601 in UTC.`;

const TAGS: Record<string, string> = {
  session: "Signing in and out", users: "People who may sign in", tokens: "API tokens of programs", networks: "Networks", policies: "Policies with their versions", gateways: "Gateways and what they report",
  enrolment: "How gateways join, and come back", devices: "Devices that gateways report", verdicts: "Answers about unknown devices and flows", events: "What happened", keys: "Signing keys and certificates", operation: "Health and metrics",
};

export function description(version: string): object {
  return {
    refResolver: { buildLocalReference: (json: { $id?: string }, _base: unknown, _fragment: unknown, index: number) => json.$id ?? `def-${index}` },
    openapi: {
      openapi: "3.1.0",
      info: { title: "Securebox backend", version, description: TEXT, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
      servers: [{ url: "/", description: "this backend" }],
      tags: Object.entries(TAGS).map(([name, about]) => ({ name, description: about })),
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "API token" },
          session: { type: "apiKey", in: "cookie", name: COOKIE, description: "session of a browser" },
        },
      },
    },
  };
}

type Media = Record<string, { example?: unknown }>;
interface Document { paths?: Record<string, Record<string, { responses: Record<string, { content?: Media }> }>> }

/** Puts the examples of answers in: beside a reference to a shared schema @fastify/swagger leaves them out. Changes and returns `document`. */
export function withExamples<T>(document: T, specs: readonly Operation[]): T {
  for (const { method, path, example, status = 200 } of specs) {
    const { responses } = (document as Document).paths![path.replace(/:(\w+)/g, "{$1}")]![method.toLowerCase()]!;
    for (const media of Object.values(responses[status]?.content ?? {})) media.example = example?.answer;
  }
  return document;
}
