// SPDX-License-Identifier: Apache-2.0
import type { Platform } from "quickjs-ts";
import { UsageError, type OptionValues } from "../cli/options.ts";
import { LEVELS, type Level, type LogFormat } from "../log.ts";
import { DEFAULT_CONFIG_PATH, DEFAULTS, type GatewayConfig } from "./config.ts";
import { parseConfig } from "./parse.ts";

/** The configuration cannot be used; the message has one line per problem. Exit status 2. */
export class ConfigurationError extends Error { override readonly name = "ConfigurationError"; }

/** The configuration file, with the options of the command line before it. Throws ConfigurationError, UsageError. */
export function loadConfig(platform: Pick<Platform, "files">, options: OptionValues): GatewayConfig {
  const path = options.config ?? DEFAULT_CONFIG_PATH;
  const { config, errors } = parseConfig(readConfigFile(platform, path));
  if (!config) throw new ConfigurationError(errors.map((error) => `${path}:${error.line ?? 1}:${error.column ?? 1}: ${error.field ? `${error.field}: ` : ""}${error.message}`).join("\n"));
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

/** Where the gateway listens: the option, else the configuration's, else the default. */
export function controlSocket(platform: Pick<Platform, "files">, options: OptionValues): string {
  if (options.socket !== undefined) return options.socket;
  if (options.config === undefined && !platform.files.status(DEFAULT_CONFIG_PATH)) return DEFAULTS.socket;
  return loadConfig(platform, options).socket;
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
  if (text !== undefined && text !== "text" && text !== "json") throw new UsageError("--log-format: expected text or json");
  return text;
}
