// SPDX-License-Identifier: Apache-2.0
/*
 * OpenWrt's command `ubus`, with its output and exit statuses:
 *
 *     node tools/run.mjs tools/example.ts node|quickjs packages/ubus-ts/examples/ubus.ts [-s SOCKET] [-t SECONDS] COMMAND ARGUMENT...
 *
 *     list [-v] [PATH]        call PATH METHOD [JSON]     send ID [JSON]     wait_for PATH...
 *     listen [PATTERN...]     subscribe PATH...           monitor            (until interrupted, or for SECONDS)
 */
import { platform } from "quickjs-ts/platform";
import { DeadlineError, DecodeError, decodeBody, decodeTable, formatJson, messageTypeName, type Monitored, StatusError, type Table, UbusClient } from "ubus-ts";

const { processes, timers } = platform;
const words = [...processes.arguments];
const option = (name: string): string | undefined => (words[0] === name ? words.splice(0, 2)[1] : undefined);
const path = option("-s");
const seconds = option("-t");
const timeout = 1000 * Number(seconds ?? 30);
const print = (line: string): void => processes.stdout(`${line}\n`);
const hex = (id: number): string => id.toString(16).padStart(8, "0");

const bus = new UbusClient(platform, { ...(path && { path }), timeout, lost: (reason) => { if (!bus.ready) fail(255, `Failed to connect to ubus: ${reason}`); } });

function fail(status: number, text: string): never {
  processes.stderr(`${text}\n`);
  return processes.exit(status);
}

function jsonTable(text: string | undefined): Table {
  try {
    return JSON.parse(text ?? "{}") as Table;
  } catch {
    throw new StatusError("parse-error");
  }
}

async function list(): Promise<void> {
  const verbose = words[0] === "-v" && words.shift() !== undefined;
  const found = await bus.list(words[0]);
  if (found.length === 0 && words[0]) throw new StatusError("not-found");
  for (const { path: name, id, signature } of found) {
    print(verbose ? `'${name}' @${hex(id)}` : name);
    if (verbose) for (const [method, types] of Object.entries(signature ?? {})) print(`\t"${method}":${JSON.stringify(types)}`);
  }
}

/** Never resolves: `main` ends the program. */
async function follow(): Promise<void> {
  const line = (name: string, data: Table): void => print(`{ "${name}": ${formatJson(data)} }`);
  if (command === "listen") for (const pattern of words.length > 0 ? words : ["*"]) await bus.listen(pattern, line);
  else if (command === "subscribe") for (const name of words) await bus.subscribe(name, { notified: (_path, notification, data) => line(notification, data) });
  else await bus.monitor(show);
  if (seconds) timers.after(timeout, () => processes.exit(0));
  return new Promise(() => {});
}

function show({ send, client, peer, type, body }: Monitored): void {
  print(`${send ? "->" : "<-"} ${hex(client)} #${hex(peer)} ${(messageTypeName(type) ?? String(type)).padStart(12)}: ${describe(body)}`);
}

function describe(body: Uint8Array): string {
  try {
    const { data, signature, subscribers, ...rest } = decodeBody(body);
    return formatJson({ ...rest, ...(data && { data: decodeTable(data) }), ...(signature && { signature: decodeTable(signature) }), ...(subscribers && { subscribers: [...subscribers] }) });
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}

async function waitFor(): Promise<void> {
  const missing = new Set(words);
  let found = (): void => {};
  const all = new Promise<void>((resolve) => (found = resolve));
  const here = (name: string): void => void (missing.delete(name) && missing.size === 0 && found());
  await bus.listen("ubus.object.add", (_id, { path: name }) => here(String(name)));
  for (const { path: name } of await bus.list()) here(name);
  if (missing.size > 0) timers.after(timeout, () => fail(7, "Command failed: Request timed out"));
  else found();
  await all;
}

const commands: Record<string, () => Promise<void>> = {
  list, wait_for: waitFor, listen: follow, subscribe: follow, monitor: follow,
  call: async () => (await bus.callAll(words[0]!, words[1]!, jsonTable(words[2]))).forEach((table) => print(formatJson(table, 4))),
  send: async () => bus.send(words[0]!, jsonTable(words[1])),
};

const command = words.shift() ?? "";
const least: Record<string, number> = { call: 2, send: 1, subscribe: 1, wait_for: 1 };
if (!commands[command] || words.length < (least[command] ?? 0)) fail(1, "usage: ubus [-s SOCKET] [-t SECONDS] list|call|send|listen|subscribe|wait_for|monitor ARGUMENT...");
commands[command]!().then(() => processes.exit(0), (error: unknown) => {
  if (error instanceof StatusError) return fail(error.code, `Command failed: ${error.status}`);
  return fail(error instanceof DeadlineError ? 7 : 9, `Command failed: ${(error as Error).message}`);
});
