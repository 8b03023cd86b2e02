// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 as uhttpd's ubus module answers it (its ubus.c): "call" with the session asked first, "list", batches.
import { decodeTable, encodeTable, formatJson, MessageType, StatusError, type Table, type UbusClient } from "ubus-ts";

const ERRORS = { parse: [-32700, "Parse error"], request: [-32600, "Invalid request"], method: [-32601, "Method not found"], params: [-32602, "Invalid parameters"], internal: [-32603, "Internal error"], object: [-32000, "Object not found"], access: [-32002, "Access denied"] } as const;
type Fault = keyof typeof ERRORS;

class Refused extends Error {
  constructor(readonly fault: Fault) { super(fault); }
}

/** The text of the answer to a request or a batch of them. */
export async function answerJsonRpc(bus: UbusClient, text: string): Promise<string> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return formatJson(failure("parse", null));
  }
  return formatJson(Array.isArray(request) ? await Promise.all(request.map((each) => answerOne(bus, each))) : await answerOne(bus, request));
}

const failure = (fault: Fault, id: string | number | null): Table => ({ jsonrpc: "2.0", id, error: { code: ERRORS[fault][0], message: ERRORS[fault][1] } });

async function answerOne(bus: UbusClient, request: unknown): Promise<Table> {
  const { jsonrpc, id = null, method, params } = (request ?? {}) as { jsonrpc?: string; id?: string | number; method?: string; params?: unknown };
  if (jsonrpc !== "2.0") return failure("request", id);
  try {
    return { jsonrpc: "2.0", id, result: method === "call" ? await call(bus, params) : method === "list" ? await list(bus, params) : refuse("method") };
  } catch (error) {
    return failure(error instanceof Refused ? error.fault : "internal", id);
  }
}

function refuse(fault: Fault): never {
  throw new Refused(fault);
}

/** uhttpd's script_timeout. */
const DEADLINE = 60_000;

/** [status], or [status, answer] when the object sent one, whatever the status. */
async function call(bus: UbusClient, params: unknown): Promise<(number | Table)[]> {
  const [session, object, name, args] = Array.isArray(params) ? (params as [string, string, string, Table]) : refuse("params");
  if (typeof session !== "string" || typeof object !== "string" || typeof name !== "string" || typeof args !== "object") refuse("params");
  const id = (await bus.list(object))[0]?.id ?? refuse("object");
  const { access } = await bus.call("session", "access", { ubus_rpc_session: session, object, function: name }).catch(() => refuse("access"));
  if (access !== true || "ubus_rpc_session" in args) refuse(access === true ? "params" : "access");
  const parts: Table[] = [];
  const status = await invoke(bus, id, name, { ...args, ubus_rpc_session: session }, parts);
  return parts.length > 0 ? [status, Object.assign({}, ...parts) as Table] : [status];
}

/** UbusClient.call leaves out what came beside a status that is an error. */
async function invoke(bus: UbusClient, objectId: number, name: string, args: Table, parts: Table[]): Promise<number> {
  try {
    await bus.link.ask({ type: MessageType.invoke, peer: objectId, objectId, method: name, data: encodeTable(args) }, name, DEADLINE, ({ data }) => void (data && parts.push(decodeTable(data))));
    return 0;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return error.code;
  }
}

async function list(bus: UbusClient, params: unknown): Promise<Table> {
  const patterns = Array.isArray(params) ? params.map(String) : [];
  const found = await Promise.all((patterns.length > 0 ? patterns : ["*"]).map((pattern) => bus.list(pattern)));
  return Object.fromEntries(found.flat().map(({ path, signature }) => [path, signature as unknown as Table]));
}
