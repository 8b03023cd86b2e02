// SPDX-License-Identifier: Apache-2.0
// The description is complete, valid, and true of what is served.
import { Validator } from "@seriousme/openapi-schema-validator";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openBench, type Bench } from "./bench.ts";

interface Described { summary?: string; description?: string; tags?: string[]; operationId?: string; security?: object[]; responses: Record<string, any>; requestBody?: any }
let bench: Bench;
let paths: [method: string, path: string, operation: Described][];

test.before(async () => {
  bench = await openBench();
  const { json } = await bench.ask("/openapi.json");
  paths = Object.entries(json.paths as Record<string, Record<string, Described>>).flatMap(([path, methods]) => Object.entries(methods).map(([method, spec]) => [method, path, spec] as never));
});
test.after(() => bench.close());

test("is valid OpenAPI 3.1", async () => {
  const { json } = await bench.ask("/openapi.json");
  const result = await new Validator().validate(json);
  assert.equal(result.errors, undefined, JSON.stringify(result.errors)?.slice(0, 2000));
  assert.is(result.valid, true);
  assert.is(json.openapi, "3.1.0");
});

test("every operation says what it is for, who may use it, what it answers", () => {
  assert.ok(paths.length > 35, `${paths.length} operations`);
  for (const [method, path, spec] of paths) {
    const name = `${method} ${path}`;
    assert.ok(spec.summary && spec.description && spec.tags?.length && spec.operationId && spec.security, name);
    const success = Object.keys(spec.responses).filter((status) => status.startsWith("2"));
    assert.is(success.length, 1, name);
    assert.ok(Object.keys(spec.responses).some((status) => status === "400"), `${name}: no refusal described`);
    if (success[0] !== "204") assert.match(JSON.stringify(spec.responses[success[0]!]), /"examples?"/, `${name}: no example of the answer`);
    if (spec.requestBody) assert.match(JSON.stringify(spec.requestBody), /"examples?"/, `${name}: no example of the body`);
  }
});

test("identifiers of operations are unique", () => {
  const ids = paths.map(([, , spec]) => spec.operationId);
  assert.equal(ids.filter((id, index) => ids.indexOf(id) !== index), []);
});

test("what needs sign-in refuses strangers, and nothing else does", async () => {
  for (const [method, path, spec] of paths) {
    const { status } = await bench.ask(path.replace(/\{\w+\}/g, "1"), { method: method.toUpperCase() });
    assert.is(status === 401, spec.security!.length > 0, `${method} ${path}: ${status}`);
  }
});

test.run();
