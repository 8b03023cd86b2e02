// SPDX-License-Identifier: Apache-2.0
// From the command line to an exit status. Results go to standard output, everything else to standard error.
import { findAccess, type Environment } from "./access.ts";
import { Client } from "./client.ts";
import { COMMANDS as ASKING, type Command, type Io } from "./commands.ts";
import { Exit, Refused, Unreachable } from "./errors.ts";
import { commandHelp, COMMANDS, overview, usage, type CommandSpec } from "./help.ts";
import { login, logout } from "./login.ts";
import { parseArguments, UsageError, type OptionName, type OptionValues } from "./options.ts";
import { POLICY } from "./policy.ts";
import { tail } from "./tail.ts";

export interface CliDependencies {
  io: Io;
  environment: Environment;
  version: string;
  /** Where a backend on this machine keeps its data when nothing else is said. */
  dataDirectory: string;
  /** Asks at the terminal, without showing what is typed. */
  password(): Promise<string>;
}

const CLIENT_COMMANDS: Record<string, Command> = { ...ASKING, ...POLICY, tail };

/** All commands but `start`, which main.ts runs itself. */
export async function run(argv: readonly string[], deps: CliDependencies): Promise<number> {
  let options: OptionValues = argv.includes("--json") ? { json: "true" } : {};
  try {
    const parsed = parseArguments(argv);
    options = parsed.options;
    const command = select(parsed.operands);
    if (!command || options.help) return help(deps, command);
    const operands = parsed.operands.slice(command.name.split(" ").length);
    validate(command, operands, options);
    return await dispatch(command.name, operands, options, deps);
  } catch (error) {
    return report(error, options, deps.io);
  }
}

async function dispatch(name: string, operands: string[], options: OptionValues, deps: CliDependencies): Promise<number> {
  const { io, environment } = deps;
  switch (name) {
    case "help": return help(deps, operands.length > 0 ? select(operands) : undefined);
    case "version":
      io.stdout(options.json ? `${JSON.stringify({ name: "securebox-backend", version: deps.version })}\n` : `securebox-backend ${deps.version}\n`);
      return Exit.yes;
    case "login": return login(options, environment, io, deps.password);
    case "logout": return logout(options, environment, io);
    default: return CLIENT_COMMANDS[name]!({ client: new Client(await findAccess(options, environment, deps.dataDirectory)), operands, options, io });
  }
}

/** undefined: no command given. The longest name that fits: "networks add" before "networks". Throws UsageError. */
function select(operands: readonly string[]): CommandSpec | undefined {
  if (operands.length === 0) return undefined;
  const named = (count: number): CommandSpec | undefined => COMMANDS.find(({ name }) => name === operands.slice(0, count).join(" "));
  const command = named(2) ?? named(1);
  if (command) return command;
  const below = COMMANDS.filter(({ name }) => name.startsWith(`${operands[0]} `)).map(({ name }) => `"${name}"`);
  throw new UsageError(below.length > 0 ? `"${operands[0]}" needs a second word: ${below.join(" or ")}` : `unknown command "${operands[0]}"`);
}

function validate(command: CommandSpec, operands: readonly string[], options: OptionValues): void {
  const [least, most] = command.count;
  if (operands.length < least || operands.length > most) throw new UsageError(`usage: securebox-backend ${usage(command)}`);
  for (const name of Object.keys(options) as OptionName[]) if (!command.options.includes(name)) throw new UsageError(`"${command.name}" takes no option --${name}`);
}

function help({ io }: CliDependencies, command: CommandSpec | undefined): number {
  io.stdout(command ? commandHelp(command) : overview());
  return Exit.yes;
}

/** Errors by whose they are: the user's, the network's, the backend's answer, ours. */
function classify(error: unknown): { code: string; status: number; hint?: string } {
  if (error instanceof UsageError) return { code: "usage", status: Exit.usage, hint: 'see "securebox-backend help"' };
  if (error instanceof Unreachable) return { code: "unreachable", status: Exit.unreachable };
  if (error instanceof Refused && error.status === 503) return { code: error.code, status: Exit.unreachable };
  if (error instanceof Refused) return { code: error.code, status: error.status >= 500 ? Exit.internal : Exit.refused };
  return { code: "internal", status: Exit.internal };
}

function report(error: unknown, options: OptionValues, io: Io): number {
  const { code, status, hint } = classify(error);
  const message = error instanceof Error ? error.message : String(error);
  if (options.json) io.stdout(`${JSON.stringify({ error: { code, message } })}\n`);
  else io.stderr(`securebox-backend: ${message}${hint ? `\n${hint}` : ""}\n`);
  if (code === "internal" && error instanceof Error && !(error instanceof Refused)) io.stderr(`${error.stack}\n`);
  return status;
}
