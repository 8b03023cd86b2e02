// SPDX-License-Identifier: Apache-2.0
// What the OpenFlow client must do with a real switch, on any engine. The caller starts it: a bridge with dummy ports p1 and p2 (numbers 1 and 2),
// table 9 limited to 5 flows.
import * as assert from "uvu/assert";
import type { Platform } from "quickjs-ts";
import { connect, encodeFlowMod, type FlowMod, OpenflowClient, OpenflowError, type OpenflowOptions, type Version } from "node-openvswitch/openflow";
import { refusal, type Check } from "./ovsdb.ts";

const versions: readonly Version[] = [4, 5, 6];
const dropAll: FlowMod = { type: "flow-mod", command: "delete", flow: { table: 255, priority: 0, match: {}, cookie: 0n, instructions: [] } };
/** OFPBIC_BAD_TABLE_ID: a goto must lead forward. */
const backward: FlowMod = { type: "flow-mod", command: "add", flow: { table: 3, priority: 1, match: {}, cookie: 0xbadn, instructions: [{ type: "goto", table: 2 }] } };

export function flowMod(table: number, index: number): FlowMod {
  const match = { in_port: 1, eth_type: 0x0800, ip_dst: 0x0a000000 + index };
  return { type: "flow-mod", command: "add", flow: { table, priority: 100, match, cookie: BigInt(index), instructions: [{ type: "apply", actions: [{ type: "output", port: 2 }] }] } };
}

/** An iterable that starts over: nothing of it is kept. */
export function flowMods(table: number, count: number): Iterable<FlowMod> {
  return { *[Symbol.iterator]() { for (let i = 0; i < count; i++) yield flowMod(table, i); } };
}

export function openBridge(platform: Platform, socket: string, more: Partial<OpenflowOptions> = {}): OpenflowClient {
  return connect(platform, { address: { unix: socket }, timeout: 5000, ...more });
}

export async function countFlows(client: OpenflowClient, table = 255): Promise<number> {
  let count = 0;
  await client.stream({ type: "multipart-request", kind: "flow", table, match: {} }, (part) => void (part.kind === "flow" && (count += part.flows.length)));
  return count;
}

function each(name: string, check: (client: OpenflowClient, unasked: string[]) => Promise<void>): Record<string, Check> {
  return Object.fromEntries(versions.map((version) => [`${name} (wire version ${version})`, async (platform: Platform, socket: string) => {
    const unasked: string[] = [];
    const client = openBridge(platform, socket, { versions: [version], handlers: { error: (error) => unasked.push(error.message) } });
    try {
      await client.whenReady();
      await client.apply([dropAll]);
      await check(client, unasked);
    } finally {
      client.close();
    }
  }]));
}

export const openflowChecks: Record<string, Check> = {
  ...each("10,000 flow-mods in one bundle, and read back in parts", async (client) => {
    assert.is(await client.bundle(flowMods(1, 10_000)), 10_000);
    assert.is(await countFlows(client, 1), 10_000);
    await client.apply([dropAll]);
    assert.is(await countFlows(client), 0);
  }),

  ...each("a message refused while it is added to a bundle is named, and nothing takes effect", async (client, unasked) => {
    const messages = [flowMod(1, 0), flowMod(1, 1), backward, flowMod(1, 2)];
    const error = (await refusal(client.bundle(messages))) as OpenflowError;
    assert.equal([error.kind, error.index, error.refused], ["OFPBIC_BAD_TABLE_ID", 2, backward]);
    assert.is(await countFlows(client), 0);
    assert.equal(unasked, []);
    assert.is(await client.bundle([flowMod(1, 0)]), 1, "the next bundle is not disturbed");
  }),

  ...each("a full table refuses the bundle by its flow; what the caller offers instead is tried once", async (client) => {
    const error = (await refusal(client.bundle(flowMods(9, 7)))) as OpenflowError;
    assert.equal([error.tableFull, error.index, (error.refused as FlowMod).flow.cookie], [true, 5, 5n]);
    assert.is(await countFlows(client), 0);
    let asked = 0;
    const onTableFull = () => (asked++, flowMods(9, 4));
    assert.is(await client.bundle(flowMods(9, 7), { onTableFull }), 4);
    assert.is(await countFlows(client, 9), 4);
    const again = (await refusal(client.bundle(flowMods(9, 7), { onTableFull: () => (asked++, flowMods(9, 8)) }))) as OpenflowError;
    assert.equal([again.tableFull, asked], [true, 2]);
    assert.is(await countFlows(client, 9), 4);
  }),

  ...each("errors of single messages name them", async (client, unasked) => {
    const error = (await refusal(client.apply([flowMod(1, 0), backward, flowMod(1, 1)]))) as OpenflowError;
    assert.equal([error.kind, error.refused], ["OFPBIC_BAD_TABLE_ID", backward]);
    assert.is(await countFlows(client), 2);
    client.send(backward);
    await client.barrier();
    assert.equal(unasked, ["flow-mod add table=3 priority=1 cookie=0xbad: OFPBIC_BAD_TABLE_ID"]);
    const request = (await refusal(client.request({ type: "multipart-request", kind: "queue", port: 77, queue: 5 }))) as OpenflowError;
    assert.is(request.kind, "OFPQOFC_BAD_PORT");
  }),

  ...each("errors are tied to their message over thousands of sends", async (client, unasked) => {
    for (let i = 0; i < 2000; i++) client.send(i === 1234 ? { ...backward, flow: { ...backward.flow, cookie: 1234n } } : flowMod(1, i));
    await client.barrier();
    assert.equal(unasked, ["flow-mod add table=3 priority=1 cookie=0x4d2: OFPBIC_BAD_TABLE_ID"]);
    assert.is(await countFlows(client), 1999);
  }),

  ...each("encoded messages are sent as they are", async (client) => {
    const bytes = encodeFlowMod("add", flowMod(1, 5).flow, { version: client.version, xid: 0 });
    const copy = bytes.slice();
    await client.apply([bytes]);
    assert.is(await client.bundle([bytes, flowMod(1, 6)]), 2);
    assert.equal(bytes, copy);
    assert.is(await countFlows(client), 2);
  }),

  "the highest common version is agreed": async (platform, socket) => {
    const client = openBridge(platform, socket, { versions: [4, 5] });
    await client.whenReady();
    assert.is(client.version, 5);
    assert.is(client.features.tables, 254);
    client.close();
  },
};
