// SPDX-License-Identifier: Apache-2.0
// A real bridge as `Switch`, over an OpenFlow connection.
import type { CtTuple, Flow, Message, MeterConfig, OpenflowClient } from "node-openvswitch/openflow";
import { parseAddress } from "./bytes.ts";
import type { ConnectionTuple } from "./closed.ts";
import type { FlowChange } from "./flow-diff.ts";
import type { Meter, MeterChange } from "./meters.ts";
import { ZONE } from "./pipeline.ts";
import type { Switch } from "./switch.ts";

const TCP = 6;
const UDP = 17;
const ALL_TABLES = 0xff;
const ALL_METERS = 0xffffffff;
/** OFPMF_PKTPS and OFPMF_BURST. */
const FLAGS = 2 | 4;

export class OpenflowSwitch implements Switch {
  /** `canForget`: whether the switch as it is now has NXT_CT_FLUSH (Open vSwitch 3.1). */
  constructor(readonly client: Pick<OpenflowClient, "stream" | "collect" | "bundle" | "apply" | "send">, readonly canForget: () => boolean = () => false) {}

  flows(each: (flow: Flow) => void): Promise<void> {
    return this.client.stream({ type: "multipart-request", kind: "flow", table: ALL_TABLES, match: {} }, (part) => {
      if (part.kind === "flow") for (const flow of part.flows) each(flow);
    });
  }

  async meters(): Promise<Meter[]> {
    const parts = await this.client.collect({ type: "multipart-request", kind: "meter-config", meter: ALL_METERS });
    return parts.flatMap((part) => (part.kind === "meter-config" ? part.meters.map(toMeter) : []));
  }

  async bundle(changes: Iterable<FlowChange>): Promise<void> {
    await this.client.bundle({ [Symbol.iterator]: () => messages(changes) });
  }

  changeMeters(changes: readonly MeterChange[]): Promise<void> {
    return this.client.apply(changes.map(({ command, meter: { id, rate, burst } }) => ({ type: "meter-mod", command, meter: id, flags: FLAGS, bands: command === "delete" ? [] : [{ type: "drop", rate, burst }] })));
  }

  forget(tuples: readonly ConnectionTuple[]): boolean {
    if (!this.canForget()) return false;
    for (const { protocol, ...original } of tuples) {
      for (const flushed of flushable(protocol)) this.client.send({ type: "nx-ct-flush", protocol: flushed, zone: ZONE, original: ctTuple(original) });
    }
    return true;
  }
}

/**
 * TCP and UDP only: a flush that comes upon an ICMPv6 connection aborts ovs-vswitchd 3.1.0 (conntrack_flush_tuple takes its type for ICMP's). Entries of
 * echo requests end by themselves within a minute.
 */
function flushable(protocol: number): readonly number[] {
  return protocol === 0 ? [TCP, UDP] : [TCP, UDP].filter((known) => known === protocol);
}

function ctTuple({ source, destination, destinationPort }: Omit<ConnectionTuple, "protocol">): CtTuple {
  return {
    ...(source === undefined ? {} : { source: addressBytes(source) }), ...(destination === undefined ? {} : { destination: addressBytes(destination) }),
    ...(destinationPort === undefined ? {} : { destinationPort }),
  };
}

function addressBytes(ip: string): Uint8Array {
  const { value } = parseAddress(ip);
  return typeof value === "number" ? Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value) : value;
}

function* messages(changes: Iterable<FlowChange>): Generator<Message> {
  for (const { command, flow } of changes) yield { type: "flow-mod", command: command === "delete" ? "delete-strict" : "add", flow };
}

/** What is no meter of ours has a rate that no meter of ours has, so that it is changed or removed. */
function toMeter({ meter, flags, bands }: MeterConfig): Meter {
  const [band] = bands;
  const ours = (flags & 7) === FLAGS && bands.length === 1 && band?.type === "drop";
  return { id: meter, rate: ours ? band.rate : -1, burst: ours ? band.burst : -1 };
}
