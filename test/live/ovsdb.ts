// SPDX-License-Identifier: Apache-2.0
// What the OVSDB client must do with a real server, on any engine: the server is started, and stopped, by the caller.
import * as assert from "uvu/assert";
import type { Platform } from "quickjs-ts";
import { OperationError, OvsdbClient, requests, RpcError, type Change, type Operation, type PlainRow } from "node-openvswitch/ovsdb";

export type Check = (platform: Platform, socket: string) => Promise<void>;

/** Bridge "br0" with dummy port "p1" has to be there. */
export const ovsdbChecks: Record<string, Check> = {
  "lists its databases and gives the schema": using(async (client) => {
    assert.ok(((await client.call(requests.listDatabases())) as string[]).includes("Open_vSwitch"));
    const schema = await client.schema();
    assert.is(schema.tables["Bridge"]!.columns["ports"]!.keyTable, "Port");
    assert.equal(schema.tables["Port"]!.columns["vlan_mode"]!.keyEnum!.includes("trunk"), true);
    assert.type(await client.call(requests.getServerId()), "string");
  }),

  "an unknown method and an unknown database are RPC errors": using(async (client) => {
    const unknown = await refusal(client.call({ method: "dance", params: [] }));
    assert.instance(unknown, RpcError);
    assert.is((unknown as RpcError).error, "unknown method");
    const missing = (await refusal(client.call(requests.getSchema("Nowhere")))) as RpcError;
    assert.is(missing.error, "unknown database");
  }),

  "a transaction inserts rows that name each other, a monitor sees it whole and before the reply": using(async (client) => {
    const { replica } = await client.monitor({ Bridge: { columns: ["name", "ports"] }, Port: { columns: ["name", "interfaces", "tag"] }, Interface: { columns: ["name", "type"] } });
    const seen: (readonly Change[])[] = [];
    let before = false, replied = false;
    replica.onChange((changes) => {
      seen.push(changes);
      before ||= !replied;
    });
    const t = await client.transaction();
    const face = t.insert("Interface", { name: "live1", type: "dummy" });
    const port = t.insert("Port", { name: "live1", interfaces: [face], tag: 7 });
    t.mutate("Bridge", [["name", "==", "br0"]], [["ports", "insert", [port]]]);
    const results = await client.transact(t);
    replied = true;
    assert.is(results[2]!.count, 1);
    assert.ok(before, "the update came before the reply");
    assert.equal(seen[0]!.map(({ table }) => table).sort(), ["Bridge", "Interface", "Port"]);
    const row = [...replica.table("Port").values()].find(({ name }) => name === "live1")!;
    assert.is(row["tag"], 7);
    assert.is(replica.table("Interface").get((row["interfaces"] as string[])[0]!)!["type"], "dummy");
    const gone = await client.transaction();
    gone.mutate("Bridge", [["name", "==", "br0"]], [["ports", "delete", [row._uuid]]]);
    await client.transact(gone);
    assert.not.ok(replica.table("Port").has(row._uuid), "nothing refers to it, so it goes");
  }),

  "differences of every kind of column arrive as the server has them": using(async (client) => {
    const { replica } = await client.monitor({ Port: { columns: ["name", "tag", "trunks", "external_ids"] } });
    const row = () => [...replica.table("Port").values()].find(({ name }) => name === "p1")!;
    const write = async (columns: PlainRow) => client.transact((await client.transaction()).update("Port", [["name", "==", "p1"]], columns));
    const steps: PlainRow[] = [{ tag: 5 }, { tag: 6 }, { tag: undefined }, { trunks: [1, 2, 3] }, { trunks: [3, 4] }, { trunks: [] }, { external_ids: { a: "1", b: "2" } }, { external_ids: { b: "3", c: "4" } }, { external_ids: {} }];
    for (const columns of steps) {
      await write(columns);
      const t = (await client.transaction()).select("Port", [["name", "==", "p1"]], ["_uuid", "name", "tag", "trunks", "external_ids"]);
      const [stored] = t.rows(0, await client.transact(t));
      const sorted = (value: unknown): unknown => (Array.isArray(value) ? [...value].sort() : value instanceof Map ? [...(value as Map<string, string>)].sort() : value);
      for (const column of Object.keys(stored!)) assert.equal(sorted(row()[column]), sorted(stored![column]), `${column} after ${Object.keys(columns)[0]}`);
    }
  }),

  "monitor conditions select rows, and can be changed": using(async (client) => {
    const monitor = await client.monitor({ Port: { columns: ["name"], where: [["name", "==", "p1"]] } });
    const names = () => [...monitor.replica.table("Port").values()].map(({ name }) => name);
    assert.equal(names(), ["p1"]);
    await monitor.changeConditions({ Port: [["name", "==", "br0"]] });
    assert.equal(names(), ["br0"]);
    await monitor.cancel();
  }),

  "errors carry the operation that caused them, and nothing took effect": using(async (client) => {
    const failing = async (operations: Operation[]): Promise<OperationError> => (await refusal(client.transact(operations))) as OperationError;
    const comment: Operation = { op: "comment", comment: "x" };
    const range = await failing([comment, { op: "update", table: "Port", where: [["name", "==", "p1"]], row: { tag: 5000 } }]);
    assert.equal([range.kind, range.index, range.operation?.op], ["constraint-violation", 1, "update"]);
    const table = await failing([comment, { op: "select", table: "Prot", where: [] }]);
    assert.equal([table.kind, table.index, table.operation?.op], ["syntax-error", 1, "select"]);
    const commit = await failing([{ op: "delete", table: "Interface", where: [["name", "==", "p1"]] }]);
    assert.equal([commit.kind, commit.operation, commit.index], ["referential-integrity-violation", undefined, 1]);
    const many = await failing([comment, { op: "insert", table: "Open_vSwitch", row: {} }]);
    assert.equal([many.kind, many.operation, many.index], ["constraint-violation", undefined, 2]);
    const wait = await failing([{ op: "wait", table: "Port", where: [["name", "==", "p1"]], columns: ["name"], until: "==", rows: [{ name: "other" }], timeout: 0 }]);
    assert.equal([wait.kind, wait.retry], ["timed-out", true]);
    assert.is((await failing([{ op: "assert", lock: "nobody" }])).kind, "not-owner");
    assert.is((await failing([{ op: "abort" }])).kind, "aborted");
    const twice = await failing([{ op: "insert", table: "Port", row: { name: "x" }, "uuid-name": "u" }, { op: "insert", table: "Port", row: { name: "y" }, "uuid-name": "u" }]);
    assert.is(twice.kind, "duplicate-uuid-name");
  }),

  "64-bit integers survive the way there and back": using(async (client) => {
    const t = (await client.transaction()).update("Interface", [["name", "==", "p1"]], { statistics: { rx_bytes: 9223372036854775807n, tx_bytes: -9007199254740993n, rx_packets: 12 } });
    t.select("Interface", [["name", "==", "p1"]], ["statistics"]);
    const { statistics } = t.rows(1, await client.transact(t))[0]!;
    assert.equal([...(statistics as Map<string, bigint>)].sort(), [["rx_bytes", 9223372036854775807n], ["rx_packets", 12], ["tx_bytes", -9007199254740993n]]);
  }),

  "a lock passes from one client to the next": async (platform, socket) => {
    const one = open(platform, socket), two = open(platform, socket);
    try {
      const held = await one.lock("gate");
      let won: () => void = () => {};
      const turn = new Promise<void>((resolve) => (won = resolve));
      const queued = await two.lock("gate", (owned) => owned && won());
      assert.equal([held.owned, queued.owned], [true, false]);
      assert.is(((await refusal(two.transact([{ op: "assert", lock: "gate" }]))) as OperationError).kind, "not-owner");
      await one.transact([{ op: "assert", lock: "gate" }]);
      await held.release();
      await turn;
      await two.transact([{ op: "assert", lock: "gate" }]);
      const lost = new Promise<boolean>((resolve) => void one.lock("other", (owned) => !owned && resolve(true)));
      await one.call(requests.echo());
      await two.lock("other", () => {}, { steal: true });
      assert.ok(await lost, "stolen");
    } finally {
      one.close();
      two.close();
    }
  },

  "a wait that nobody fulfils ends at our deadline, and the server forgets it": using(async (client) => {
    const waiting: Operation = { op: "wait", table: "Port", where: [["name", "==", "p1"]], columns: ["name"], until: "==", rows: [{ name: "other" }] };
    assert.is((await refusal(client.transact([waiting], { timeout: 100 }))).name, "DeadlineError");
    await client.call(requests.echo());
  }),
};

export function open(platform: Platform, socket: string, more: Partial<ConstructorParameters<typeof OvsdbClient>[1]> = {}): OvsdbClient {
  return new OvsdbClient(platform, { remotes: [{ unix: socket }], timeout: 5000, ...more });
}

function using(check: (client: OvsdbClient) => Promise<void>): Check {
  return async (platform, socket) => {
    const client = open(platform, socket);
    try {
      await check(client);
    } finally {
      client.close();
    }
  };
}

export async function refusal(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error("was not refused");
}
