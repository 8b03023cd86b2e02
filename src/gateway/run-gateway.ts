// SPDX-License-Identifier: Apache-2.0
// `securebox gateway`: from the options to a gateway that runs until a signal ends it.
import { PlatformError, type Platform } from "quickjs-ts";
import type { OpenAccess } from "./cli/enrolment.ts";
import type { OptionValues } from "./cli/options.ts";
import type { Changes } from "./changes.ts";
import type { GatewayConfig } from "./config/config.ts";
import { loadConfig, uciErrors } from "./config/load.ts";
import { controlMethods } from "./control/methods.ts";
import { serveControl, type ControlServer } from "./control/server.ts";
import { Gateway } from "./gateway.ts";
import { EventLog } from "./log.ts";
import { supervise, watchSupervisor } from "./supervisor.ts";
import { VERSION } from "./version.ts";

/** `access`: the way to a backend. Resolves with the exit status. Throws ConfigurationError, UsageError, and Error when another gateway serves the socket. */
export async function runGateway(platform: Platform, options: OptionValues, access: OpenAccess): Promise<number> {
  const config = loadConfig(platform, options);
  const log = new EventLog(platform, config.log);
  if (options.supervise) return supervise(platform, [...platform.processes.self, ...platform.processes.arguments.filter((word) => word !== "--supervise")], log);
  const changes = await openChanges(platform, config, log);
  const backend = access(config, log);
  await backend.ready();
  const gateway = new Gateway(platform, config, log, backend);
  const broke = (error: unknown): void => log.error("internal error", { reason: platform.processes.stackOf(error) });
  const control = listen(platform, config.socket, gateway, log, broke);
  log.info("gateway starts", { version: VERSION, engine: platform.engine, pid: platform.processes.pid, bridge: config.bridge });
  gateway.changes = changes;
  gateway.start();
  // Flows are in force: what else is wrong is no reason to take back a configuration.
  changes?.follow(() => gateway.reconciler.state === "ready", { look: async () => gateway.backend.status ? { backend: gateway.backend.status.state === "connected" } : {} });
  return ended(platform, gateway, control, options, log);
}

/** Before anything of this device is used. */
async function openChanges(platform: Platform, config: GatewayConfig, log: EventLog): Promise<Changes | undefined> {
  if (!config.openwrt) return undefined;
  const changes = new (await import("./changes.ts")).Changes(platform, config, log);
  await changes.recover();
  return changes;
}

function listen(platform: Platform, path: string, gateway: Gateway, log: EventLog, broke: (error: unknown) => void): ControlServer {
  try {
    platform.files.makeDirectory(path.slice(0, Math.max(1, path.lastIndexOf("/"))));
    return serveControl(platform.net, path, controlMethods(gateway, log), broke);
  } catch (error) {
    if (error instanceof PlatformError && error.code === "EADDRINUSE") throw new Error(`another gateway serves ${path}`);
    throw error;
  }
}

function ended(platform: Platform, gateway: Gateway, control: ControlServer, options: OptionValues, log: EventLog): Promise<number> {
  return new Promise((resolve) => {
    const end = (reason: string): void => {
      log.info("gateway ends", { reason });
      control.close();
      gateway.changes?.close();
      void gateway.close().then(() => resolve(0));
    };
    platform.signals.on("SIGTERM", () => end("SIGTERM"));
    platform.signals.on("SIGINT", () => end("SIGINT"));
    platform.signals.on("SIGHUP", () => {
      for (const reason of uciErrors(platform, options) ?? []) log.error("configuration wrong; the former one stays in force", { reason });
      gateway.reload();
    });
    watchSupervisor(platform, () => end("its supervisor is gone"));
  });
}
