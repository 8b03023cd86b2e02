// SPDX-License-Identifier: Apache-2.0
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { certificateAuthority, readJson, store, storedFile, type Environment, type Stored } from "./access.ts";
import { Client } from "./client.ts";
import type { Io } from "./commands.ts";
import { Exit, Refused } from "./errors.ts";
import { numberOf, UsageError, type OptionValues } from "./options.ts";

/** `password` asks at the terminal. */
export async function login(options: OptionValues, environment: Environment, io: Io, password: () => Promise<string>): Promise<number> {
  const url = options.url ?? environment.SECUREBOX_URL;
  if (url === undefined) throw new UsageError("login needs --url https://HOST:PORT");
  const days = numberOf(options.days, "--days", 90);
  const ca = await certificateAuthority(url, options, environment);
  const client = new Client({ url, ca });
  const name = options.user ?? "admin";
  const secret = options["password-stdin"] ? (await io.stdin()).replace(/\r?\n$/, "") : await password();
  const { json, response } = await client.exchange("/api/v1/session", { method: "POST", body: { name, password: secret } });
  const { role } = json as { role: string };
  // The session only makes the token, and ends with it.
  const headers = { cookie: String(response.headers["set-cookie"]?.[0]).split(";")[0]!, origin: new URL(url).origin };
  const { token, id, expires } = await client.ask("/api/v1/tokens", { method: "POST", headers, body: { title: `command line on ${hostname()}`.slice(0, 100), role, days } });
  await client.ask("/api/v1/session", { method: "DELETE", headers });
  const file = storedFile(environment);
  store(file, { url, token, id, ...(ca ? { ca } : {}) });
  io.stdout(options.json ? `${JSON.stringify({ url, name, role, expires, file })}\n` : `signed in to ${url} as ${name} (${role}) until ${expires}; the token is in ${file}\n`);
  return Exit.yes;
}

export async function logout(options: OptionValues, environment: Environment, io: Io): Promise<number> {
  const file = storedFile(environment);
  const stored = readJson<Stored>(file);
  if (!stored) throw new Refused(404, "not-found", "not signed in");
  try {
    await new Client(stored).ask(`/api/v1/tokens/${stored.id}`, { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof Refused && (error.status === 401 || error.status === 404))) throw error;
  }
  rmSync(file);
  io.stdout(options.json ? `${JSON.stringify({ done: "logout" })}\n` : `signed out of ${stored.url}\n`);
  return Exit.yes;
}
