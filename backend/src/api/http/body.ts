// SPDX-License-Identifier: Apache-2.0
// Reading bodies: JSON that is not nested deeper than anything of ours, and YAML as text.
import type { FastifyInstance } from "fastify";
import { RequestError } from "../../ports.ts";

/** Bytes; a policy's text is the largest thing that anybody sends. */
export const BODY_LIMIT = 1_500_000;
const MAX_DEPTH = 32;

/** Depth of brackets outside strings. */
export function depthOf(json: string): number {
  let [depth, deepest, inString] = [0, 0, false];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth--;
  }
  return deepest;
}

export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, text, done) => {
    if (depthOf(text) > MAX_DEPTH) done(new RequestError(400, `the body is nested deeper than ${MAX_DEPTH} levels`, { field: "body" }));
    else parse(request, text, done);
  });
  app.addContentTypeParser<string>("application/yaml", { parseAs: "string" }, (_request, text, done) => done(null, text));
}
