// SPDX-License-Identifier: Apache-2.0
// One gateway: policy, devices, names and held packets tied to one switch. Each part knows its own business; here is only who tells whom.
import type { Policy } from "@securebox/contract";
import { type NxPacketIn2, Port } from "node-openvswitch/openflow";
import type { Millis, Platform, Timer } from "quickjs-ts";
import type { Applied, Edit, ModelInput, Override, Topology } from "../wifi-isolation/index.ts";
import { NO_BACKEND, type BackendAccess } from "./backend/access.ts";
import { Backend } from "./backend/backend.ts";
import type { GatewayBus } from "./bus/bus.ts";
import type { Changes } from "./changes.ts";
import type { GatewayConfig } from "./config/config.ts";
import type { Operations } from "./control/methods.ts";
import type { ChangesResult, DeviceResult, EnrollResult, ExplainParams, ExplainResult, OverrideRecord, PolicyShowResult, ReachResult, StatusResult, UnenrollResult } from "./control/protocol.ts";
import type { Ask } from "./devices/index.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { sourceOf } from "./dispatch/frame.ts";
import { ReasonHandler } from "./dispatch/handler.ts";
import { explain, type Known } from "./explain.ts";
import type { EventLog } from "./log.ts";
import { AnnouncedNames } from "./names/index.ts";
import { Operator } from "./operator.ts";
import { Overrides } from "./overrides.ts";
import { Policies } from "./policies.ts";
import { Population } from "./population.ts";
import { reach } from "./reach.ts";
import { describe, endpointAt, logDenied, macsIn, worldOf } from "./questions.ts";
import { Reconciler } from "./reconciler.ts";
import { siteOf, type Site } from "./settings/site.ts";
import { StateDirectory } from "./state.ts";
import { deviceResult, statusOf } from "./report.ts";
import { Resolved } from "./resolved.ts";
import { askStation } from "./switch/ask.ts";
import { Bridge } from "./switch/bridge.ts";
import { countSources } from "./switch/counters.ts";
import { recallDevices } from "./switch/devices.ts";
import { SwitchLink } from "./switch/link.ts";
import { DENY_EVERYTHING, tellVirtualMac, topologyOf, virtualMacOf } from "./topology.ts";
import { FlowVerdicts } from "./verdicts/index.ts";

/** How long a DNS answer with new addresses waits for the datapath to follow the tables. */
const REVALIDATION: Millis = 20;
const TICK: Millis = 1000;
/** The first attempts find no socket while the bridge is being made. */
const TOLD_FAILURES = 4;

export class Gateway implements Operations {
  readonly platform: Platform;
  readonly config: GatewayConfig;
  readonly log: EventLog;
  readonly started: Millis;
  /** The same by the wall clock, as it was then. */
  readonly startedDate: number;
  readonly state: StateDirectory;
  readonly policies: Policies;
  readonly overrides: Overrides;
  readonly switch: SwitchLink;
  readonly reconciler: Reconciler;
  readonly population: Population;
  readonly resolved: Resolved;
  readonly announced: AnnouncedNames;
  readonly verdicts: FlowVerdicts;
  readonly dispatcher: Dispatcher;
  readonly backend: Backend;
  /** Only on OpenWrt. */
  changes: Changes | undefined;
  /** What the configuration file was found to be, while another one is in force. */
  wrongConfiguration: string | undefined;
  lastSync: StatusResult["switch"]["lastSync"];
  #bridge: Bridge | undefined;
  #topology: Topology | undefined;
  #ticks: Timer | undefined;
  readonly #operator: Operator;

  constructor(platform: Platform, config: GatewayConfig, log: EventLog, access: BackendAccess = NO_BACKEND, readonly bus?: GatewayBus) {
    this.platform = platform;
    this.config = config;
    this.log = log;
    this.started = platform.time.now();
    this.startedDate = platform.time.date();
    this.state = new StateDirectory(platform, config.state, log);
    this.overrides = new Overrides(this.state, log);
    this.backend = new Backend(this, access);
    this.policies = new Policies({
      platform, path: config.policy, state: this.state, log, overrides: () => this.overrides.list,
      put: (policy) => this.#put(policy), decided: () => this.reconciler.poke(), changed: () => this.#changed(),
    });
    this.switch = new SwitchLink(platform, config.openflow, {
      ready: () => this.#switchReady(),
      lost: (reason) => this.#switchLost(reason),
      held: (packet) => { if (!this.changes?.takes(packet) && !this.#announcement(packet)) this.dispatcher.take(packet); },
      flowRemoved: ({ cookie }) => this.verdicts.flowRemoved(cookie),
      refused: (reason) => log.warn("switch refused a message", { reason }),
    });
    this.reconciler = new Reconciler({
      device: this.switch.device, platform, log, inputs: () => this.#inputs(), recall: () => this.#recall(), synchronised: (applied, took) => this.#synchronised(applied, took),
    });
    const edit = (change: Edit): Promise<boolean> => this.#edit(change);
    this.population = new Population({
      platform, config, state: this.state, log, edit, bus,
      count: () => this.switch.ready ? countSources(this.switch) : undefined,
      told: (key) => this.dispatcher.answer(key), forgotten: (what) => this.#forget(what),
      ask: (ask) => this.#askStation(ask), changed: () => this.backend.changed("devices"), portsChanged: () => this.#bridge?.look(),
      backend: {
        enabled: () => this.backend.asksDevices,
        ask: (device, port, key, answer) => this.backend.ask({ kind: "device", device, port, ...(key === undefined ? {} : { key }) }, answer),
      },
    });
    this.announced = new AnnouncedNames(config.limits.devices);
    this.resolved = new Resolved({ platform, prefixes: config.network.prefixes, log, edit });
    this.verdicts = new FlowVerdicts({
      edit, now: () => platform.time.now(), describe: (question) => describe(this, question), ask: (question, answer) => this.backend.ask(question, answer),
    });
    this.dispatcher = this.#dispatcher();
    this.#operator = new Operator({ platform, log, overrides: this.overrides, known: () => this.known(), put: () => this.#changeOverrides() });
  }

  /** A copy of what a device said to the mDNS group, which nothing waits for. */
  #announcement(packet: NxPacketIn2): boolean {
    if (packet.continuation) return false;
    const device = this.population.table.byId(sourceOf(packet));
    if (device) this.announced.hear(device, packet.packet, this.platform.time.now());
    return true;
  }

  #askStation(ask: Ask): void {
    const message = this.#topology && askStation(this.#topology, ask);
    if (message) this.switch.send(message);
  }

  #dispatcher(): Dispatcher {
    const { platform, log, population, resolved, verdicts } = this;
    const { heldPerDevice, heldTotal, holdDeadline } = this.config.limits;
    const handler = new ReasonHandler({
      devices: population.table, newcomers: population.newcomers, portName: (number) => this.#topology?.ports.find((port) => port.number === number)?.name,
      devicesChanged: (outcomes) => population.apply(outcomes),
      virtualMac: () => virtualMacOf(this.#topology), send: (port, packet) => void this.switch.send({ type: "packet-out", inPort: Port.CONTROLLER, packet, actions: [{ type: "output", port }] }),
      names: resolved.table, streams: resolved.streams, namesChanged: (outcomes) => this.#afterRevalidation(resolved.apply(outcomes)),
      verdicts: verdicts.cache, asker: verdicts.asker, byId: (id) => population.table.byId(id), endpointAt: (address) => endpointAt(this, address),
      world: () => worldOf(this), edit: (edit) => this.#edit(edit), answered: (key) => this.dispatcher.answer(key), denied: (question, reason) => logDenied(this, question, reason), now: () => platform.time.now(),
    });
    return new Dispatcher({ platform, log, handler, resume: (message) => this.switch.send(message), settled: () => this.reconciler.settled() }, { perOwner: heldPerDevice, total: heldTotal, deadline: holdDeadline });
  }

  /** Open vSwitch brings the flows that its datapath has cached in line some milliseconds after the barrier; who asked for the name connects at once. */
  #afterRevalidation(inForce: Promise<boolean> | undefined): Promise<boolean> | undefined {
    return inForce?.then((done) => new Promise((resolve) => this.platform.timers.after(REVALIDATION, () => resolve(done))));
  }

  get bridge(): Bridge | undefined { return this.#bridge; }

  start(): void {
    this.resolved.setPolicy(undefined, this.overrides.list);
    this.backend.start();
    this.policies.start();
    this.population.start();
    this.resolved.start();
    this.#ticks = this.platform.timers.every(TICK, () => this.verdicts.tick());
    this.#bridge = new Bridge(this.platform, this.config, this.log, () => this.#look(), () => this.changes?.holdsBridge ?? false, () => this.population.stationPorts);
  }

  /** Other ports, subnets or routers. Resolves when the flows of it are in force; with false when there is no switch. */
  async setSite(site: Site): Promise<boolean> {
    Object.assign(this.config, siteOf(site));
    this.resolved.setPrefixes(site.network.prefixes);
    this.#bridge?.look();
    this.#look();
    return await (this.reconciler.settled() ?? true);
  }

  reload(): void {
    this.policies.reload();
  }

  /** Resolves when the backend knows. */
  close(): Promise<void> {
    const told = this.backend.close();
    this.#ticks?.cancel();
    this.policies.close();
    this.population.close();
    this.resolved.close();
    this.dispatcher.close();
    this.reconciler.close();
    this.switch.close();
    this.#bridge?.close();
    this.state.flush();
    return told;
  }

  devices(): DeviceResult[] {
    const { devices } = this.population.table;
    const announced = this.announced.namesOf(devices);
    return devices.map((device) => deviceResult(this, device, announced.get(device.mac)));
  }

  status(): StatusResult {
    return statusOf(this);
  }

  explain(params: ExplainParams): ExplainResult {
    return explain(this.known(), params);
  }

  policy(): PolicyShowResult {
    return { source: this.policies.status.source, policy: this.policies.policy ?? null, overrides: [...this.overrides.records] };
  }

  changesMade(): ChangesResult {
    return this.changes?.report() ?? { supported: false, phase: "rest", history: [], problems: [] };
  }

  reach(device: string): ReachResult {
    return reach(this.known(), device);
  }

  async decide(override: Override): Promise<OverrideRecord> {
    return this.#operator.decide(override);
  }

  undo(id?: number): Promise<OverrideRecord> {
    return this.#operator.undo(id);
  }

  enroll(token: string): Promise<EnrollResult> {
    return this.backend.enroll(token);
  }

  unenroll(): Promise<UnenrollResult> {
    return this.backend.unenroll();
  }

  known(): Known {
    const { gateways, prefixes, resolvers } = this.config.network;
    const { policy, lines } = this.policies;
    return { policy, lines, overrides: this.overrides.list, devices: this.population.table.devices, gateways, prefixes, resolvers, namesOf: (address) => this.resolved.namesOf(address) };
  }

  #changeOverrides(): Promise<boolean> {
    const overrides = this.overrides.list;
    this.#namesOfPolicy();
    this.#changed();
    return this.#edit({ overrides, ...this.verdicts.clear() });
  }

  /** The names and devices that policy and overrides speak of. */
  #namesOfPolicy(): void {
    const { policy } = this.policies;
    const overrides = this.overrides.list;
    this.resolved.setPolicy(policy, overrides);
    this.population.table.setNamed(macsIn(policy, overrides));
  }

  #put(policy: Policy | undefined): Promise<boolean> {
    this.#namesOfPolicy();
    return this.#edit({ policy: policy ?? DENY_EVERYTHING, ...this.verdicts.clear() });
  }

  /** The backend may have to be told. */
  #changed(): void {
    this.backend.changed("reported");
    this.backend.changed("devices");
  }

  #edit(edit: Edit): Promise<boolean> {
    return this.reconciler.edit(edit);
  }

  #inputs(): ModelInput | undefined {
    if (!this.#topology || !this.policies.known) return undefined;
    this.policies.compared();
    return {
      policy: this.policies.policy ?? DENY_EVERYTHING, topology: this.#topology, devices: this.population.table.devices,
      names: this.resolved.table.bindings, overrides: this.overrides.list, verdicts: this.verdicts.cache.list,
    };
  }

  async #recall(): Promise<void> {
    if (this.#topology) this.population.recalled(await recallDevices(this.switch, this.#topology));
  }

  /** Ports came, went or got other numbers, or the switch can do other things: a new topology is compared as a whole. */
  #look(): void {
    const topology = topologyOf(this.config, this.#bridge?.state ?? { connected: false, ports: [] }, this.switch.abilities);
    if (!topology || JSON.stringify(topology) === JSON.stringify(this.#topology)) return;
    this.#topology = topology;
    this.log.info("ports", Object.fromEntries(topology.ports.map((port) => [port.name, `${port.role}:${port.number}`])));
    tellVirtualMac(topology, this.log);
    this.population.setTopology(topology);
    this.backend.changed("reported");
    this.backend.probe();
    if (this.switch.ready) this.reconciler.synchronise();
  }

  #forget({ device, address }: { device?: number; address?: string }): void {
    if (device !== undefined) {
      this.resolved.streams.forgetDevice(device);
      this.verdicts.forgetDevice(device);
    }
    if (address !== undefined) this.verdicts.forgetAddress(address);
  }

  #switchReady(): void {
    this.log.info("switch connected", { openflow: this.switch.version, software: this.switch.abilities?.description.software });
    this.#look();
    this.reconciler.synchronise();
  }

  #switchLost(reason: string): void {
    if (this.reconciler.state !== "down") this.log.warn("switch lost", { reason });
    else if (this.switch.failures === TOLD_FAILURES) this.log.warn("switch cannot be reached; trying on", { path: this.config.openflow, reason });
    this.reconciler.lost();
    this.dispatcher.clear();
    this.backend.changed("reported");
  }

  #synchronised({ added, modified, deleted, same, meters }: Applied, took: Millis): void {
    const changed = added + modified + deleted;
    this.lastSync = { changed, milliseconds: Math.round(took), at: new Date(this.platform.time.date()).toISOString() };
    this.policies.synchronised();
    this.backend.changed("reported");
    this.log.info("switch ready", { openflow: this.switch.version, flows: added + modified + same, changed, meters, took: `${Math.round(took)}ms` });
    this.platform.processes.trimMemory();
  }
}
