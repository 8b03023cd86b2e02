// SPDX-License-Identifier: Apache-2.0
// The command `securebox-backend`.
import { BROKER_CONFIG_HELP, brokerConfig } from "./broker-config.ts";
import { nodeIo, askPassword } from "./cli/node-io.ts";
import { run } from "./cli/run.ts";
import { ConfigError, defaultData, readConfig, startHelp } from "./config.ts";
import { runUntilSignal } from "./start.ts";
import { DatabaseError } from "./store/index.ts";

const VERSION = "0.1.0";
/** Commands with a help of their own. */
const SERVERS = ["start", "broker-config"];

async function startCommand(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    process.stdout.write(startHelp());
    return 0;
  }
  try {
    return await runUntilSignal(readConfig(argv, process.env), VERSION, (line) => void process.stderr.write(`[securebox] ${line}\n`));
  } catch (error) {
    return report(error as Error & { code?: string; syscall?: string });
  }
}

async function brokerConfigCommand(argv: readonly string[]): Promise<number> {
  try {
    if (argv.includes("--help")) process.stdout.write(BROKER_CONFIG_HELP);
    else await brokerConfig(argv, process.env, (text) => void process.stdout.write(text));
    return 0;
  } catch (error) {
    return report(error as Error & { code?: string; syscall?: string });
  }
}

/** docs/backend-cli.md, "Exit status": what is wrong outside is said in one line; what is wrong in us, with its stack. */
function report(error: Error & { code?: string; syscall?: string }): number {
  const known = error instanceof ConfigError || error instanceof DatabaseError || error.syscall !== undefined;
  process.stderr.write(`securebox-backend: ${known ? error.message : error.stack}\n`);
  return error instanceof ConfigError ? 2 : known ? 3 : 5;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "help" && SERVERS.includes(argv[1]!)) return main([argv[1]!, "--help"]);
  if (argv[0] === "start") return startCommand(argv.slice(1));
  if (argv[0] === "broker-config") return brokerConfigCommand(argv.slice(1));
  return run(argv, { io: nodeIo(), environment: process.env, version: VERSION, dataDirectory: defaultData(process.env), password: askPassword });
}

main(process.argv.slice(2)).then((status) => process.exit(status), (error: Error) => process.exit(report(error)));
