// SPDX-License-Identifier: Apache-2.0
// The console's files, read once at start: what is not among them cannot be asked for, whatever the path says.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
  ".json": "application/json; charset=utf-8", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".map": "application/json; charset=utf-8",
};
/** Names with a hash of their content, as the build makes them: name-ABCD1234.js. */
const HASHED = /[-.][A-Za-z0-9]{8,}\.\w+(\.map)?$/;

interface Page { content: Buffer; zipped?: Buffer; type: string; tag: string; cache: string }
export type Console = ReadonlyMap<string, Page>;

/** By URL path. Throws when the directory cannot be read or has no index.html. */
export function readConsole(directory: string): Console {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const pages = new Map(files.map((entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    return [`/${relative(directory, path).split(sep).join("/")}`, pageOf(path)] as const;
  }));
  if (!pages.has("/index.html")) throw new Error(`${directory}: no index.html; the console was not built`);
  return pages;
}

function pageOf(path: string): Page {
  const content = readFileSync(path);
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  const cache = HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache";
  const page = { content, type, cache, tag: `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"` };
  return /text|json|svg/.test(type) && content.length > 1000 ? { ...page, zipped: gzipSync(content) } : page;
}

/** Answers with a file, or with index.html for any path that looks like a page of the console; false: nothing fits. */
export function servePage(pages: Console, request: FastifyRequest, reply: FastifyReply): boolean {
  const path = request.url.split("?")[0]!;
  const isPage = /^\/[A-Za-z0-9/_-]*$/.test(path);
  const page = pages.get(path) ?? (isPage ? pages.get("/index.html") : undefined);
  if (!page || (request.method !== "GET" && request.method !== "HEAD")) return false;
  const zip = page.zipped !== undefined && String(request.headers["accept-encoding"]).includes("gzip");
  void reply.headers({ etag: page.tag, "cache-control": page.cache, "content-type": page.type, vary: "accept-encoding", ...(zip ? { "content-encoding": "gzip" } : {}) });
  if (request.headers["if-none-match"] === page.tag) void reply.status(304).send();
  else void reply.send(zip ? page.zipped : page.content);
  return true;
}
