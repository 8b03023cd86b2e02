// SPDX-License-Identifier: Apache-2.0
// What a switch can do, found by asking: a version string says nothing of what a vendor patched in or left out.
import type { OpenflowClient } from "./client.ts";
import type { Message, MultipartRequest, SwitchDescription } from "./messages.ts";
import { OpenflowError } from "./session-errors.ts";
import type { Action, Flow } from "./types.ts";

export interface SwitchAbilities {
  description: SwitchDescription;
  tables: number;
  /** NXT_CT_FLUSH: a single connection can be flushed (Open vSwitch 3.1 and later). */
  ctFlush: boolean;
  /** NXT_CT_FLUSH_ZONE: all connections of a zone. */
  ctFlushZone: boolean;
  bundles: boolean;
  /** Flags and option types of neighbour discovery can be written, which makes an advertisement of a solicitation: the userspace datapath can, the kernel's not. */
  ndRewrite: boolean;
  /** Flow monitor in the agreed wire version (over 1.3 it is ONF's extension, which 2.15 lacks). */
  flowMonitor: boolean;
  /** 0: none. */
  maxMeter: number;
}

/** An unused zone: flushing it harms nobody. Open vSwitch has 65,536; the last one is left alone by everyone we know. */
const emptyZone = 0xffff;
const unusedBundle = 0xfffe0000;
/** No packet comes to it: the last one but the switch's own, and reached only by those who name it. */
const unusedTable = 253;

/** Asks each thing once; nothing on the switch changes. Rejects only when the connection fails or a deadline passes. */
export async function probe(client: OpenflowClient): Promise<SwitchAbilities> {
  const [description] = await client.collect({ type: "multipart-request", kind: "desc" });
  if (description?.kind !== "desc") throw new TypeError(`desc: got ${description?.kind}`);
  const { manufacturer, hardware, software, serial, datapath } = description;
  return {
    description: { manufacturer, hardware, software, serial, datapath },
    tables: client.features.tables,
    // A filter for an address (192.0.2.1, RFC 5737) in the empty zone matches no connection.
    ctFlush: await accepts(client, { type: "nx-ct-flush", protocol: 17, zone: emptyZone, original: { source: Uint8Array.of(192, 0, 2, 1), sourcePort: 9 } }),
    ctFlushZone: await accepts(client, { type: "nx-ct-flush-zone", value: emptyZone }),
    bundles: await hasBundles(client),
    ndRewrite: await hasNdRewrite(client),
    flowMonitor: await hasFlowMonitor(client),
    maxMeter: await maxMeter(client),
  };
}

async function accepts(client: OpenflowClient, message: Message): Promise<boolean> {
  return answered(client.apply([message]));
}

async function hasBundles(client: OpenflowClient): Promise<boolean> {
  const control = (what: "open-request" | "discard-request"): Promise<Message> => client.request({ type: "bundle-control", bundle: unusedBundle, control: what, flags: 2 });
  if (!(await answered(control("open-request")))) return false;
  await control("discard-request");
  return true;
}

/** A datapath's limits show when a flow is put in force, not before; this one goes at once, or after a second should the connection break. */
async function hasNdRewrite(client: OpenflowClient): Promise<boolean> {
  const set: Action = { type: "set-field", field: "nd_reserved", value: 0 };
  const flow: Flow = { table: unusedTable, priority: 0, cookie: 0n, match: { eth_type: 0x86dd, nw_proto: 58, icmpv6_type: 136 }, instructions: [{ type: "apply", actions: [set] }], hardTimeout: 1 };
  const accepted = await accepts(client, { type: "flow-mod", command: "add", flow });
  await accepts(client, { type: "flow-mod", command: "delete-strict", flow });
  return accepted;
}

/** A monitor without initial flows on a table without any, and its end. */
async function hasFlowMonitor(client: OpenflowClient): Promise<boolean> {
  const monitor = 0x7fffffff;
  const watch = (command: "add" | "delete"): MultipartRequest => ({ type: "multipart-request", kind: "flow-monitor", monitors: [{ monitor, flags: 2, table: 253, match: {}, command }] });
  if (!(await answered(client.collect(watch("add"))))) return false;
  await answered(client.version === 4 ? client.apply([{ type: "flow-monitor-cancel", monitor }]) : client.collect(watch("delete")));
  return true;
}

async function maxMeter(client: OpenflowClient): Promise<number> {
  try {
    const [features] = await client.collect({ type: "multipart-request", kind: "meter-features" });
    return features?.kind === "meter-features" ? features.maxMeter : 0;
  } catch (error) {
    if (error instanceof OpenflowError) return 0;
    throw error;
  }
}

/** False: the switch refused it. */
async function answered(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof OpenflowError) return false;
    throw error;
  }
}
