// SPDX-License-Identifier: Apache-2.0
// Where a request comes from: which site, and whether from this machine.
import type { FastifyRequest } from "fastify";

/**
 * Whether a change may have been made by a page of ours. Browsers send `Origin` with every request that changes something (Fetch standard, "append a
 * request Origin header"), so one without is no browser's, and no session's.
 */
export function isSameOrigin(request: FastifyRequest): boolean {
  const { origin, host, "sec-fetch-site": site } = request.headers;
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  return origin !== undefined && hostOf(origin) === host;
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

/** From this machine itself, by a loopback name (a page elsewhere could have its own name point here), through no proxy. */
export function isLoopback({ ip, headers }: FastifyRequest): boolean {
  const proxied = headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined;
  return !proxied && /^(127\.|::1$|::ffff:127\.)/.test(ip) && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(headers.host ?? "");
}
