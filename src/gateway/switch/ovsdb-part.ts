// SPDX-License-Identifier: Apache-2.0
/*
 * OVSDB as a part of a transaction. Keys:
 *
 *   bridge NAME         { fail_mode: "secure", datapath_type: "netdev" }, or null for no such bridge
 *   port BRIDGE NAME    { type: "" }: a port with one interface of its name, or null for none
 *
 * What is put together is one transaction of the database, answered when it is on disk.
 */
import type { OvsdbClient, Row, Transaction } from "node-openvswitch/ovsdb";
import type { Items, Part, Value } from "../../apply/index.ts";

type Found = { named: string } | string;
interface Database { root: Row | undefined; bridges: Map<string, Row>; ports: Map<string, Row>; interfaces: Map<string, Row> }
type Key = { bridge: string; port?: string };

const DEADLINE = 10_000;
const where = (row: Row) => [["_uuid", "==", String(row["_uuid"])]] as const;

export class OvsdbPart implements Part {
  constructor(private readonly client: Pick<OvsdbClient, "transaction" | "transact">) {}

  /** A port of a bridge that does not exist is left out. */
  async read(keys: readonly string[]): Promise<Items> {
    const database = await this.#load();
    const found = keys.map((key): [string, Value | undefined] => [key, valueOf(database, parse(key))]);
    return Object.fromEntries(found.filter((each): each is [string, Value] => each[1] !== undefined));
  }

  async put(items: Items): Promise<void> {
    const database = await this.#load();
    const transaction = await this.client.transaction();
    const made = new Map<string, Found>();
    // Bridges first: ports of a new one refer to it.
    const edits = Object.entries(items).map(([key, item]) => ({ key: parse(key), item, text: key })).sort((a, b) => Number(a.key.port !== undefined) - Number(b.key.port !== undefined));
    for (const { key, item, text } of edits) {
      if (same(valueOf(database, key), item)) continue;
      if (key.port === undefined) putBridge(transaction, database, key.bridge, item, made, text);
      else putPort(transaction, database, key as Required<Key>, item, made, text);
    }
    if (transaction.operations.length === 0) return;
    transaction.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1]]).durable();
    await this.client.transact(transaction, { timeout: DEADLINE });
  }

  async sync(): Promise<void> {} // each transaction is answered when it is on disk

  async #load(): Promise<Database> {
    const transaction = await this.client.transaction();
    transaction.select("Open_vSwitch", [], ["_uuid", "bridges"]).select("Bridge", [], ["_uuid", "name", "ports", "fail_mode", "datapath_type"])
      .select("Port", [], ["_uuid", "name", "interfaces"]).select("Interface", [], ["_uuid", "name", "type"]);
    const results = await this.client.transact(transaction, { timeout: DEADLINE });
    const [roots = [], bridges = [], ports = [], interfaces = []] = [0, 1, 2, 3].map((index) => transaction.rows(index, results));
    const by = (rows: Row[], column: string): Map<string, Row> => new Map(rows.map((row) => [String(row[column]), row]));
    return { root: roots[0], bridges: by(bridges, "name"), ports: by(ports, "_uuid"), interfaces: by(interfaces, "_uuid") };
  }
}

/** Throws RangeError for what is no key. */
function parse(key: string): Key {
  const [, kind, bridge, port] = /^(bridge|port) ([^ /]{1,15})(?: ([^ /]{1,15}))?$/.exec(key) ?? [];
  if (bridge === undefined || (kind === "port") !== (port !== undefined)) throw new RangeError(`${key}: expected "bridge NAME" or "port BRIDGE NAME"`);
  return { bridge, ...(port === undefined ? {} : { port }) };
}

function valueOf(database: Database, { bridge, port }: Key): Value | undefined {
  const row = database.bridges.get(bridge);
  if (port === undefined) return row ? { fail_mode: list(row["fail_mode"])[0] ?? "", datapath_type: String(row["datapath_type"]) } : null;
  if (!row) return undefined;
  const found = portOf(database, row, port);
  return found ? { type: String(database.interfaces.get(list(found["interfaces"])[0] ?? "")?.["type"] ?? "") } : null;
}

function portOf({ ports }: Database, bridge: Row, name: string): Row | undefined {
  return list(bridge["ports"]).map((uuid) => ports.get(uuid)).find((port) => port?.["name"] === name);
}

function putBridge(transaction: Transaction, { root, bridges }: Database, name: string, item: Value, made: Map<string, Found>, key: string): void {
  const row = bridges.get(name);
  if (item === null) {
    if (row) transaction.mutate("Open_vSwitch", [], [["bridges", "delete", [String(row["_uuid"])]]]);
    return;
  }
  const { fail_mode, datapath_type } = fieldsOf(item, key, ["fail_mode", "datapath_type"]);
  const columns = { fail_mode: fail_mode === "" ? [] : fail_mode!, datapath_type: datapath_type! };
  if (row) return void transaction.update("Bridge", where(row), columns);
  if (!root) throw new RangeError(`${key}: the database is not initialised`);
  const own = insertPort(transaction, name, "internal");
  const bridge = transaction.insert("Bridge", { name, ports: [own], ...columns });
  made.set(name, bridge);
  transaction.mutate("Open_vSwitch", [], [["bridges", "insert", [bridge]]]);
}

function putPort(transaction: Transaction, database: Database, { bridge, port }: Required<Key>, item: Value, made: Map<string, Found>, key: string): void {
  const row = database.bridges.get(bridge);
  const old = row && portOf(database, row, port);
  if (item === null) {
    if (row && old) transaction.mutate("Bridge", where(row), [["ports", "delete", [String(old["_uuid"])]]]);
    return;
  }
  const { type } = fieldsOf(item, key, ["type"]);
  if (old) return void transaction.update("Interface", [["_uuid", "==", list(old["interfaces"])[0]!]], { type: type! });
  if (!row && !made.has(bridge)) return; // no place for it: who put it sees that it is not there
  const added = insertPort(transaction, port, type!);
  transaction.mutate("Bridge", row ? where(row) : [["name", "==", bridge]], [["ports", "insert", [added]]]);
}

function insertPort(transaction: Transaction, name: string, type: string): { named: string } {
  return transaction.insert("Port", { name, interfaces: [transaction.insert("Interface", { name, type })] });
}

function fieldsOf(item: Value, key: string, names: readonly string[]): Record<string, string> {
  const fields = item as Record<string, Value>;
  for (const name of names) if (typeof item !== "object" || typeof fields[name] !== "string") throw new RangeError(`${key}: expected text as ${name}`);
  return fields as Record<string, string>;
}

function same(found: Value | undefined, item: Value): boolean {
  return JSON.stringify(found) === JSON.stringify(item);
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value as string[] : value === undefined ? [] : [String(value)];
}
