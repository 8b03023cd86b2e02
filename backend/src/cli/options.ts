// SPDX-License-Identifier: Apache-2.0
// The options, declared once: the parser reads this table and so does the help.
export interface OptionSpec {
  /** Name of the value in the help; absent: a switch without value. */
  value?: string;
  summary: string;
}

export const OPTIONS = {
  url: { value: "URL", summary: "address of the backend, https://HOST:PORT (or SECUREBOX_URL)" },
  token: { value: "TOKEN", summary: "API token (or SECUREBOX_TOKEN, which other users of the machine cannot see)" },
  ca: { value: "FILE", summary: "certificate authority of the backend, PEM (or SECUREBOX_CA)" },
  pin: { value: "SHA256", summary: "its fingerprint instead: fetched once and compared" },
  data: { value: "DIR", summary: "data directory of a backend on this machine (or SECUREBOX_DATA)" },
  user: { value: "NAME", summary: "name to sign in with (default admin)" },
  "password-stdin": { summary: "read the password from standard input" },
  network: { value: "NAME", summary: "the network" },
  gateway: { value: "ID", summary: "the gateway" },
  title: { value: "TEXT", summary: "a name for people" },
  reason: { value: "TEXT", summary: "why, for the history" },
  expected: { value: "VERSION", summary: "refuse when another version is the newest by now" },
  "dry-run": { summary: "show what would change, and change nothing" },
  wait: { summary: "wait until every gateway that is online reports it" },
  timeout: { value: "SECONDS", summary: "how long to wait at most (default 30)" },
  limit: { value: "N", summary: "how many (default 20)" },
  role: { value: "ROLE", summary: "viewer, operator or administrator (default viewer)" },
  networks: { value: "A,B", summary: "only these networks" },
  days: { value: "N", summary: "how long it lasts (default 90)" },
  key: { value: "FILE", summary: "the recovery key, PEM" },
  revoke: { summary: "the key before is never trusted again" },
  json: { summary: "write JSON to standard output" },
  help: { summary: "show this help" },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;
export type OptionValues = { [name in OptionName]?: string };

/** The command line cannot be understood; the message says what was expected. Exit status 2. */
export class UsageError extends Error { override readonly name = "UsageError"; }

/** `--name value`, `--name=value`, `-h`; `--` ends the options. A switch has the value "true". Throws UsageError. */
export function parseArguments(argv: readonly string[]): { operands: string[]; options: OptionValues } {
  const operands: string[] = [];
  const options: OptionValues = {};
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--") return { operands: [...operands, ...words], options };
    if (word === "-h") options.help = "true";
    else if (!word.startsWith("-") || word === "-") operands.push(word);
    else readOption(word, words, options);
  }
  return { operands, options };
}

function readOption(word: string, rest: string[], options: OptionValues): void {
  const [, name = "", , inline] = /^--([a-z-]+)(=(.*))?$/s.exec(word) ?? [];
  if (!Object.hasOwn(OPTIONS, name)) throw new UsageError(`unknown option ${word}`);
  const spec: OptionSpec = OPTIONS[name as OptionName];
  if (spec.value === undefined && inline !== undefined) throw new UsageError(`--${name} takes no value`);
  const value = spec.value === undefined ? "true" : (inline ?? rest.shift());
  if (value === undefined || value === "") throw new UsageError(`--${name} needs a value: ${spec.value}`);
  options[name as OptionName] = value;
}

/** A whole number from `least` on. Throws UsageError. */
export function numberOf(text: string | undefined, what: string, fallback?: number, least = 1): number {
  if (text === undefined && fallback !== undefined) return fallback;
  const value = Number(text);
  if (text === undefined || !/^\d{1,9}$/.test(text) || value < least) throw new UsageError(`${what}: expected a whole number from ${least} on, not "${text}"`);
  return value;
}
