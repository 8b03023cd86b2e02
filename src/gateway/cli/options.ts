// SPDX-License-Identifier: Apache-2.0
// The options, declared once: the parser reads this table and so does the help.

export interface OptionSpec {
  name: string;
  /** Name of the value in the help; absent: a switch without value. */
  value?: string;
  summary: string;
}

export const OPTIONS = {
  config: { name: "config", value: "FILE", summary: "gateway configuration (default /etc/securebox/gateway.yaml; where that is not: /etc/config/securebox)" },
  policy: { name: "policy", value: "FILE", summary: "policy file (default /etc/securebox/policy.yaml)" },
  state: { name: "state", value: "DIR", summary: "state directory (default /var/lib/securebox; on OpenWrt /etc/securebox/state)" },
  socket: { name: "socket", value: "PATH", summary: "control socket (default /var/run/securebox.sock)" },
  "log-level": { name: "log-level", value: "LEVEL", summary: "debug, info, warn or error (default info)" },
  "log-format": { name: "log-format", value: "FORMAT", summary: "text, json or logd (default text; on OpenWrt logd)" },
  supervise: { name: "supervise", summary: "start the gateway again, with back-off, when it dies" },
  follow: { name: "follow", summary: "keep writing events as they happen, until interrupted" },
  json: { name: "json", summary: "write JSON to standard output (shapes: docs/cli.md)" },
  help: { name: "help", summary: "show this help" },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;
export type OptionValues = { [name in OptionName]?: string };

/** The command line cannot be understood; the message says what was expected. Exit status 2. */
export class UsageError extends Error { override readonly name = "UsageError"; }

export interface Parsed { operands: string[]; options: OptionValues }

/** `--name value`, `--name=value`, `-h`; `--` ends the options. A switch has the value "true". Throws UsageError. */
export function parseArguments(argv: readonly string[]): Parsed {
  const operands: string[] = [];
  const options: OptionValues = {};
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!;
    if (word === "--") return { operands: [...operands, ...argv.slice(index + 1)], options };
    if (word === "-h") options.help = "true";
    else if (!word.startsWith("-") || word === "-") operands.push(word);
    else index = readOption(argv, index, options);
  }
  return { operands, options };
}

/** Reads the option at `index`; returns the index of its last word. */
function readOption(argv: readonly string[], index: number, options: OptionValues): number {
  const word = argv[index]!;
  const equals = word.indexOf("=");
  const name = word.slice(2, equals < 0 ? undefined : equals);
  if (!word.startsWith("--") || !Object.hasOwn(OPTIONS, name)) throw new UsageError(`unknown option ${word}`);
  const spec: OptionSpec = OPTIONS[name as OptionName];
  if (spec.value === undefined) {
    if (equals >= 0) throw new UsageError(`--${name} takes no value`);
    options[name as OptionName] = "true";
    return index;
  }
  const value = equals >= 0 ? word.slice(equals + 1) : argv[index + 1];
  if (value === undefined || value === "") throw new UsageError(`--${name} needs a value: ${spec.value}`);
  options[name as OptionName] = value;
  return equals >= 0 ? index : index + 1;
}
