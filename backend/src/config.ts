// SPDX-License-Identifier: Apache-2.0
// The options of `start`, declared once: the parser reads this table, and so do the help and the documentation's test.
import { isIP } from "node:net";
import { homedir, hostname, networkInterfaces } from "node:os";
import { join, resolve } from "node:path";

export type Environment = Record<string, string | undefined>;

export interface StartOption { name: string; value: string; variable?: string; fallback: string; summary: string; many?: true }

export const START_OPTIONS = [
  { name: "data", value: "DIR", variable: "SECUREBOX_DATA", fallback: "$XDG_DATA_HOME/securebox-backend, else ~/.local/share/securebox-backend", summary: "where everything is kept; only its owner may read it" },
  { name: "name", value: "HOST", variable: "SECUREBOX_NAMES", fallback: "this machine's first address", summary: "name or address by which gateways and people reach this backend; repeat it for more (variable: separated by commas); the first goes into enrolment tokens", many: true },
  { name: "listen", value: "ADDRESS", variable: "SECUREBOX_LISTEN", fallback: "all of them", summary: "address of this machine on which API and broker listen" },
  { name: "api-port", value: "PORT", variable: "SECUREBOX_API_PORT", fallback: "8443", summary: "HTTPS port of API and console; 0, here and below: a free one, told at the start" },
  { name: "http-port", value: "PORT", variable: "SECUREBOX_HTTP_PORT", fallback: "8080", summary: 'HTTP port of API and console, on 127.0.0.1 only; "off": none' },
  { name: "mqtt-port", value: "PORT", variable: "SECUREBOX_MQTT_PORT", fallback: "8883", summary: "TLS port of the embedded broker" },
  { name: "api-url", value: "URL", variable: "SECUREBOX_API_URL", fallback: "https://NAME:API-PORT", summary: "where gateways reach the API, when it is not the listener itself" },
  { name: "mqtt-url", value: "URL", variable: "SECUREBOX_MQTT_URL", fallback: "mqtts://NAME:MQTT-PORT", summary: "where gateways reach the broker, when it is not the listener itself, or external" },
  { name: "database-url", value: "URL", variable: "DATABASE_URL", fallback: "the embedded database in the data directory", summary: "PostgreSQL server: postgresql://USER:PASSWORD@HOST:PORT/NAME" },
  { name: "broker-url", value: "URL", variable: "BROKER_URL", fallback: "the embedded broker", summary: "external MQTT broker: mqtts://HOST:PORT, or mqtt://USER:PASSWORD@HOST:PORT" },
  { name: "broker-ca", value: "FILE", variable: "BROKER_CA", fallback: "this backend's own authority", summary: "certificate authority of the external broker, PEM" },
  { name: "broker-cert", value: "FILE", variable: "BROKER_CERT", fallback: "none", summary: "our certificate at the external broker, PEM" },
  { name: "broker-key", value: "FILE", variable: "BROKER_KEY", fallback: "none", summary: "its private key, PEM" },
  { name: "broker-crl", value: "FILE", variable: "BROKER_CRL", fallback: "none", summary: "the external broker's list of revoked certificates, which this process keeps up to date" },
  { name: "broker-reload", value: "COMMAND", variable: "BROKER_RELOAD", fallback: "none", summary: "run by /bin/sh when that list has changed, so that the broker reads it" },
  { name: "certificate-lifetime", value: "TIME", variable: "SECUREBOX_CERTIFICATE_LIFETIME", fallback: "90d", summary: "life of gateways' certificates: a number and s, m, h or d; they renew after two thirds of it" },
  { name: "events-days", value: "N", variable: "SECUREBOX_EVENTS_DAYS", fallback: "30", summary: "gateways' events are kept for so many days" },
  { name: "events-max", value: "N", variable: "SECUREBOX_EVENTS_MAX", fallback: "100000", summary: "events of one network that are kept at most, the newest" },
  { name: "audit-days", value: "N", variable: "SECUREBOX_AUDIT_DAYS", fallback: "400", summary: "entries of the audit log are kept for so many days" },
  { name: "audit-max", value: "N", variable: "SECUREBOX_AUDIT_MAX", fallback: "200000", summary: "entries of the audit log that are kept at most, the newest" },
  { name: "log", value: "FORMAT", variable: "SECUREBOX_LOG", fallback: "text", summary: "text or json, one line each, to standard error" },
  { name: "log-level", value: "LEVEL", variable: "SECUREBOX_LOG_LEVEL", fallback: "info", summary: "debug, info, warn or error" },
] as const satisfies readonly StartOption[];

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const UNITS = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };
export type OptionName = (typeof START_OPTIONS)[number]["name"];
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Config {
  data: string;
  /** At least one. */
  names: string[];
  listen: string;
  /** 0: any free one, for tests. */
  apiPort: number;
  /** undefined: none. */
  httpPort: number | undefined;
  mqttPort: number;
  apiUrl: string | undefined;
  mqttUrl: string | undefined;
  databaseUrl: string | undefined;
  broker: { url: string; ca?: string; certificate?: string; key?: string; crl?: string; reload?: string } | undefined;
  /** Milliseconds. */
  certificateLifetime: number;
  /** Of all networks' events and the audit log. Ages in milliseconds, counts of one network's events and of the whole audit log. */
  retention: { events: number; eventsAge: number; audit: number; auditAge: number };
  log: "text" | "json";
  logLevel: LogLevel;
}

/** What was said on the command line or in the environment is wrong; the message names the option. Exit status 2. */
export class ConfigError extends Error { override readonly name = "ConfigError"; }

/** Where `start` keeps its data when nothing is said, and where the command line looks for it. */
export function defaultData(environment: Environment): string {
  return join(environment.XDG_DATA_HOME ?? join(environment.HOME ?? homedir(), ".local/share"), "securebox-backend");
}

/** Command line before environment before defaults. Throws ConfigError. */
export function readConfig(argv: readonly string[], environment: Environment): Config {
  const given = readOptions(argv);
  const text = (name: OptionName): string | undefined => given.get(name)?.at(-1) ?? (environment[variableOf(name)] || undefined);
  const names = given.get("name") ?? environment.SECUREBOX_NAMES?.split(",").map((part) => part.trim()).filter(Boolean) ?? [];
  const broker = text("broker-url");
  const config: Config = {
    data: resolve(text("data") ?? defaultData(environment)),
    names: names.length > 0 ? names.map(checkHost) : [ownAddress()],
    listen: addressOf(text("listen")) ?? everywhere(),
    apiPort: portOf("api-port", text("api-port"), 8443), mqttPort: portOf("mqtt-port", text("mqtt-port"), 8883),
    httpPort: text("http-port") === "off" ? undefined : portOf("http-port", text("http-port"), 8080),
    apiUrl: urlOf("api-url", text("api-url"), ["https:"]), mqttUrl: urlOf("mqtt-url", text("mqtt-url"), ["mqtts:"]),
    databaseUrl: urlOf("database-url", text("database-url"), ["postgresql:", "postgres:"]),
    broker: broker === undefined ? undefined : { url: urlOf("broker-url", broker, ["mqtt:", "mqtts:"])!, ca: text("broker-ca"), certificate: text("broker-cert"), key: text("broker-key"), crl: text("broker-crl"), reload: text("broker-reload") },
    certificateLifetime: durationOf("certificate-lifetime", text("certificate-lifetime") ?? "90d", 10 * SECOND, 825 * DAY),
    retention: {
      events: numberOf("events-max", text("events-max"), 100_000, 1_000, 10_000_000), eventsAge: DAY * numberOf("events-days", text("events-days"), 30, 1, 3_650),
      audit: numberOf("audit-max", text("audit-max"), 200_000, 1_000, 10_000_000), auditAge: DAY * numberOf("audit-days", text("audit-days"), 400, 1, 3_650),
    },
    log: oneOf("log", text("log"), ["text", "json"]), logLevel: oneOf("log-level", text("log-level") ?? "info", LOG_LEVELS),
  };
  if (config.broker && (config.broker.certificate === undefined) !== (config.broker.key === undefined)) throw new ConfigError("--broker-cert and --broker-key go together");
  if (config.broker?.reload !== undefined && config.broker.crl === undefined) throw new ConfigError("--broker-reload needs --broker-crl");
  return config;
}

function variableOf(name: OptionName): string {
  return START_OPTIONS.find((option) => option.name === name)!.variable;
}

function readOptions(argv: readonly string[]): Map<OptionName, string[]> {
  const given = new Map<OptionName, string[]>();
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, name, , inline] = /^--([a-z-]+)(=(.*))?$/s.exec(word) ?? [];
    const option: StartOption | undefined = START_OPTIONS.find((known) => known.name === name);
    if (!option) throw new ConfigError(`${word.slice(0, 80)}: not an option of "start"; see: securebox-backend start --help`);
    const value = inline ?? words.shift();
    if (value === undefined || value === "") throw new ConfigError(`--${name} needs a value: ${option.value}`);
    const before = given.get(option.name as OptionName);
    if (before && !option.many) throw new ConfigError(`--${name} was given twice`);
    given.set(option.name as OptionName, [...(before ?? []), value]);
  }
  return given;
}

function portOf(name: OptionName, text: string | undefined, fallback: number): number {
  return numberOf(name, text, fallback, 0, 65_535);
}

function numberOf(name: OptionName, text: string | undefined, fallback: number, least: number, most: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d{1,8}$/.test(text) || value < least || value > most) throw new ConfigError(`--${name} ${text.slice(0, 40)}: expected a whole number from ${least} to ${most}`);
  return value;
}

/** Milliseconds. */
function durationOf(name: OptionName, text: string, least: number, most: number): number {
  const [, number, unit] = /^(\d{1,8})([smhd])$/.exec(text) ?? [];
  const value = Number(number) * UNITS[unit as keyof typeof UNITS];
  if (!(value >= least && value <= most)) throw new ConfigError(`--${name} ${text.slice(0, 40)}: expected a number and s, m, h or d, from ${least / SECOND}s to ${most / DAY}d`);
  return value;
}

function oneOf<T extends string>(name: OptionName, text: string | undefined, words: readonly T[]): T {
  const found = text === undefined ? words[0]! : words.find((word) => word === text);
  if (found === undefined) throw new ConfigError(`--${name} ${text!.slice(0, 40)}: expected ${words.join(", ")}`);
  return found;
}

/** The message never shows the URL: it may hold a password. */
function urlOf(name: OptionName, text: string | undefined, schemes: readonly string[]): string | undefined {
  if (text === undefined) return undefined;
  try {
    const url = new URL(text);
    if (schemes.includes(url.protocol) && (url.hostname !== "" || url.searchParams.has("host"))) return text;
  } catch {
    // told below
  }
  throw new ConfigError(`--${name} (or ${variableOf(name)}): expected ${schemes[0]}//HOST:PORT`);
}

function addressOf(text: string | undefined): string | undefined {
  if (text === undefined || text === "localhost" || isIP(text) !== 0) return text;
  throw new ConfigError(`--listen ${text.slice(0, 80)}: expected an IPv4 or IPv6 address of this machine`);
}

function checkHost(host: string): string {
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$|^[0-9A-Fa-f:.]{2,45}$/.test(host)) throw new ConfigError(`--name ${host.slice(0, 80)}: expected a DNS name or an address, without scheme and port`);
  return host;
}

/** "::" takes IPv4 too; a kernel without IPv6 has no such address. */
function everywhere(): string {
  return Object.values(networkInterfaces()).some((list) => list?.some(({ family }) => family === "IPv6")) ? "::" : "0.0.0.0";
}

/** An address that others can reach without a name service; a machine without a network is reached by itself alone. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ internal, address }) => !internal && !address.startsWith("fe80:") && !address.startsWith("169.254."));
  return (addresses.find(({ family }) => family === "IPv4") ?? addresses[0])?.address ?? (hostname() || "localhost");
}

export function startHelp(): string {
  const lines = START_OPTIONS.map(({ name, value, variable, fallback, summary }) => `  --${name} ${value}\n      ${summary}\n      (or ${variable}; default: ${fallback})`);
  return `Usage: securebox-backend start [--OPTION VALUE...]

Runs the backend: broker, store, API and console in one process. The first start makes an administrator and shows the password once.
SIGTERM or SIGINT ends it within ten seconds.

Options
${lines.join("\n")}

Exit status
  0  ended by a signal
  1  did not end in time
  2  wrong usage
  3  something outside is in the way: the database, a port, a file
  5  internal error
`;
}
