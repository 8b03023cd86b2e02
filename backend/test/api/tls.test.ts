// SPDX-License-Identifier: Apache-2.0
// HTTPS with certificates of the real authority, and the command line that believes it by its fingerprint.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "node:https";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Client, fetchPinned } from "../../src/cli/client.ts";
import { Unreachable } from "../../src/cli/errors.ts";
import { run } from "../../src/cli/run.ts";
import { openPki, type OwnPki } from "../../src/pki/index.ts";
import { openDatabase } from "../../src/store/index.ts";
import { openBench, type Bench } from "./bench.ts";

let bench: Bench;
let pki: OwnPki;
let url: string;
const directory = mkdtempSync(join(tmpdir(), "securebox-tls-"));
test.before(async () => {
  const database = await openDatabase({ directory: undefined });
  pki = await openPki({ database, names: ["localhost"], keepRecoveryKey: async () => undefined });
  bench = await openBench({ pki });
  ({ url } = await bench.api.listen({ host: "127.0.0.1", port: 0, tls: true }));
});
test.after(async () => {
  await bench.close();
  rmSync(directory, { recursive: true });
});

async function failure(run: () => Promise<unknown>): Promise<Error> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was refused");
}

test("a client that knows the authority is served, with Secure cookies and HSTS", async () => {
  const { response } = await new Client({ url, ca: pki.caPem }).exchange("/api/v1/session", { method: "POST", body: { name: "admin", password: bench.adminPassword } });
  assert.match(String(response.headers["set-cookie"]), /; Secure$/);
  assert.match(String(response.headers["strict-transport-security"]), "max-age=31536000");
});

test("a client that does not know it stops, and says what to do", async () => {
  const error = await failure(() => new Client({ url }).ask("/health/live"));
  assert.instance(error, Unreachable);
  assert.match(error.message, "give --pin or --ca");
});

test("the authority is believed by its fingerprint, in either writing, and by no other", async () => {
  assert.is(await fetchPinned(url, pki.caFingerprint), pki.caPem);
  assert.is(await fetchPinned(url, pki.caFingerprint.toUpperCase().replace(/(..)(?=.)/g, "$1:")), pki.caPem);
  const error = await failure(() => fetchPinned(url, "0".repeat(64)));
  assert.match(error.message, "this is another backend, or somebody in between");
});

test("login by pin keeps the authority; a backend with another one is not talked to any more", async () => {
  const out: string[] = [];
  const io = { stdout: (text: string) => void out.push(text), stderr: (text: string) => void out.push(text), stdin: async () => bench.adminPassword, readFile: () => "", signal: new AbortController().signal };
  const cli = (line: string) => run(line.split(" "), { io, environment: { HOME: directory }, version: "0", dataDirectory: directory, password: async () => "" });
  assert.is(await cli(`login --url ${url} --pin ${pki.caFingerprint} --password-stdin`), 0, out.join(""));
  assert.is(await cli("networks"), 0, out.join(""));
  const file = join(directory, ".config/securebox/backend.json");
  const stored = JSON.parse(readFileSync(file, "utf8"));
  assert.is(stored.ca, pki.caPem);
  const database = await openDatabase({ directory: undefined });
  const other = await openPki({ database, names: [], keepRecoveryKey: async () => undefined });
  writeFileSync(file, JSON.stringify({ ...stored, ca: other.caPem }));
  assert.is(await cli("networks"), 3, out.at(-1));
});

test("TLS 1.1 is refused", async () => {
  const { hostname, port } = new URL(url);
  const error = await failure(() => new Promise((resolve, reject) => request({ hostname, port, ca: pki.caPem, maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" }, resolve).on("error", reject).end()));
  assert.match(`${(error as NodeJS.ErrnoException).code} ${error.message}`, /alert protocol version/, `${error}`);
});

test.run();
