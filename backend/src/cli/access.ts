// SPDX-License-Identifier: Apache-2.0
// Which backend to speak to, and as whom.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LocalAccess } from "../api/index.ts";
import { fetchPinned, type Access } from "./client.ts";
import { Refused, Unreachable } from "./errors.ts";
import { UsageError, type OptionValues } from "./options.ts";

export type Environment = Record<string, string | undefined>;

/** Of the file that `start` writes into its data directory. */
export const LOCAL_FILE = "local.json";

export interface Stored { url: string; token: string; ca?: string; id: number }

export function storedFile(environment: Environment): string {
  return join(environment.XDG_CONFIG_HOME ?? join(environment.HOME ?? "/root", ".config"), "securebox", "backend.json");
}

/** Options first, then the environment, what login stored, and the backend on this machine. Throws UsageError, Unreachable, Refused. */
export async function findAccess(options: OptionValues, environment: Environment, defaultData: string): Promise<Access> {
  const stored = readJson<Stored>(storedFile(environment));
  const data = options.data ?? environment.SECUREBOX_DATA;
  const url = options.url ?? environment.SECUREBOX_URL;
  const token = options.token ?? environment.SECUREBOX_TOKEN;
  if (url === undefined && data === undefined && stored) return { url: stored.url, token: token ?? stored.token, ca: stored.ca };
  if (url === undefined) return local(data ?? defaultData, token);
  const known = stored?.url === url ? stored : undefined;
  const ca = await certificateAuthority(url, options, environment);
  const chosen = token ?? known?.token;
  if (chosen === undefined) throw new Refused(401, "unauthorised", `not signed in to ${url}: use "securebox-backend login --url ${url}", or give --token`);
  return { url, token: chosen, ca: ca ?? known?.ca };
}

export async function certificateAuthority(url: string, options: OptionValues, environment: Environment): Promise<string | undefined> {
  checkUrl(url);
  const file = options.ca ?? environment.SECUREBOX_CA;
  if (options.pin) return fetchPinned(url, options.pin);
  return file === undefined ? undefined : readText(file);
}

function checkUrl(url: string): void {
  if (!/^https?:\/\/[^/]+\/?$/.test(url)) throw new UsageError(`--url: expected https://HOST:PORT, not "${url}"`);
  const local = /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(url);
  if (url.startsWith("http:") && !local) throw new UsageError(`--url: plain http is for this machine only; use https`);
}

function local(directory: string, token: string | undefined): Access {
  const path = join(directory, LOCAL_FILE);
  try {
    const found = JSON.parse(readFileSync(path, "utf8")) as LocalAccess;
    return { ...found, token: token ?? found.token };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES") throw new Refused(403, "forbidden", `${path}: only the user that runs the backend may read it; use sudo, or "login"`);
    if (code === "ENOENT") throw new Unreachable(`no backend runs with the data directory ${directory}; for one on another machine use "securebox-backend login", or give --url and --token`);
    throw new Unreachable(`${path}: ${(error as Error).message}`);
  }
}

/** Mode 0600, replaced as a whole. */
export function store(file: string, content: Stored): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(`${file}.new`, file);
}

export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}
