// SPDX-License-Identifier: Apache-2.0
// `securebox gateway`: from the options to a gateway that runs until a signal ends it.
import { PlatformError, type Platform } from "quickjs-ts";
import type { PublishedObject } from "ubus-ts";
import type { GatewayBus } from "./bus/bus.ts";
import type { OpenAccess } from "./cli/enrolment.ts";
import type { OptionValues } from "./cli/options.ts";
import type { Changes } from "./changes.ts";
import type { GatewayConfig } from "./config/config.ts";
import { keepConfig, reloadConfig, startConfig, uciRoot } from "./config/load.ts";
import { controlMethods, methodsOf } from "./control/methods.ts";
import { serveControl, type ControlServer } from "./control/server.ts";
import { Gateway } from "./gateway.ts";
import { EventLog } from "./log.ts";
import { takeOver } from "./reload.ts";
import { supervise, watchSupervisor } from "./supervisor.ts";
import { tellRouter } from "./topology.ts";
import { VERSION } from "./version.ts";

/** `access`: the way to a backend. Resolves with the exit status. Throws ConfigurationError, UsageError, and Error when another gateway serves the socket. */
export async function runGateway(platform: Platform, options: OptionValues, access: OpenAccess): Promise<number> {
  const begun = startConfig(platform, options);
  let config: GatewayConfig | undefined = begun.config;
  const log = new EventLog(platform, config.log);
  if (options.supervise) return supervise(platform, [...platform.processes.self, ...platform.processes.arguments.filter((word) => word !== "--supervise")], log);
  for (const reason of begun.wrong) log.error("configuration wrong; the last right one is in force", { reason }, true);
  if (begun.wrong.length === 0) keep(platform, options, log);
  const signals = new Signals(platform);
  for (let [wrong] = begun.wrong; config; wrong = undefined) config = await runOnce(platform, config, options, access, log, signals, wrong);
  return 0;
}

/** One gateway. Resolves with the configuration that the next one is to begin with; undefined: this was the last. */
async function runOnce(platform: Platform, loaded: GatewayConfig, options: OptionValues, access: OpenAccess, log: EventLog, signals: Signals, wrong: string | undefined): Promise<GatewayConfig | undefined> {
  log.configure(loaded.log);
  const changes = await openChanges(platform, loaded, options, log);
  const config = changes?.effective(loaded) ?? loaded;
  const backend = access(config, log);
  await backend.ready();
  const bus = config.ubus === undefined ? undefined : new (await import("./bus/bus.ts")).GatewayBus(platform, config.ubus, () => bssPorts(config), log);
  const gateway = new Gateway(platform, config, log, backend, bus);
  const broke = (error: unknown): void => log.error("internal error", { reason: platform.processes.stackOf(error) });
  const control = listen(platform, config.socket, gateway, log, broke);
  log.info("gateway starts", { version: VERSION, engine: platform.engine, pid: platform.processes.pid, bridge: config.bridge });
  tellRouter(config, log);
  gateway.changes = changes;
  gateway.wrongConfiguration = wrong;
  gateway.start();
  const leave = bus && await publish(bus, gateway, log, broke);
  changes?.follow((await import("./settings/changing.ts")).changingOf(gateway), config);
  const next = await ended(gateway, options, log, signals);
  control.close();
  leave?.();
  changes?.close();
  await gateway.close();
  bus?.close();
  return next;
}

/** Returns what takes the object away. */
async function publish(bus: GatewayBus, gateway: Gateway, log: EventLog, broke: (error: unknown) => void): Promise<() => void> {
  const { publishGateway } = await import("./bus/object.ts");
  let object: PublishedObject | undefined;
  bus.keep("object securebox", async () => { object = await publishGateway(bus.client, methodsOf(gateway, log), log, broke); });
  return () => void object?.remove().catch(() => {}); // the bus is gone, and the object with it
}

/** Without room for it the gateway runs all the same. */
function keep(platform: Platform, options: OptionValues, log: EventLog): void {
  try {
    keepConfig(platform, options);
  } catch (error) {
    log.warn("configuration in force, but not kept for a start with a wrong one", { reason: (error as Error).message });
  }
}

function bssPorts({ ports }: GatewayConfig): string[] {
  return Object.keys(ports).filter((name) => ports[name] === "bss");
}

/** Before anything of this device is used. */
async function openChanges(platform: Platform, config: GatewayConfig, options: OptionValues, log: EventLog): Promise<Changes | undefined> {
  if (!config.openwrt) return undefined;
  const changes = new (await import("./changes.ts")).Changes(platform, config, log, uciRoot(platform, options));
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

function ended(gateway: Gateway, options: OptionValues, log: EventLog, signals: Signals): Promise<GatewayConfig | undefined> {
  return new Promise((resolve) => {
    signals.mind((reason) => {
      log.info("gateway ends", { reason });
      resolve(undefined);
    }, () => {
      const next = reloadConfig(gateway.platform, options, log);
      gateway.wrongConfiguration = next ? undefined : "the log says why";
      if (next) keep(gateway.platform, options, log);
      const anew = next ? takeOver(gateway, next) : [];
      if (anew.length === 0) return gateway.reload();
      log.info("gateway begins anew, with the flows that the switch has", { changed: anew.join(",") });
      resolve(next);
    });
  });
}

/** Between two gateways there are signals, too. */
class Signals {
  #end: ((reason: string) => void) | undefined;
  #reload: (() => void) | undefined;
  #pending: string | undefined;

  constructor(platform: Platform) {
    for (const signal of ["SIGTERM", "SIGINT"] as const) platform.signals.on(signal, () => this.#ends(signal));
    platform.signals.on("SIGHUP", () => this.#reload?.());
    watchSupervisor(platform, () => this.#ends("its supervisor is gone"));
  }

  /** Who minds them from now on. */
  mind(end: (reason: string) => void, reload: () => void): void {
    [this.#end, this.#reload] = [end, reload];
    if (this.#pending !== undefined) end(this.#pending);
  }

  #ends(reason: string): void {
    this.#pending ??= reason;
    this.#end?.(reason);
  }
}
