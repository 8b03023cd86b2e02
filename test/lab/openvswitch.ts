// SPDX-License-Identifier: Apache-2.0
// A private Open vSwitch: its own database, sockets, logs and daemons below one directory. A system Open vSwitch is never touched.
import { mkdirSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { join, resolve } from "node:path";
import { openvswitchPrograms, type OvsPrograms, type OvsVersion } from "../../tools/setup/openvswitch.ts";
import { must, repositoryRoot, until } from "./command.ts";
import { Daemon, endLeftovers } from "./daemon.ts";

export interface OvsOptions {
  version: OvsVersion;
  /** For everything it writes; made if missing. Short: a unix socket's path has at most 107 bytes. */
  directory: string;
  /** Name of a network namespace (`ip netns`) to run in. */
  netns?: string;
  /** Dummy datapath and ports (`datapath_type=dummy`); without `netns` in a namespace of its own, as a bridge of another type has an interface of its name there. Default: the userspace datapath on the namespace's interfaces. */
  dummy?: boolean;
  /** Keep the database of an earlier run in this directory. Default: start with an empty one. */
  keepDatabase?: boolean;
  /** Leave the new database without the row that `ovs-vsctl init` inserts, as daemons started by hand have it. */
  uninitialised?: boolean;
}

export type OvsDaemon = "vswitchd" | "ovsdb";

export interface OvsInstance {
  readonly version: OvsVersion;
  readonly directory: string;
  readonly runDirectory: string;
  readonly ovsdbSocket: string;
  /** The OpenFlow socket of a bridge. */
  mgmtSocket(bridge: string): string;
  /** Each runs a tool of this version against this instance; rejects with its error text; returns what it printed. */
  vsctl(...args: string[]): Promise<string>;
  /** The first argument is the command; a bridge name among the others stands for its socket. With OpenFlow 1.3 to 1.5. */
  ofctl(...args: string[]): Promise<string>;
  appctl(...args: string[]): Promise<string>;
  /** Makes a bridge with fail-mode=secure and OpenFlow 1.3 to 1.5; more arguments go on in the same vsctl command ("--", ...). */
  addBridge(name: string, ...more: string[]): Promise<void>;
  restartVswitchd(): Promise<void>;
  restartOvsdb(): Promise<void>;
  /** SIGSTOP and SIGCONT too. After SIGKILL, `restart...` starts it again. */
  kill(which: OvsDaemon, signal: NodeJS.Signals): void;
  pid(which: OvsDaemon): number | undefined;
  stop(): Promise<void>;
}

/** Starts both daemons and waits until they answer. Rejects with their last words when they do not within 10 s. */
export async function startOpenvswitch(options: OvsOptions): Promise<OvsInstance> {
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true });
  await endLeftovers(directory);
  const instance = new Instance(directory, options, openvswitchPrograms(options.version, repositoryRoot()));
  await instance.start(options.keepDatabase ?? false);
  return instance;
}

class Instance implements OvsInstance {
  readonly version: OvsVersion;
  readonly runDirectory: string;
  readonly ovsdbSocket: string;
  readonly #env: Record<string, string>;
  readonly #daemons: Record<OvsDaemon, Daemon>;
  readonly #control: Record<OvsDaemon, string>;

  constructor(readonly directory: string, readonly options: OvsOptions, readonly programs: OvsPrograms) {
    this.version = options.version;
    this.runDirectory = directory;
    this.ovsdbSocket = join(directory, "db.sock");
    this.#control = { vswitchd: join(directory, "vswitchd.ctl"), ovsdb: join(directory, "ovsdb.ctl") };
    this.#env = { ...programs.env, OVS_RUNDIR: directory, OVS_DBDIR: directory, OVS_LOGDIR: directory, OVS_SYSCONFDIR: directory };
    const inside = (which: OvsDaemon): string[] => options.netns ? ["ip", "netns", "exec", options.netns] : options.dummy && which === "vswitchd" ? ["unshare", "--net"] : [];
    const daemon = (which: OvsDaemon, program: string, ...args: string[]): Daemon =>
      new Daemon(which, directory, [...inside(which), program, ...args, `--unixctl=${this.#control[which]}`, "-vsyslog:off", "-vconsole:warn"], this.#env);
    this.#daemons = {
      ovsdb: daemon("ovsdb", programs.ovsdbServer, join(directory, "conf.db"), `--remote=punix:${this.ovsdbSocket}`, "--remote=db:Open_vSwitch,Open_vSwitch,manager_options"),
      vswitchd: daemon("vswitchd", programs.vswitchd, `unix:${this.ovsdbSocket}`, ...(options.dummy ? ["--enable-dummy", "--disable-system"] : [])),
    };
  }

  async start(keepDatabase: boolean): Promise<void> {
    const database = join(this.directory, "conf.db");
    if (!keepDatabase) {
      for (const file of [database, join(this.directory, ".conf.db.~lock~")]) rmSync(file, { force: true });
      await must([this.programs.ovsdbTool, "create", database, this.programs.schema], { env: this.#env });
    }
    await this.#begin("ovsdb");
    if (!this.options.uninitialised) await this.vsctl("--no-wait", "init");
    await this.#begin("vswitchd");
  }

  mgmtSocket = (bridge: string): string => join(this.runDirectory, `${bridge}.mgmt`);
  vsctl = (...args: string[]): Promise<string> => must([this.programs.vsctl, "--timeout=10", `--db=unix:${this.ovsdbSocket}`, ...args], { env: this.#env });
  appctl = (...args: string[]): Promise<string> => must([this.programs.appctl, "-t", this.#control.vswitchd, ...args], { env: this.#env });

  ofctl(...args: string[]): Promise<string> {
    return must([this.programs.ofctl, "-O", "OpenFlow13,OpenFlow14,OpenFlow15", "--timeout=20", ...args], { env: this.#env });
  }

  async addBridge(name: string, ...more: string[]): Promise<void> {
    const type = this.options.dummy ? "dummy" : "netdev";
    await this.vsctl("add-br", name, "--", "set", "bridge", name, `datapath_type=${type}`, "fail-mode=secure", "protocols=OpenFlow13,OpenFlow14,OpenFlow15", ...more);
  }

  restartVswitchd = (): Promise<void> => this.#restart("vswitchd");
  restartOvsdb = (): Promise<void> => this.#restart("ovsdb");
  kill = (which: OvsDaemon, signal: NodeJS.Signals): void => this.#daemons[which].kill(signal);
  pid = (which: OvsDaemon): number | undefined => this.#daemons[which].pid;

  async stop(): Promise<void> {
    await this.#daemons.vswitchd.stop();
    await this.#daemons.ovsdb.stop();
  }

  async #restart(which: OvsDaemon): Promise<void> {
    await this.#daemons[which].stop();
    await this.#begin(which);
  }

  async #begin(which: OvsDaemon): Promise<void> {
    const daemon = this.#daemons[which];
    daemon.start();
    const sockets = which === "ovsdb" ? [this.#control.ovsdb, this.ovsdbSocket] : [this.#control.vswitchd];
    const ready = async (): Promise<boolean> => {
      if (daemon.pid === undefined) throw new Error(`${which} ended: ${daemon.lastWords()}`);
      return (await Promise.all(sockets.map(accepts))).every(Boolean);
    };
    await until(`${which} of Open vSwitch ${this.version}`, 10_000, ready).catch((error: Error) => {
      throw new Error(`${error.message}: ${daemon.lastWords()}`);
    });
  }
}

/** Whether someone listens at the unix socket. A file left by a killed daemon does not count. */
function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => (socket.destroy(), resolve(true))).once("error", () => resolve(false));
  });
}
