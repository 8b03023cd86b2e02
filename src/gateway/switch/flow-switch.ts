// SPDX-License-Identifier: Apache-2.0
// One bridge over OpenFlow as wifi-isolation needs it (its `Switch`), and what the bridge tells on its own.
import { connect, type FlowRemoved, type Message, type NxPacketIn2, type OpenflowClient, type Outgoing } from "node-openvswitch/openflow";
import { probe, type SwitchAbilities } from "node-openvswitch/openflow";
import type { Ports } from "node-openvswitch/ovsdb";
import type { Flow, FlowMod, MeterConfig, MultipartReply } from "node-openvswitch/openflow";
import type { FlowChange, Meter, MeterChange, Switch } from "../../wifi-isolation/index.ts";

export interface SwitchHandlers {
  /** Connected, abilities known: synchronise. Also after every reconnect. */
  ready(): void;
  lost(reason: string): void;
  /** A packet that waits (controller with pause). The arrays inside are views: copy what is to stay. */
  held(packet: NxPacketIn2): void;
  flowRemoved(flow: FlowRemoved): void;
  /** A message that was sent without waiting for it was refused. */
  refused(reason: string): void;
}

/** OFPM_ALL, OpenFlow 1.3 §A.3.4.4. */
const ALL_METERS = 0xffffffff;
const ALL_TABLES = 0xff;
/** OFPMF_PKTPS and OFPMF_BURST. */
const PACKETS_WITH_BURST = 6;

export class FlowSwitch implements Switch {
  ready = false;
  abilities: SwitchAbilities | undefined;
  readonly #client: OpenflowClient;
  readonly #handlers: SwitchHandlers;

  constructor(ports: Ports, path: string, handlers: SwitchHandlers) {
    this.#handlers = handlers;
    this.#client = connect(ports, {
      address: { unix: path },
      packetIns: true,
      reconnect: { minimum: 100, maximum: 1000 },
      handlers: {
        ready: () => this.#connected(),
        lost: (reason) => this.#lost(reason),
        packetIn: (packet) => packet.type === "nx-packet-in2" && handlers.held(packet),
        flowRemoved: (flow) => handlers.flowRemoved(flow),
        error: (error) => handlers.refused(error.message),
      },
    });
  }

  /** Agreed OpenFlow version, "1.4"; undefined while not connected. */
  get version(): string | undefined {
    return this.#client.ready ? `1.${this.#client.version - 1}` : undefined;
  }

  close(): void {
    this.#client.close();
  }

  async flows(each: (flow: Flow) => void): Promise<void> {
    await this.#client.stream({ type: "multipart-request", kind: "flow", table: ALL_TABLES, match: {} }, (part: MultipartReply) => {
      if (part.kind === "flow") part.flows.forEach(each);
    });
  }

  async meters(): Promise<Meter[]> {
    const parts = await this.#client.collect({ type: "multipart-request", kind: "meter-config", meter: ALL_METERS });
    return parts.flatMap((part) => part.kind === "meter-config" ? part.meters.map(decodeMeter) : []);
  }

  async bundle(changes: Iterable<FlowChange>): Promise<void> {
    await this.#client.bundle({ [Symbol.iterator]: () => flowMods(changes) });
  }

  async changeMeters(changes: readonly MeterChange[]): Promise<void> {
    await this.#client.apply(changes.map(({ command, meter }) => ({
      type: "meter-mod", command, meter: meter.id, flags: PACKETS_WITH_BURST, bands: [{ type: "drop", rate: meter.rate, burst: meter.burst }],
    })));
  }

  /** Sends without waiting; refusals come by `refused`. False: not connected, and nothing was sent. */
  send(message: Outgoing): boolean {
    if (!this.#client.ready) return false;
    try {
      this.#client.send(message);
      return true;
    } catch (error) {
      this.#handlers.refused((error as Error).message);
      return false;
    }
  }

  /** Messages of which a single one may be refused without harm (connection flushes); resolves after a barrier. */
  async try(messages: readonly Message[]): Promise<void> {
    await this.#client.apply(messages);
  }

  #connected(): void {
    const { generation } = this.#client;
    probe(this.#client).then((abilities) => {
      if (generation !== this.#client.generation) return;
      this.abilities = abilities;
      this.ready = true;
      this.#handlers.ready();
    }, (error: Error) => this.#handlers.refused(`probe: ${error.message}`));
  }

  #lost(reason: string): void {
    this.ready = false;
    this.#handlers.lost(reason);
  }
}

function* flowMods(changes: Iterable<FlowChange>): Generator<FlowMod> {
  for (const { command, flow } of changes) yield { type: "flow-mod", command: command === "delete" ? "delete-strict" : "add", flow };
}

/** A meter of another shape than ours compares as different and is replaced. */
function decodeMeter({ meter, flags, bands }: MeterConfig): Meter {
  const [band] = bands;
  const ours = band?.type === "drop" && bands.length === 1 && (flags & PACKETS_WITH_BURST) === PACKETS_WITH_BURST;
  return ours ? { id: meter, rate: band.rate, burst: band.burst } : { id: meter, rate: 0, burst: 0 };
}
