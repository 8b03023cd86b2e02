// SPDX-License-Identifier: Apache-2.0
import type { Platform } from "quickjs-ts";
import { UsageError, type OptionValues } from "../cli/options.ts";
import { FORMATS, LEVELS, type Level, type Log, type LogFormat } from "../log.ts";
import { readUciConfig, readYamlConfig } from "#reading";
import { DEFAULT_CONFIG_PATH, DEFAULTS, UCI_CONFIG_PATH, type GatewayConfig } from "./config.ts";

/** Where files are, and what reads them. */
type Machine = Pick<Platform, "files" | "processes">;

/** Errors of one file; each is a line of the log. */
const MOST_TOLD = 64;

/** The configuration cannot be used; the message has one line per problem. Exit status 2. */
export class ConfigurationError extends Error { override readonly name = "ConfigurationError"; }

/** The configuration file, YAML or UCI, with the options of the command line before it. Throws ConfigurationError, UsageError. */
export function loadConfig(platform: Machine, options: OptionValues): GatewayConfig {
  const path = options.config ?? defaultPath(platform);
  return configOf(platform, path, readConfigFile(platform, path), options);
}

function configOf(machine: Machine, path: string, text: string, options: OptionValues): GatewayConfig {
  const config = isUci(path) ? fromUci(machine, path, text) : fromYaml(machine, path, text);
  const state = options.state ?? config.state;
  // The backend's directory is below the state directory unless the configuration names another.
  const backend = config.backend.state === `${config.state}/backend` ? { ...config.backend, state: `${state}/backend` } : config.backend;
  return {
    ...config,
    policy: options.policy ?? config.policy,
    state, backend,
    socket: options.socket ?? config.socket,
    log: { level: level(options["log-level"]) ?? config.log.level, format: format(options["log-format"]) ?? config.log.format },
  };
}

/** As it is now; undefined, with each error told, when it cannot be used. */
export function reloadConfig(platform: Machine, options: OptionValues, log: Pick<Log, "error">): GatewayConfig | undefined {
  try {
    return loadConfig(platform, options);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const reason of error.message.split("\n")) log.error("configuration wrong; the former one stays in force", { reason }, true);
    return undefined;
  }
}

/** What a gateway starts with: where /etc/config/securebox is wrong, the last one that was right. `wrong`: what is wrong, a line each. Throws as `loadConfig`. */
export function startConfig(platform: Machine, options: OptionValues): { config: GatewayConfig; wrong: string[] } {
  try {
    return { config: loadConfig(platform, options), wrong: [] };
  } catch (error) {
    const path = options.config ?? defaultPath(platform);
    const right = error instanceof ConfigurationError && isUci(path) ? readIfThere(platform, rightPath(path)) : undefined;
    if (right === undefined) throw error;
    return { config: configOf(platform, path, right, options), wrong: (error as Error).message.split("\n") };
  }
}

/** Keeps the text of a configuration in UCI that is right, for a start that finds a wrong one. Throws PlatformError. */
export function keepConfig(platform: Machine, options: OptionValues): void {
  const { files } = platform;
  const path = options.config ?? defaultPath(platform);
  if (!isUci(path)) return;
  const text = files.readText(path);
  if (readIfThere(platform, rightPath(path)) === text || !readUciConfig(platform, text).config) return;
  files.makeDirectory(rightPath(path).slice(0, rightPath(path).lastIndexOf("/")));
  files.replace(rightPath(path), text, { mode: 0o600 }); // it may have keys
}

/** /etc/securebox/config.right for /etc/config/securebox. */
function rightPath(path: string): string {
  return `${path.replace(/config\/[^/]+$/, "")}securebox/config.right`;
}

function readIfThere({ files }: Pick<Platform, "files">, path: string): string | undefined {
  return files.status(path) ? files.readText(path) : undefined;
}

/** Of the file system: what stands before /etc/config/securebox, "" on the device itself. */
export function uciRoot(platform: Pick<Platform, "files">, options: OptionValues): string {
  const path = options.config ?? defaultPath(platform);
  return path.endsWith(UCI_CONFIG_PATH) ? path.slice(0, -UCI_CONFIG_PATH.length) : "";
}

/** Files of /etc/config have no suffix. */
function isUci(path: string): boolean {
  return !/\.(yaml|yml|json)$/.test(path) && /(^|\/)config\/[^/.]+$/.test(path);
}

function defaultPath({ files }: Pick<Platform, "files">): string {
  return !files.status(DEFAULT_CONFIG_PATH) && files.status(UCI_CONFIG_PATH) ? UCI_CONFIG_PATH : DEFAULT_CONFIG_PATH;
}

function fromYaml(machine: Machine, path: string, text: string): GatewayConfig {
  const { config, errors } = readYamlConfig(machine, text);
  if (!config) throw new ConfigurationError(errors.map((error) => `${path}:${error.line ?? 1}:${error.column ?? 1}: ${error.field ? `${error.field}: ` : ""}${error.message}`).join("\n"));
  return config;
}

function fromUci(machine: Machine, path: string, text: string): GatewayConfig {
  const { config, errors } = readUciConfig(machine, text);
  if (!config) throw new ConfigurationError([
    ...errors.slice(0, MOST_TOLD).map(({ field, message, line }) => `${line === undefined ? "" : `${path}:${line}: `}${field}: ${message}`),
    ...(errors.length > MOST_TOLD ? [`${path}: ${errors.length - MOST_TOLD} errors more`] : []),
  ].join("\n"));
  return config.gateway;
}

/** Where the gateway listens: the option, else the configuration's, else the default. */
export function controlSocket(platform: Machine, options: OptionValues): string {
  if (options.socket !== undefined) return options.socket;
  if (options.config === undefined && !platform.files.status(defaultPath(platform))) return DEFAULTS.socket;
  return loadConfig(platform, options).socket;
}

/** Where the gateway's object is: the configuration's ubus, if that is there. Who names a control socket means that. */
export function busSocket(platform: Machine, options: OptionValues): string | undefined {
  if (options.socket !== undefined || (options.config === undefined && !platform.files.status(defaultPath(platform)))) return undefined;
  const path = loadConfig(platform, options).ubus;
  return path !== undefined && platform.files.status(path) ? path : undefined;
}

function readConfigFile(platform: Pick<Platform, "files">, path: string): string {
  try {
    return platform.files.readText(path);
  } catch (error) {
    throw new ConfigurationError((error as Error).message);
  }
}

function level(text: string | undefined): Level | undefined {
  if (text !== undefined && !LEVELS.includes(text as Level)) throw new UsageError(`--log-level: expected one of ${LEVELS.join(", ")}`);
  return text as Level | undefined;
}

function format(text: string | undefined): LogFormat | undefined {
  if (text !== undefined && !FORMATS.includes(text as LogFormat)) throw new UsageError(`--log-format: expected one of ${FORMATS.join(", ")}`);
  return text as LogFormat | undefined;
}
