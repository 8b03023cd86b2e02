// SPDX-License-Identifier: Apache-2.0
// The bridge as OVSDB shows it: made sure of (fail_mode secure, the configured ports), and followed as netdevs come and go.
import type { Platform, Timer } from "quickjs-ts";
import { OvsdbClient, type MonitorHandle, type Ports, type Row, type Transaction } from "node-openvswitch/ovsdb";
import type { SwitchPort } from "../../wifi-isolation/network.ts";
import type { GatewayConfig } from "../config/config.ts";
import type { Log } from "../log.ts";
import { Netdevs } from "./netdevs.ts";
import { StationNetdevs } from "./station-netdevs.ts";

/** What the gateway knows of its bridge. Ports without an OpenFlow number are not listed: their netdev is missing. */
export interface BridgeState {
  connected: boolean;
  /** Open vSwitch's version, "3.1.0". */
  software?: string;
  ports: SwitchPort[];
  /** Why the bridge is not as it should be. */
  problem?: string;
}

type BridgeConfig = Pick<GatewayConfig, "bridge" | "ovsdb" | "ports" | "managePorts" | "datapath" | "openwrt">;
type BridgePlatform = Ports & Pick<Platform, "files">;

const TABLES = {
  Open_vSwitch: { columns: ["bridges", "ovs_version", "next_cfg", "cur_cfg", "other_config"] },
  Bridge: { columns: ["name", "ports", "fail_mode", "protocols", "datapath_type", "other_config"] },
  Port: { columns: ["name", "interfaces", "external_ids"] },
  Interface: { columns: ["name", "ofport", "mac_in_use", "error", "ifindex"] },
};
/** OpenFlow versions that we need; a bridge that names versions must name these. An empty list means all. */
const PROTOCOLS = ["OpenFlow13", "OpenFlow14"];
/**
 * Entries of the datapath's cache (ovs-vswitchd.conf.db(5), flow-limit), where nobody has set another bound. Each forged address may take one, of some kilobytes, for ten
 * seconds: the switch's own 200,000 are more memory than an access point has. Beyond it packets pass more slowly, and entries without traffic go after a tenth of a second.
 */
const FLOW_LIMIT = "8000";
/** A repair that the database refused is tried again after this long. */
const RETRY = 5000;
/** How often it is seen whether hostapd made an interface that no event told of. */
const NETDEVS_EVERY = 1000;
/** Of ports that are added for a while: who takes them out again. */
const MARK = { securebox: "stations" };

export class Bridge {
  state: BridgeState = { connected: false, ports: [] };
  readonly #config: BridgeConfig;
  readonly #log: Log;
  readonly #changed: (state: BridgeState) => void;
  readonly #client: OvsdbClient;
  readonly #ports: Ports;
  readonly #held: () => boolean;
  #monitor: MonitorHandle | undefined;
  readonly #netdevs = new Netdevs();
  readonly #stationNetdevs: StationNetdevs;
  readonly #watch: Timer;
  #adopted = new Set<string>();
  /** Ports to be taken out, and those that are to be added again. */
  readonly #stale = new Set<string>();
  readonly #detached = new Set<string>();
  #repairing = false;
  #closed = false;
  #problem: string | undefined;

  /**
   * Connects at once and for good. `changed` is called when ports or connection changed. `held`: a transaction changes the bridge, it is not repaired now.
   * `told`: ports of their own that stations are said to have.
   */
  constructor(ports: BridgePlatform, config: BridgeConfig, log: Log, changed: (state: BridgeState) => void, held: () => boolean, told: () => readonly string[]) {
    this.#config = config;
    this.#log = log;
    this.#changed = changed;
    this.#ports = ports;
    this.#held = held;
    this.#stationNetdevs = new StationNetdevs({
      files: ports.files, told, configured: () => config.ports, vlans: () => config.openwrt?.keys.flatMap(({ vlan }) => vlan ?? []) ?? [],
    });
    this.#watch = ports.timers.every(NETDEVS_EVERY, () => { if ([...this.#stationNetdevs.wanted()].join() !== [...this.#adopted].join()) this.look(); });
    this.#client = new OvsdbClient(ports, {
      remotes: [{ unix: config.ovsdb }],
      reconnect: { minimum: 100, maximum: 2000 },
      ready: () => this.#ready(),
      lost: (reason) => this.#lost(reason),
    });
  }

  close(): void {
    this.#closed = true;
    this.#watch.cancel();
    this.#client.close();
  }

  #ready(): void {
    this.#log.info("ovsdb connected", { path: this.#config.ovsdb });
    if (this.#monitor) return this.look();
    this.#client.monitor(TABLES).then((monitor) => {
      this.#monitor = monitor;
      monitor.replica.onChange(() => this.look());
      this.look();
    }, (error: Error) => this.#log.error("ovsdb refused the monitor", { reason: error.message }));
  }

  #lost(reason: string): void {
    if (this.#closed) return;
    if (this.state.connected) this.#log.warn("ovsdb lost", { reason });
    this.#tell({ ...this.state, connected: false });
  }

  /** Compares the database with the configuration; repairs, and tells what is there. */
  look(): void {
    const replica = this.#monitor?.replica;
    if (!replica || !this.#client.ready) return;
    const root = [...replica.table("Open_vSwitch").values()][0];
    const bridge = [...replica.table("Bridge").values()].find((row) => row["name"] === this.#config.bridge);
    const members = this.#members(bridge);
    this.#adopted = this.#stationNetdevs.wanted();
    for (const name of this.#netdevs.renewed(members)) if (this.#reopens(name, bridge)) this.#stale.add(name);
    const repair = this.#repair(root, bridge, members);
    if (repair) this.#run(repair);
    const ports = [...Object.entries(this.#config.ports), ...[...this.#adopted].map((name) => [name, "bss"] as const)].flatMap(([name, role]) => {
      const row = members.get(name);
      // Both columns are ephemeral: a restarted ovsdb-server has lost them until ovs-vswitchd, whose port is where it was, writes them again (ovs-vswitchd.conf.db(5)).
      const former = this.state.ports.find((port) => port.name === name);
      const number = row?.["ofport"] === undefined ? former?.number ?? -1 : openflowPort(Number(row["ofport"]));
      return row && number > 0 ? [{ name, number, role, mac: (row["mac_in_use"] as string | undefined) ?? former?.mac }] : [];
    });
    this.#tell({ connected: true, software: root?.["ovs_version"] as string | undefined, ports, problem: this.#problem });
  }

  /** The bridge's interfaces by name, its own included. */
  #members(bridge: Row | undefined): Map<string, Row> {
    const { replica } = this.#monitor!;
    const [ports, interfaces] = [replica.table("Port"), replica.table("Interface")];
    const rows = list(bridge?.["ports"]).flatMap((port) => list(ports.get(port)?.["interfaces"])).map((uuid) => interfaces.get(uuid));
    return new Map(rows.filter((row) => row !== undefined).map((row) => [row["name"] as string, row]));
  }

  /** What makes the bridge as it should be; undefined when it is, or when that waits. */
  #repair(root: Row | undefined, bridge: Row | undefined, members: Map<string, Row>): ((transaction: Transaction) => string) | undefined {
    if (!root) return initialise;
    const { bridge: name, ports, managePorts } = this.#config;
    const held = this.#held();
    const configured = managePorts ? Object.keys(ports).filter((port) => ports[port] !== "local" && !members.has(port) && (!held || this.#detached.has(port))) : [];
    // No transaction speaks of these, and stations must be reachable while one is probed.
    const adopted = managePorts ? [...this.#adopted].filter((port) => !members.has(port)) : [];
    const missing = [...configured, ...adopted];
    const left = this.#left(bridge);
    if (!bridge) return held ? undefined : (transaction) => this.#create(transaction, missing);
    const stale = [...this.#stale].filter((port) => members.has(port));
    if (stale.length > 0) return (transaction) => this.#detach(transaction, bridge, stale);
    // What is taken out and added between two looks of ovs-vswitchd is not opened again.
    if (missing.some((port) => this.#detached.has(port)) && Number(root["cur_cfg"]) < Number(root["next_cfg"])) return undefined;
    const protocols = list(bridge["protocols"]);
    const lacking = protocols.length === 0 ? [] : PROTOCOLS.filter((protocol) => !protocols.includes(protocol));
    const where = [["name", "==", name]] as const;
    const open = bridge["fail_mode"] !== "secure" && !held;
    const address = this.#floatingAddress(bridge, members);
    const unbounded = (root["other_config"] as ReadonlyMap<string, string> | undefined)?.get("flow-limit") === undefined;
    if (!open && !unbounded && lacking.length === 0 && missing.length === 0 && left.size === 0 && address === undefined) return undefined;
    return (transaction) => {
      if (unbounded) boundCache(transaction);
      if (address !== undefined) transaction.mutate("Bridge", where, [["other_config", "insert", { hwaddr: address }]]);
      if (open) transaction.update("Bridge", where, { fail_mode: "secure" });
      if (lacking.length > 0) transaction.mutate("Bridge", where, [["protocols", "insert", lacking]]);
      if (left.size > 0) transaction.mutate("Bridge", where, [["ports", "delete", [...left.keys()]]]);
      for (const port of missing) transaction.mutate("Bridge", where, [["ports", "insert", [insertPort(transaction, port, "", adopted.includes(port) ? MARK : {})]]]);
      for (const port of missing) this.#detached.delete(port);
      return `bridge repaired${missing.length > 0 ? `: added ${missing.join(", ")}` : ""}${left.size > 0 ? `: took out ${[...left.values()].join(", ")}` : ""}${address === undefined ? "" : `: keeps its address ${address}`}${unbounded ? `: flow-limit ${FLOW_LIMIT}` : ""}`;
    };
  }

  /** Ports that were added for stations which are gone: by row. */
  #left(bridge: Row | undefined): Map<string, string> {
    const rows = this.#monitor!.replica.table("Port");
    return new Map(list(bridge?.["ports"]).flatMap((uuid) => {
      const row = rows.get(uuid);
      const name = String(row?.["name"]);
      return (row?.["external_ids"] as ReadonlyMap<string, string> | undefined)?.get("securebox") === MARK.securebox && !this.#adopted.has(name) ? [[uuid, name]] : [];
    }));
  }

  /** Only the userspace datapath does not do it itself. */
  #reopens(name: string, bridge: Row | undefined): boolean {
    const role = this.#adopted.has(name) ? "bss" : this.#config.ports[name];
    return bridge?.["datapath_type"] === "netdev" && this.#config.managePorts && role !== undefined && role !== "local";
  }

  /**
   * Without one of its own a bridge's interface has the least of its ports' addresses (ovs-vswitchd.conf.db(5), hwaddr), so it changes when a radio's netdev goes and comes back, and
   * who manages this device over it loses it until ARP has expired. Undefined: it has one, or nobody uses it.
   */
  #floatingAddress(bridge: Row, members: Map<string, Row>): string | undefined {
    const { bridge: name, ports } = this.#config;
    const own = (bridge["other_config"] as ReadonlyMap<string, string> | undefined)?.get("hwaddr");
    return ports[name] === "local" && own === undefined ? members.get(name)?.["mac_in_use"] as string | undefined : undefined;
  }

  /** For `missing` to add them again. */
  #detach(transaction: Transaction, bridge: Row, stale: readonly string[]): string {
    const rows = this.#monitor!.replica.table("Port");
    const gone = list(bridge["ports"]).filter((uuid) => stale.includes(String(rows.get(uuid)?.["name"])));
    transaction.mutate("Bridge", [["name", "==", this.#config.bridge]], [["ports", "delete", gone]]);
    for (const port of stale) this.#detached.add(port);
    this.#stale.clear();
    return `netdev made anew: ${stale.join(", ")} taken out, to be added again`;
  }

  #create(transaction: Transaction, missing: string[]): string {
    const { bridge: name, datapath } = this.#config;
    const ports = [insertPort(transaction, name, "internal"), ...missing.map((port) => insertPort(transaction, port))];
    const bridge = transaction.insert("Bridge", { name, ports, fail_mode: "secure", datapath_type: datapath === "netdev" ? "netdev" : "" });
    transaction.mutate("Open_vSwitch", [], [["bridges", "insert", [bridge]]]);
    return `bridge created with ${missing.join(", ")}`;
  }

  #run(build: (transaction: Transaction) => string): void {
    if (this.#repairing) return;
    this.#repairing = true;
    const done = (problem?: string): void => {
      this.#repairing = false;
      this.#problem = problem;
    };
    this.#client.transaction().then(async (transaction) => {
      const summary = build(transaction);
      transaction.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1]]);
      await this.#client.transact(transaction);
      this.#log.info(summary, { bridge: this.#config.bridge });
      done();
      this.look();
    }).catch((error: Error) => {
      done(error.message);
      this.#log.error("bridge not as configured", { bridge: this.#config.bridge, reason: error.message });
      this.#ports.timers.after(RETRY, () => this.look());
    });
  }

  #tell(state: BridgeState): void {
    const same = JSON.stringify(state) === JSON.stringify(this.state);
    this.state = state;
    if (!same) this.#changed(state);
  }
}

/** A value that somebody has set meanwhile stays (RFC 7047 section 5.1). */
function boundCache(transaction: Transaction): void {
  transaction.mutate("Open_vSwitch", [], [["other_config", "insert", { "flow-limit": FLOW_LIMIT }]]);
}

/** A new database has no row for the switch itself (ovs-vsctl(8), "init"). The table takes one row only, so of two that insert it one is refused. */
function initialise(transaction: Transaction): string {
  transaction.insert("Open_vSwitch", {});
  return "database initialised";
}

function insertPort(transaction: Transaction, name: string, type = "", external_ids: Record<string, string> = {}): { named: string } {
  const port = transaction.insert("Interface", { name, type });
  return transaction.insert("Port", { name, interfaces: [port], external_ids });
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value as string[] : value === undefined ? [] : [String(value)];
}

/** OVSDB has port numbers in 16 bits, OpenFlow from 1.1 on in 32: the reserved ones (the bridge's own interface is LOCAL) are the last of either range. */
function openflowPort(ofport: number): number {
  return ofport >= 0xff00 ? ofport + 0xffff0000 : ofport;
}
