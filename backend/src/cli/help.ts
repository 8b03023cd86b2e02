// SPDX-License-Identifier: Apache-2.0
// The commands and the manual, as data. `securebox-backend help COMMAND` is meant to be the only manual that one needs.
import { OPTIONS, type OptionName, type OptionSpec } from "./options.ts";

export interface CommandSpec {
  /** Words that select it: "policy push" is two. */
  name: string;
  operands: string;
  /** Fewest and most operands. */
  count: [number, number];
  options: OptionName[];
  summary: string;
  details: string;
}

const CLIENT: OptionName[] = ["url", "token", "ca", "pin", "data", "json"];
const SHOWN_ONCE = "It is shown this once; only its hash is kept.";

export const COMMANDS: CommandSpec[] = [
  {
    name: "login", operands: "", count: [0, 0], options: ["url", "ca", "pin", "user", "password-stdin", "days", "json"], summary: "sign in to a backend on another machine",
    details: `Asks for the password and stores an API token (90 days, with your own role) in ~/.config/securebox/backend.json, mode 0600; "logout"
revokes and forgets it. The backend's first start prints the fingerprint of its certificate authority for --pin:

  securebox-backend login --url https://backend.example:8443 --pin 3f0c… --user anna`,
  },
  { name: "logout", operands: "", count: [0, 0], options: ["json"], summary: "revoke and forget the token of login", details: "" },
  { name: "networks", operands: "", count: [0, 0], options: CLIENT, summary: "the networks, with their policy's version", details: "" },
  { name: "networks add", operands: "NAME", count: [1, 1], options: ["title", ...CLIENT], summary: "add a network", details: "NAME: 1 to 63 of a-z, 0-9 and -. Policies name it as their \"network\"." },
  {
    name: "enroll", operands: "", count: [0, 0], options: ["network", "gateway", "title", ...CLIENT], summary: "make a token by which one gateway joins",
    details: `Prints the token and the command to type at the gateway. ${SHOWN_ONCE} It works once, within a day.
--network may be left out when there is only one; without --gateway an identifier is made up.`,
  },
  { name: "requests", operands: "", count: [0, 0], options: CLIENT, summary: "gateways that lost their certificate and ask for a new one", details: "" },
  {
    name: "approve", operands: "REQUEST", count: [1, 1], options: CLIENT, summary: "give such a gateway a new certificate",
    details: `Where "requests" says that the key is another one, compare its fingerprint with what "securebox status" shows at the gateway first.`,
  },
  { name: "reject", operands: "REQUEST", count: [1, 1], options: CLIENT, summary: "refuse such a gateway", details: "" },
  {
    name: "gateways", operands: "", count: [0, 0], options: ["network", ...CLIENT], summary: "the gateways: online or not, which policy, what differs",
    details: "Exit status: 0 all report what they should, 1 some do not (a revoked one does not count).",
  },
  { name: "revoke", operands: "GATEWAY", count: [1, 1], options: ["reason", ...CLIENT], summary: "make a gateway's certificate worthless, now", details: "It goes on enforcing the policy that it has, and comes back only by \"enroll\": tokens made before are void. Needs --reason." },
  { name: "devices", operands: "", count: [0, 0], options: ["network", ...CLIENT], summary: "the devices that gateways report", details: "" },
  {
    name: "policy push", operands: "FILE", count: [1, 1], options: ["network", "reason", "expected", "dry-run", "wait", "timeout", ...CLIENT], summary: "check a policy, show what it changes, put it in force",
    details: `FILE: YAML, or - for standard input. The network is the one that the file names, unless --network says otherwise.
Mistakes are written as FILE:LINE:COLUMN: field: what was expected. Shown are the difference of the texts and the pairs of known
devices whose decisions change. --reason tells the history why. When the command ends with 0 the version is stored; with --wait
it is also in force at every gateway that is online.

Exit status: 0 done (--dry-run: valid), 1 not valid, not the expected version, or (--wait) not in force everywhere in time.`,
  },
  { name: "policy show", operands: "[VERSION]", count: [0, 1], options: ["network", ...CLIENT], summary: "the policy as it was pushed, the newest or an earlier version", details: "" },
  { name: "policy history", operands: "", count: [0, 0], options: ["network", "limit", ...CLIENT], summary: "who pushed what, when and why, newest first", details: "" },
  {
    name: "policy rollback", operands: "VERSION", count: [1, 1], options: ["network", "reason", "wait", "timeout", ...CLIENT], summary: "put an earlier version in force again",
    details: "As a new version, so that the history stays whole. --reason tells why.",
  },
  {
    name: "tail", operands: "", count: [0, 0], options: ["network", ...CLIENT], summary: "what happens, as it happens, until interrupted",
    details: "Comes back by itself when the connection is lost, and says so. With --json one object per line.",
  },
  { name: "tokens", operands: "", count: [0, 0], options: CLIENT, summary: "API tokens", details: "Your own; for an administrator everybody's." },
  { name: "tokens add", operands: "TITLE", count: [1, 1], options: ["role", "networks", "days", ...CLIENT], summary: "make an API token for a program", details: SHOWN_ONCE },
  { name: "tokens revoke", operands: "ID", count: [1, 1], options: CLIENT, summary: "make an API token worthless, now", details: "" },
  { name: "keys", operands: "", count: [0, 0], options: CLIENT, summary: "the keys that gateways trust for documents", details: "" },
  {
    name: "keys rotate", operands: "", count: [0, 0], options: ["revoke", ...CLIENT], summary: "sign with a new key from now on",
    details: "Gateways are told in a document that a key signed which they trust; who is away is told when it comes back.\n--revoke: the key before is never trusted again, for the day on which it may have been stolen.",
  },
  {
    name: "keys recover", operands: "", count: [0, 0], options: ["key", ...CLIENT], summary: "take the gateways back from whoever has stolen signing keys",
    details: `--key FILE: the recovery key, which the first start of the backend wrote to a file and which has been offline since. It is used on this
machine alone, to sign; it does not go to the backend. A new signing key takes over, all others are never trusted again, and everything
that was signed by them counts no more. Gateways that are away follow when they come back, whatever a thief has sent them meanwhile.

First put the thief out: see "A signing key was stolen" in docs/backend.md. Needs an administrator.`,
  },
  { name: "version", operands: "", count: [0, 0], options: ["json"], summary: "show the version", details: "" },
  { name: "help", operands: "[COMMAND]", count: [0, 2], options: [], summary: "show this overview, or all about one command", details: "" },
];

/** main.ts runs these itself, and they have a help of their own. */
const SERVER = [["start", 'run the backend: see "securebox-backend start --help"'], ["broker-config DIR", 'write a configuration for Mosquitto: see "securebox-backend broker-config --help"']];

const ACCESS = `Which backend, and who you are
  On the backend's own machine nothing is needed: its start wrote a token into the data directory (local.json, mode 0600; --data).
  Else --url and --token, the variables SECUREBOX_URL, SECUREBOX_TOKEN and SECUREBOX_CA, or what "login" stored, in this order.`;

const EXIT_STATUS = `Exit status
  0  done; the answer is yes
  1  the answer is no: not valid, not in force, differs
  2  wrong usage
  3  the backend cannot be reached, or its certificate is not the right one
  4  the backend refused: not allowed, no such thing
  5  internal error`;

export function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => usage(command).length));
  const lines = [...SERVER, ...COMMANDS.map((command) => [usage(command), command.summary])].map(([name, summary]) => `  ${name!.padEnd(width)}  ${summary}`);
  return `securebox-backend: policies, devices and events of many Securebox networks

Usage: securebox-backend COMMAND [OPERAND...] [--OPTION...]

Commands
${lines.join("\n")}

${ACCESS}

${EXIT_STATUS}

"securebox-backend help COMMAND" tells more about one command.
`;
}

export function commandHelp(command: CommandSpec): string {
  const parts = [`Usage: securebox-backend ${usage(command)} [--OPTION...]\n\n${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`];
  if (command.details !== "") parts.push(command.details);
  if (command.options.length > 0) parts.push(`Options\n${optionLines(command.options)}`);
  if (command.options.includes("url") && command.name !== "login") parts.push(ACCESS);
  if (!command.details.includes("Exit status")) parts.push(EXIT_STATUS);
  return `${parts.join("\n\n")}\n`;
}

export function usage(command: CommandSpec): string {
  return command.operands === "" ? command.name : `${command.name} ${command.operands}`;
}

function optionLines(names: OptionName[]): string {
  return names.map((name) => {
    const spec: OptionSpec = OPTIONS[name];
    return `  ${`--${name}${spec.value ? ` ${spec.value}` : ""}`.padEnd(20)}  ${spec.summary}`;
  }).join("\n");
}
