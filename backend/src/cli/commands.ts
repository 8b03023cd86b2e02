// SPDX-License-Identifier: Apache-2.0
// The commands that ask once and print the answer.
import type { PublicKey } from "@securebox/contract";
import type { DeviceRow, EnrolmentRequest, GatewayRow, NetworkRow } from "../ports.ts";
import type { Client } from "./client.ts";
import { Exit } from "./errors.ts";
import { numberOf, UsageError, type OptionValues } from "./options.ts";
import * as output from "./output.ts";
import { recoverKeys } from "./recover.ts";

export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  /** All of standard input. */
  stdin(): Promise<string>;
  readFile(path: string): string;
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
}
export interface Context { client: Client; operands: string[]; options: OptionValues; io: Io }
export type Command = (context: Context) => Promise<number>;

/** JSON with --json, else text for people. */
export function print({ io, options }: Context, value: unknown, text: () => string): number {
  io.stdout(options.json ? `${JSON.stringify(value)}\n` : text());
  return Exit.yes;
}

export const within = (network: string): string => `/api/v1/networks/${encodeURIComponent(network)}`;

/** --network, or the only one that there is. Throws UsageError. */
export async function networkOf({ client, options }: Context): Promise<string> {
  if (options.network) return options.network;
  const { items } = await client.ask<{ items: NetworkRow[] }>("/api/v1/networks");
  if (items.length === 1) return items[0]!.name;
  throw new UsageError(items.length === 0 ? 'there is no network yet: "securebox-backend networks add NAME"' : `there are several networks: give --network (${items.slice(0, 10).map(({ name }) => name).join(", ")})`);
}

async function gateways(context: Context): Promise<number> {
  const { client, options } = context;
  const answer = await client.ask<{ items: GatewayRow[] }>(options.network ? `${within(options.network)}/gateways` : "/api/v1/gateways");
  print(context, answer, () => output.gateways(answer.items));
  return answer.items.some((row) => row.state === "enrolled" && row.drift) ? Exit.no : Exit.yes;
}

async function devices(context: Context): Promise<number> {
  const { client, options } = context;
  const names = options.network ? [options.network] : (await client.ask<{ items: NetworkRow[] }>("/api/v1/networks")).items.map(({ name }) => name);
  const items: DeviceRow[] = [];
  for (const name of names) items.push(...(await client.ask(`${within(name)}/devices`)).items);
  return print(context, { items }, () => output.devices(items));
}

async function enroll(context: Context): Promise<number> {
  const { client, options } = context;
  const network = await networkOf(context);
  const made = await client.ask<{ token: string; gateway: string; expires: string }>(`${within(network)}/enrolment-tokens`, { method: "POST", body: { gateway: options.gateway, title: options.title } });
  return print(context, { network, ...made }, () => `Type at the gateway "${made.gateway}" of the network "${network}", before ${made.expires}, once:

  securebox enroll ${made.token}
`);
}

async function requests(context: Context): Promise<number> {
  const answer = await context.client.ask<{ items: EnrolmentRequest[] }>("/api/v1/enrolment-requests");
  return print(context, answer, () => output.requests(answer.items));
}

const decide = (word: "approve" | "reject"): Command => async (context) => {
  const id = context.operands[0]!;
  await context.client.ask(`/api/v1/enrolment-requests/${encodeURIComponent(id)}/${word}`, { method: "POST" });
  return print(context, { id, done: word }, () => (word === "approve" ? "approved: the gateway gets its certificate when it asks next, within a minute\n" : "rejected\n"));
};

async function revoke(context: Context): Promise<number> {
  const id = context.operands[0]!;
  if (!context.options.reason) throw new UsageError("revoke needs --reason TEXT, for the audit log");
  await context.client.ask(`/api/v1/gateways/${encodeURIComponent(id)}/revoke`, { method: "POST", body: { reason: context.options.reason } });
  return print(context, { id, done: "revoke" }, () => `revoked: "${id}" is not let in any more\n`);
}

async function addToken(context: Context): Promise<number> {
  const { options, operands, client } = context;
  const body = { title: operands[0], role: options.role ?? "viewer", networks: options.networks?.split(","), days: numberOf(options.days, "--days", 90) };
  const made = await client.ask<{ token: string; id: number; expires: string }>("/api/v1/tokens", { method: "POST", body });
  return print(context, made, () => `${made.token}\n\nToken ${made.id}, until ${made.expires}. It is not shown again.\n`);
}

export const COMMANDS: Record<string, Command> = {
  networks: async (context) => {
    const answer = await context.client.ask("/api/v1/networks");
    return print(context, answer, () => output.networks(answer.items));
  },
  "networks add": async (context) => {
    const row = await context.client.ask<NetworkRow>("/api/v1/networks", { method: "POST", body: { name: context.operands[0], title: context.options.title } });
    return print(context, row, () => `added "${row.name}"; next: securebox-backend enroll --network ${row.name}\n`);
  },
  gateways, devices, enroll, requests, revoke, approve: decide("approve"), reject: decide("reject"),
  keys: async (context) => {
    const answer = await context.client.ask<{ items: PublicKey[] }>("/api/v1/keys");
    return print(context, answer, () => output.keys(answer.items));
  },
  "keys rotate": async (context) => {
    const answer = await context.client.ask<{ items: PublicKey[] }>("/api/v1/keys/rotate", { method: "POST", body: { revoke: context.options.revoke !== undefined } });
    return print(context, answer, () => `${output.keys(answer.items)}\nrotated: gateways are told now, or when they come back\n`);
  },
  "keys recover": recoverKeys,
  tokens: async (context) => {
    const answer = await context.client.ask("/api/v1/tokens");
    return print(context, answer, () => output.tokens(answer.items));
  },
  "tokens add": addToken,
  "tokens revoke": async (context) => {
    const id = numberOf(context.operands[0], "ID");
    await context.client.ask(`/api/v1/tokens/${id}`, { method: "DELETE" });
    return print(context, { id, done: "revoke" }, () => "revoked\n");
  },
};
