// SPDX-License-Identifier: Apache-2.0
// The commands that ask the running gateway.
import type { Platform } from "quickjs-ts";
import type { ChangesResult, DeviceResult, EventsResult, ExplainResult, OverrideRecord, PolicyShowResult, ReachResult, StatusResult } from "../control/protocol.ts";
import { formatText, type LogEvent } from "../log.ts";
import { ask } from "./ask.ts";
import { UsageError, type OptionValues } from "./options.ts";
import { renderChanges, renderDevices, renderExplain, renderPolicy, renderReach, renderStatus } from "./render.ts";

/** How one command asks and tells: `exit` is 0 or 1 by the answer. */
interface ClientCommand<R = never> {
  method: string;
  params(operands: string[]): object;
  render(result: R): string;
  exit?(result: R): number;
}

const overrideText = ({ override }: { override: OverrideRecord }): string => `override ${override.id}: ${override.text}\n`;

const COMMANDS: Record<string, ClientCommand> = {
  status: { method: "status", params: () => ({}), render: renderStatus, exit: (result: StatusResult) => result.healthy ? 0 : 1 },
  devices: { method: "devices", params: () => ({}), render: (result: { devices: DeviceResult[] }) => renderDevices(result.devices) },
  explain: {
    method: "explain", params: ([a, b, service]) => ({ a, b, service }), render: renderExplain,
    exit: (result: ExplainResult) => result.allowed ? 0 : 1,
  },
  changes: { method: "changes", params: () => ({}), render: (result: ChangesResult) => renderChanges(result) },
  "policy show": { method: "policy", params: () => ({}), render: (result: PolicyShowResult) => renderPolicy(result) },
  quarantine: { method: "quarantine", params: ([device]) => ({ device }), render: overrideText },
  isolate: { method: "isolate", params: ([device]) => ({ device }), render: overrideText },
  deny: { method: "deny", params: ([a, b, service]) => ({ a, b, service }), render: overrideText },
  reach: { method: "reach", params: ([device]) => ({ device }), render: (result: ReachResult) => renderReach(result) },
  allow: { method: "allow", params: ([a, b, service]) => ({ a, b, service }), render: overrideText },
  undo: {
    method: "undo", params: ([id]) => id === undefined ? {} : { id: overrideId(id) },
    render: ({ undone }: { undone: OverrideRecord }) => `undone: override ${undone.id}: ${undone.text}\n`,
  },
};

export async function runClientCommand(platform: Platform, name: string, operands: string[], options: OptionValues): Promise<number> {
  if (name === "events") return runEvents(platform, options);
  const command = COMMANDS[name] as ClientCommand<unknown> | undefined;
  if (!command) throw new Error(`command "${name}" is declared but not implemented`);
  const result = await ask(platform, options, { method: command.method, params: command.params(operands) });
  platform.processes.stdout(options.json ? `${JSON.stringify(result)}\n` : command.render(result));
  return command.exit?.(result) ?? 0;
}

async function runEvents(platform: Platform, options: OptionValues): Promise<number> {
  const write = (event: LogEvent): void => platform.processes.stdout(`${options.json ? JSON.stringify(event) : formatText(event)}\n`);
  const follow = options.follow ? write : undefined;
  await ask(platform, options, { method: "events", params: {}, ...(follow ? { follow } : {}), answered: (result) => (result as EventsResult).events.forEach(write) });
  return 0;
}

function overrideId(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`ID: expected a number as shown by "securebox policy show", found "${text}"`);
  return Number(text);
}
