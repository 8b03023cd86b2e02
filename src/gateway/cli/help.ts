// SPDX-License-Identifier: Apache-2.0
// The commands and the manual, as data. `securebox help COMMAND` is meant to be the only manual that one needs.
import { OPTIONS, type OptionName } from "./options.ts";

export interface CommandSpec {
  /** Words that select it: "policy check" is two. */
  name: string;
  operands: string;
  /** Fewest and most operands. */
  count: [number, number];
  options: OptionName[];
  summary: string;
  details: string;
}

const CLIENT: OptionName[] = ["socket", "config", "json"];

const NEWEST = `It holds across restarts, until "securebox undo". Of "allow", "deny" and "isolate" the newest that covers a flow decides: after "isolate camera",
"allow phone camera" opens that one way. A quarantine is stronger than all.`;

const ENDS = `A and B: a device's name, MAC address or IP address; or an outside IP address or DNS name; or one of the words
internet, gateway.`;

export const COMMANDS: CommandSpec[] = [
  {
    name: "gateway", operands: "", count: [0, 0], options: ["config", "policy", "state", "socket", "log-level", "log-format", "supervise"],
    summary: "run the gateway in the foreground",
    details: `Connects to Open vSwitch, puts the policy in force and keeps it in force: it watches the policy file, learns devices from
their DHCP, ARP and neighbour discovery, and answers for held packets. Logs one line per event to standard error.
SIGTERM and SIGINT end it (the flows stay in the switch and go on protecting), SIGHUP reads the
configuration and the policy file again; what of the configuration a running gateway cannot change makes it begin anew, in place.
Options on the command line come before the same settings in the configuration file, and those before the defaults.

The configuration is YAML, or UCI where the file lies in a directory "config" and has no suffix. On OpenWrt it is /etc/config/securebox, and the service
("service securebox start") is what starts the gateway; a start that finds that file wrong says so and takes the last right one.

Until a valid policy was read everything is denied. When the policy file becomes invalid the last valid policy stays in
force, also across a restart; "securebox status" tells the errors. A gateway that is enrolled ("securebox help enroll") enforces
its backend's policy instead of the file.

Exit status: 0 ended by a signal, 2 wrong usage or configuration, 5 internal error.`,
  },
  {
    name: "status", operands: "", count: [0, 0], options: CLIENT, summary: "how the gateway, its switch and its policy are",
    details: `Of an enrolled gateway also the link to its backend. A link that is down is no problem of the gateway's health: the policy stays in
force.

Exit status: 0 healthy (flows are in force under a valid policy), 1 not healthy: the problems are listed.`,
  },
  {
    name: "devices", operands: "", count: [0, 0], options: CLIENT, summary: "the devices known, with their addresses, ports and groups",
    details: `One line per device: MAC address, name (from DHCP), port, addresses, groups. Marks: "quarantined", "isolated", "blocked".`,
  },
  {
    name: "explain", operands: "A B [PROTO/PORT]", count: [2, 3], options: CLIENT, summary: "may A open a connection to B, and which rule decides",
    details: `${ENDS}
PROTO/PORT: tcp/631, udp/53, icmp, tcp, mdns, ssdp ...; left out: any traffic.

Exit status: 0 allowed, 1 denied (or asked and denied by the rule's fallback).

  securebox explain laptop printer tcp/631
  securebox explain 02:00:00:00:00:11 internet tcp/443
  securebox explain camera updates.vendor.example tcp/443`,
  },
  {
    name: "policy check", operands: "FILE", count: [1, 1], options: ["json"], summary: "check a policy file without using it",
    details: `FILE: a path, or - for standard input. Needs no running gateway. Writes one line per error: FILE:LINE:COLUMN: field: what was
expected. Constructs that are accepted but not enforced yet are named as warnings; they open nothing.

Exit status: 0 valid, 1 invalid, 2 the file cannot be read.`,
  },
  {
    name: "config check", operands: "", count: [0, 0], options: ["config", "json"], summary: "check the configuration of the gateway without using it",
    details: `Needs no running gateway. Every problem is named with its field or, in /etc/config/securebox, with its section and option.

Exit status: 0 valid, 2 wrong or not to be read.`,
  },
  {
    name: "policy show", operands: "", count: [0, 0], options: CLIENT, summary: "the policy in force and this gateway's own decisions",
    details: `The policy as JSON, as it is in force now (not as the file is), and the overrides by "allow", "deny", "isolate" and "quarantine" with their ids, oldest first.`,
  },
  {
    name: "quarantine", operands: "DEVICE", count: [1, 1], options: CLIENT, summary: "cut a device off at once: it reaches nothing, nothing reaches it",
    details: `DEVICE: its name, MAC address or IP address. Established connections are cut too. It holds across restarts, until "securebox undo".
To quarantine a device in the policy instead, add its MAC address to "quarantine:" in the policy file.`,
  },
  {
    name: "isolate", operands: "DEVICE", count: [1, 1], options: CLIENT, summary: "let a device reach the internet and the router, but no other device",
    details: `DEVICE: its name, MAC address or IP address. No other device reaches it either, and connections between them are cut. What it may do on the internet
and with the router is as before: the policy says so. ${NEWEST}`,
  },
  {
    name: "deny", operands: "A B [SERVICE]", count: [2, 3], options: CLIENT, summary: "keep A from opening connections to B at this gateway, before all rules",
    details: `${ENDS}
SERVICE: as for "allow". B may still open connections to A where the policy lets it: deny B A, too, to part the two.
${NEWEST}`,
  },
  {
    name: "reach", operands: "DEVICE", count: [1, 1], options: CLIENT, summary: "whom a device may reach, and who may reach it",
    details: `DEVICE: its name, MAC address or IP address. One line for each other device, the internet and the gateway: "allow" everything, "deny", "ask" for each
flow, or the services that are open. "securebox explain" says why.

  securebox reach printer`,
  },
  {
    name: "allow", operands: "A B [SERVICE]", count: [2, 3], options: CLIENT, summary: "let A open connections to B at this gateway, before all rules",
    details: `${ENDS}
SERVICE: as in the policy: all (default), tcp, tcp/631, udp/5000-5010, icmp, mdns, dns:example.org (to internet) ...
${NEWEST}`,
  },
  {
    name: "undo", operands: "[ID]", count: [0, 1], options: CLIENT, summary: "take back an allow, deny, isolate or quarantine: the newest, or the one with this id",
    details: `The ids are shown by "securebox policy show".`,
  },
  {
    name: "events", operands: "", count: [0, 0], options: ["follow", ...CLIENT], summary: "what happened lately, newest last",
    details: `The gateway keeps the newest 256 events. With --follow it goes on until interrupted or until the gateway ends;
with --json one event per line.`,
  },
  {
    name: "changes", operands: "", count: [0, 0], options: CLIENT, summary: "changes of this device's configuration: what was applied, what was rolled back and why",
    details: `On OpenWrt a change of Wi-Fi, ports or network settings is applied, then watched: what worked before (the backend, a management station,
DHCP) must work again, else everything is put back. The newest eight are shown, newest last, and whether this start is a safe boot.`,
  },
  {
    name: "recover", operands: "", count: [0, 0], options: ["config", "state", "json"], summary: "undo a change of UCI that was interrupted, before the network starts",
    details: `Run by an early init script on OpenWrt; needs no gateway, no ubus and no Open vSwitch. The gateway's own start does the same, and the rest, but
later than netifd has read the configuration. Without a change that was interrupted nothing is written. Reads /etc/config/securebox unless
--config names another file.

Exit status: 0, whatever it finds: what it cannot do is said on standard error and left to the gateway's start.`,
  },
  {
    name: "enroll", operands: "TOKEN", count: [1, 1], options: ["state", ...CLIENT], summary: "join a backend: its policy comes into force and it sees this gateway",
    details: `TOKEN: what the backend's console or "securebox-backend enroll" shows; it can be used once. Or - to read it from standard input, which
keeps it out of the process list and of the shell's history:

  securebox enroll - < token.txt

The gateway makes a key of its own, which never leaves it, and gets a certificate for it. The policy file stays in force until
the backend's first policy is; from then on the file is not read. What the network allows does not depend on the link: when the
backend is away, its last policy stays in force.

Works with the gateway running, and without: then it belongs to the backend when it starts.

Exit status: 0 enrolled, 2 wrong usage or configuration, 4 refused: the token is damaged, used or too old, the backend cannot be
reached or is not the one that made the token, or this gateway is enrolled already.`,
  },
  {
    name: "unenroll", operands: "", count: [0, 0], options: ["state", ...CLIENT], summary: "leave the backend: the policy file counts again",
    details: `The link is closed; key, certificate, the backend's policy and the events not sent yet are removed from this gateway. The policy
file comes into force, else the last valid one; without either everything is denied. Devices that the backend kept out join
under that policy. Decisions by "allow", "deny", "isolate" and "quarantine" stay.

The backend goes on listing this gateway as offline until somebody revokes it there; to join again it needs a new token.

Exit status: 0 left, 4 this gateway is not enrolled.`,
  },
  { name: "version", operands: "", count: [0, 0], options: ["json"], summary: "show the version", details: "" },
  { name: "help", operands: "[COMMAND]", count: [0, 2], options: [], summary: "show this overview, or all about one command", details: "" },
];

const EXIT_STATUS = `Exit status
  0  done; the answer is yes: allowed, valid, healthy
  1  the answer is no: denied, invalid, not healthy
  2  wrong usage or configuration
  3  the gateway cannot be reached
  4  the gateway (or its backend) refused: no such device, nothing to undo, token used ...
  5  internal error`;

export function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => usage(command).length));
  const lines = COMMANDS.map((command) => `  ${usage(command).padEnd(width)}  ${command.summary}`);
  return `securebox: pairwise rules between the devices of one Wi-Fi network

Usage: securebox COMMAND [OPERAND...] [--OPTION...]

Commands
${lines.join("\n")}

Options
${optionLines(Object.keys(OPTIONS) as OptionName[])}

${EXIT_STATUS}

"securebox help COMMAND" tells more about one command.
`;
}

export function commandHelp(command: CommandSpec): string {
  const parts = [`Usage: securebox ${usage(command)} [--OPTION...]\n\n${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`];
  if (command.details !== "") parts.push(command.details);
  if (command.options.length > 0) parts.push(`Options\n${optionLines(command.options)}`);
  if (!command.details.includes("Exit status")) parts.push(EXIT_STATUS);
  return `${parts.join("\n\n")}\n`;
}

export function usage(command: CommandSpec): string {
  return command.operands === "" ? command.name : `${command.name} ${command.operands}`;
}

function optionLines(names: OptionName[]): string {
  return names.map((name) => {
    const spec: { value?: string; summary: string } = OPTIONS[name];
    return `  ${`--${name}${spec.value ? ` ${spec.value}` : ""}`.padEnd(20)}  ${spec.summary}`;
  }).join("\n");
}
