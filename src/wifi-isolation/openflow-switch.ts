// SPDX-License-Identifier: Apache-2.0
// A real bridge as `Switch`, over an OpenFlow connection.
import type { Flow, Message, MeterConfig, OpenflowClient } from "node-openvswitch/openflow";
import type { FlowChange } from "./flow-diff.ts";
import type { Meter, MeterChange } from "./meters.ts";
import type { Switch } from "./switch.ts";

const ALL_TABLES = 0xff;
const ALL_METERS = 0xffffffff;
/** OFPMF_PKTPS and OFPMF_BURST. */
const FLAGS = 2 | 4;

export class OpenflowSwitch implements Switch {
  constructor(readonly client: Pick<OpenflowClient, "stream" | "collect" | "bundle" | "apply">) {}

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
