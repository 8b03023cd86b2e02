// SPDX-License-Identifier: Apache-2.0
import type { Problem } from "@securebox/contract";
import { parsePolicy } from "@securebox/contract";
import type { DryRun, GatewayRow, PolicyVersion } from "../ports.ts";
import { networkOf, print, within, type Command, type Context } from "./commands.ts";
import { Exit, Refused } from "./errors.ts";
import { numberOf, UsageError } from "./options.ts";
import * as output from "./output.ts";

/** Between two looks at the gateways. Milliseconds. */
const LOOK = 250;

async function push(context: Context): Promise<number> {
  const { client, options, operands, io } = context;
  const file = operands[0]!;
  const text = file === "-" ? await io.stdin() : io.readFile(file);
  const name = file === "-" ? "standard input" : file;
  const expected = options.expected === undefined ? undefined : numberOf(options.expected, "--expected", undefined, 0);
  const network = options.network ?? networkIn(text) ?? (await networkOf(context));
  const run = await client.ask<DryRun>(`${within(network)}/policy/dry-run`, { method: "POST", body: { text } });
  if (!options.json) (run.valid ? io.stdout : io.stderr)(output.dryRun(name, run));
  if (options["dry-run"] || !run.valid) {
    if (options.json) io.stdout(`${JSON.stringify({ network, ...run })}\n`);
    return run.valid ? Exit.yes : Exit.no;
  }
  return pushed(context, network, { method: "PUT", path: "", body: { text, reason: options.reason ?? `pushed from ${name}`, expected } }, name);
}

async function rollback(context: Context): Promise<number> {
  const { operands, options } = context;
  const version = numberOf(operands[0], "VERSION");
  return pushed(context, await networkOf(context), { method: "POST", path: "/rollback", body: { version, reason: options.reason ?? `back to version ${version}` } }, `version ${version}`);
}

async function pushed(context: Context, network: string, { method, path, body }: { method: string; path: string; body: unknown }, file: string): Promise<number> {
  const { client, options, io } = context;
  try {
    const policy = await client.ask<PolicyVersion>(`${within(network)}/policy${path}`, { method, body });
    const left = options.wait ? await waitFor(context, network, policy.version) : undefined;
    print(context, { network, version: policy.version, digest: policy.digest, ...(left ? { inForce: left.length === 0, missing: left } : {}) }, () =>
      `"${network}" has policy version ${policy.version}\n${left === undefined ? "" : left.length === 0 ? "in force at every gateway that is online\n" : left.map(({ gateway, why }) => output.clean(`not in force at ${gateway}: ${why}\n`)).join("")}`);
    return left && left.length > 0 ? Exit.no : Exit.yes;
  } catch (error) {
    if (!(error instanceof Refused) || (error.status !== 422 && error.status !== 409)) throw error;
    if (options.json) io.stdout(`${JSON.stringify({ error: { code: error.code, message: error.message, details: error.details } })}\n`);
    else io.stderr(`${output.problems(file, problemsIn(error.details))}securebox-backend: ${error.message}\n`);
    return Exit.no;
  }
}

/** Gateways that are online and do not report the version in time. */
async function waitFor({ client, options, io }: Context, network: string, version: number): Promise<{ gateway: string; why: string }[]> {
  const until = Date.now() + numberOf(options.timeout, "--timeout", 30) * 1000;
  for (;;) {
    const { items } = await client.ask<{ items: GatewayRow[] }>(`${within(network)}/gateways`);
    const left = items.filter((row) => row.state === "enrolled" && row.presence === "online" && (row.reported?.desired?.version ?? 0) < version);
    const refused = left.some((row) => row.drift?.kind === "refused");
    if (left.length === 0 || refused || Date.now() > until || io.signal.aborted) return left.map(({ id, drift }) => ({ gateway: id, why: drift?.message ?? "no report yet" }));
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

async function show(context: Context): Promise<number> {
  const { client, operands } = context;
  const path = operands[0] === undefined ? "" : `/history/${numberOf(operands[0], "VERSION")}`;
  const policy = await client.ask<PolicyVersion>(`${within(await networkOf(context))}/policy${path}`);
  return print(context, policy, () => policy.text);
}

async function history(context: Context): Promise<number> {
  const limit = Math.min(numberOf(context.options.limit, "--limit", 20), 200);
  const answer = await context.client.ask(`${within(await networkOf(context))}/policy/history?limit=${limit}`);
  return print(context, answer, () => output.history(answer.items));
}

/** What the file says; undefined when it says nothing that can be read: the backend tells why. */
function networkIn(text: string): string | undefined {
  const result = parsePolicy(text);
  return result.ok ? result.policy.network : /^network:\s*["']?([a-z0-9-]+)["']?\s*(#.*)?$/m.exec(text)?.[1];
}

function problemsIn(details: unknown): Problem[] {
  const list = Array.isArray(details) ? details : (details as { problems?: unknown } | undefined)?.problems;
  return Array.isArray(list) ? (list as Problem[]) : [];
}

export const POLICY: Record<string, Command> = { "policy push": push, "policy rollback": rollback, "policy show": show, "policy history": history };
