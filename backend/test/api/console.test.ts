// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { get } from "node:http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openBench, type Bench } from "./bench.ts";

let bench: Bench;
const outside = mkdtempSync(join(tmpdir(), "securebox-console-"));
const directory = join(outside, "dist");
test.before(async () => {
  mkdirSync(join(directory, "assets"), { recursive: true });
  writeFileSync(join(directory, "index.html"), "<!doctype html><title>Securebox</title>");
  writeFileSync(join(directory, "assets/main-ABCD1234.js"), `// ${"x".repeat(2000)}`);
  writeFileSync(join(outside, "secret.txt"), "secret");
  symlinkSync(join(outside, "secret.txt"), join(directory, "link.txt"));
  bench = await openBench({ consoleDirectory: directory });
});
test.after(async () => {
  await bench.close();
  rmSync(outside, { recursive: true });
});

test("index.html for every page, never cached without asking", async () => {
  for (const path of ["/", "/index.html", "/networks/home/policy", "/sign-in?next=/"]) {
    const { status, text, headers } = await bench.ask(path);
    assert.equal([status, text.slice(0, 15), headers["cache-control"]], [200, "<!doctype html>", "no-cache"], path);
    assert.is((await bench.ask(path, { headers: { "if-none-match": String(headers.etag) } })).status, 304);
  }
});

test("files with a hash in their name are kept for a year, packed when the browser can", async () => {
  const plain = await bench.ask("/assets/main-ABCD1234.js");
  assert.equal([plain.status, plain.headers["cache-control"], plain.headers["content-type"]], [200, "public, max-age=31536000, immutable", "text/javascript; charset=utf-8"]);
  const packed = await new Promise<Buffer>((resolve) => get(`${bench.url}/assets/main-ABCD1234.js`, { headers: { "accept-encoding": "gzip" } }, async (response) => resolve(Buffer.concat(await response.toArray()))));
  assert.ok(packed.length < 200);
  assert.is(gunzipSync(packed).toString(), plain.text);
});

test("what is not among the files is not there: no way up, no links, no directory, no missing asset as a page", async () => {
  for (const path of ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/link.txt", "/assets/missing-ABCD1234.js", "/.git/config", "/etc/passwd%00.html"]) {
    const { status, text } = await bench.ask(path);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    assert.not.match(text, /^secret/);
  }
});

test("paths of the API are never pages", async () => {
  for (const path of ["/api/v1/nothing", "/api", "/health", "/api/v2/networks"]) {
    const { status, json } = await bench.ask(path);
    assert.equal([status, json.error.code], [404, "not-found"], path);
  }
  assert.is((await bench.ask("/networks", { method: "POST", body: {} })).status, 404);
});

test("a console that was not built is an error at start", async () => {
  let message = "";
  await openBench({ consoleDirectory: join(directory, "assets") }).catch((error: Error) => { message = error.message; });
  assert.match(message, "no index.html");
});

test.run();
