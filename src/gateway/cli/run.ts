// SPDX-License-Identifier: Apache-2.0
// From the command line to an exit status. Results go to standard output, everything else to standard error.
import type { Platform } from "quickjs-ts";
import { Refused, Unreachable } from "../control/client.ts";
import { ConfigurationError } from "../config/load.ts";
import { VERSION } from "../version.ts";
import { EnrolmentFailure, NO_BACKEND } from "../backend/access.ts";
import type { OpenAccess } from "./enrolment.ts";
import { commandHelp, COMMANDS, overview, usage, type CommandSpec } from "./help.ts";
import { parseArguments, UsageError, type OptionName, type OptionValues } from "./options.ts";

/** docs/cli.md, "Exit status". */
export const Exit = { yes: 0, no: 1, usage: 2, unreachable: 3, refused: 4, internal: 5 } as const;

/** Runs the gateway itself; given by main, so that the command line is testable without a switch. */
export type RunGateway = (options: OptionValues) => Promise<number>;

/** `access`: to enrol where no gateway runs; also given by main. */
export async function run(platform: Platform, runGateway: RunGateway, access: OpenAccess = () => NO_BACKEND): Promise<number> {
  const { options, operands, failure } = understand(platform.processes.arguments);
  const json = options.json !== undefined;
  try {
    if (failure) throw failure;
    const command = select(operands);
    if (!command || options.help) return help(platform, command);
    const rest = operands.slice(command.name.split(" ").length);
    validate(command, rest, options);
    return await dispatch(platform, command.name, rest, options, runGateway, access);
  } catch (error) {
    return report(platform, error, json);
  }
}

function understand(argv: readonly string[]): { options: OptionValues; operands: string[]; failure?: unknown } {
  try {
    return parseArguments(argv);
  } catch (failure) {
    return { options: argv.includes("--json") ? { json: "true" } : {}, operands: [], failure };
  }
}

/** undefined: no command given. Throws UsageError for an unknown one. */
function select(operands: readonly string[]): CommandSpec | undefined {
  if (operands.length === 0) return undefined;
  const command = COMMANDS.find(({ name }) => name === operands.slice(0, name.split(" ").length).join(" "));
  if (command) return command;
  const below = COMMANDS.filter(({ name }) => name.startsWith(`${operands[0]} `)).map(({ name }) => `"${name}"`);
  throw new UsageError(below.length > 0 ? `"${operands[0]}" needs a second word: ${below.join(" or ")}` : `unknown command "${operands[0]}"`);
}

function validate(command: CommandSpec, operands: readonly string[], options: OptionValues): void {
  const [least, most] = command.count;
  if (operands.length < least || operands.length > most) throw new UsageError(`usage: securebox ${usage(command)}`);
  for (const name of Object.keys(options) as OptionName[]) {
    if (!command.options.includes(name)) throw new UsageError(`"${command.name}" takes no option --${name}`);
  }
}

/** Commands are loaded when they are given: a running gateway needs none of them. */
async function dispatch(platform: Platform, name: string, operands: string[], options: OptionValues, runGateway: RunGateway, access: OpenAccess): Promise<number> {
  switch (name) {
    case "gateway": return runGateway(options);
    case "policy check": return (await import("./policy-check.ts")).checkPolicy(platform, operands[0]!, options);
    case "config check": return (await import("./config-check.ts")).checkConfig(platform, options);
    case "enroll": return (await import("./enrolment.ts")).enroll(platform, operands[0]!, options, access);
    case "unenroll": return (await import("./enrolment.ts")).unenroll(platform, options, access);
    case "recover": return (await import("./recover.ts")).recover(platform, options);
    case "help": return help(platform, operands.length > 0 ? select(operands) : undefined);
    case "version": return version(platform, options);
    default: return (await import("./client-commands.ts")).runClientCommand(platform, name, operands, options);
  }
}

function help(platform: Platform, command: CommandSpec | undefined): number {
  platform.processes.stdout(command ? commandHelp(command) : overview());
  return Exit.yes;
}

function version(platform: Platform, options: OptionValues): number {
  const { engine } = platform;
  platform.processes.stdout(options.json ? `${JSON.stringify({ name: "securebox", version: VERSION, engine })}\n` : `securebox ${VERSION} (${engine})\n`);
  return Exit.yes;
}

/** Errors by whose they are: the user's, the environment's, the gateway's answer, ours. */
function classify(error: unknown): { code: string; status: number; hint?: string } {
  if (error instanceof UsageError) return { code: "usage", status: Exit.usage, hint: 'see "securebox help"' };
  if (error instanceof ConfigurationError) return { code: "configuration", status: Exit.usage };
  if (error instanceof Unreachable) return { code: "unreachable", status: Exit.unreachable, hint: 'start it by "securebox gateway", or name its socket with --socket' };
  if (error instanceof EnrolmentFailure) return { code: "refused", status: Exit.refused };
  if (error instanceof Refused) return { code: error.error.code, status: error.error.code === "internal" ? Exit.internal : Exit.refused };
  return { code: "internal", status: Exit.internal };
}

function report(platform: Platform, error: unknown, json: boolean): number {
  const { code, status, hint } = classify(error);
  const message = error instanceof Error ? error.message : String(error);
  if (json) platform.processes.stdout(`${JSON.stringify({ error: { code, message } })}\n`);
  else platform.processes.stderr(`securebox: ${message}${hint ? `\n${hint}` : ""}\n`);
  if (status === Exit.internal && error instanceof Error) platform.processes.stderr(`${platform.processes.stackOf(error)}\n`);
  return status;
}
