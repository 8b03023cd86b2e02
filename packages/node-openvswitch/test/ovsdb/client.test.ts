// SPDX-License-Identifier: Apache-2.0
// The client against a scripted server: what a real one does rarely, or no longer.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeJson, type Json, JsonFramer, OperationError, OvsdbClient, type OvsdbOptions, transactionError } from "../../src/ovsdb/index.ts";
import { FakePorts, settle } from "../fake-ports.ts";
import { testSchema } from "./test-schema.ts";

const a = "aaaaaaaa-0000-0000-0000-000000000000", b = "bbbbbbbb-0000-0000-0000-000000000000";
interface Request { method: string; params: Json[]; id: number }
/** What the server answers to a method: a result, an Error for the error member, or undefined for silence. */
type Answers = { [method: string]: (params: Json[], request: Request) => unknown };

class ScriptedServer {
  readonly ports = new FakePorts();
  requests: Request[] = [];
  #framer = new JsonFramer();
  constructor(public answers: Answers) {}

  client(options: Partial<OvsdbOptions> = {}): OvsdbClient {
    return new OvsdbClient(this.ports, { remotes: [{ unix: "/fake" }], database: "Test", ...options });
  }

  /** Accepts the newest connection. */
  async accept(): Promise<void> {
    await this.ports.advance(0);
    this.#framer = new JsonFramer();
    this.ports.peer.accept();
    await this.serve();
  }

  /** Answers until nothing is asked any more. */
  async serve(): Promise<void> {
    for (;;) {
      await settle();
      const chunks = this.ports.peer.take();
      if (chunks.length === 0) return;
      for (const chunk of chunks) this.#framer.push(chunk, (json) => this.#answer(json as unknown as Request));
    }
  }

  say(message: object): void {
    this.ports.peer.send(JSON.stringify(message));
  }

  methods(): string[] {
    return this.requests.map(({ method }) => method);
  }

  #answer(request: Request): void {
    this.requests.push(request);
    const answer = this.answers[request.method];
    const result = answer ? answer(request.params, request) : new Error("unknown method");
    if (result === undefined) return;
    this.say(result instanceof Error ? { id: request.id, result: null, error: { error: result.message } } : { id: request.id, result, error: null });
  }
}

const basics: Answers = { get_schema: () => testSchema, echo: (params) => params };
const initial = { Port: { [a]: { initial: { name: "a" } } } };
const rejection = (promise: Promise<unknown>): Promise<Error> => promise.then(() => { throw new Error("did not reject"); }, (error: Error) => error);

const client = suite("client");

client("falls back from monitor_cond_since to monitor_cond to monitor", async () => {
  const server = new ScriptedServer({ ...basics, monitor: () => ({ Port: { [a]: { new: { name: "a" } } } }) });
  const c = server.client();
  await server.accept();
  const monitor = c.monitor({ Port: { columns: ["name"] } });
  await server.serve();
  assert.equal([...(await monitor).replica.table("Port").keys()], [a]);
  assert.equal(server.methods().slice(-3), ["monitor_cond_since", "monitor_cond", "monitor"]);
  server.say({ method: "update", params: [server.requests.at(-1)!.params[1], { Port: { [a]: { old: { name: "a" }, new: { name: "b" } } } }], id: null });
  assert.is((await monitor).replica.table("Port").get(a)!["name"], "b");
});

client("does not fall back to monitor with conditions it cannot express", async () => {
  const server = new ScriptedServer({ ...basics, monitor: () => ({}) });
  const c = server.client();
  await server.accept();
  const failed = rejection(c.monitor({ Port: { columns: ["name"], where: [["name", "==", "a"]] } }));
  await server.serve();
  assert.match((await failed).message, /no conditions/);
});

client("a doubt is answered by cancelling the monitor and a new one from nothing", async () => {
  const server = new ScriptedServer({ ...basics, monitor_cond_since: () => [false, b, initial], monitor_cancel: () => ({}) });
  const c = server.client();
  await server.accept();
  const waiting = c.monitor({ Port: { columns: ["name"] } });
  await server.serve();
  const { replica } = await waiting;
  const first = server.requests.at(-1)!.params[1];
  server.say({ method: "update3", params: [first, b, { Port: { [b]: { modify: { name: "x" } } } }], id: null });
  assert.not.ok(replica.synchronized);
  await server.serve();
  assert.ok(replica.synchronized);
  assert.equal(server.methods().slice(-2), ["monitor_cancel", "monitor_cond_since"]);
  assert.is(server.requests.at(-1)!.params[3], "00000000-0000-0000-0000-000000000000");
  assert.is.not(server.requests.at(-1)!.params[1], first);
});

client("after a reconnect the monitor is asked for again before the client is ready", async () => {
  const server = new ScriptedServer({ ...basics, monitor_cond_since: () => [false, b, initial] });
  const c = server.client();
  await server.accept();
  const waiting = c.monitor({ Port: { columns: ["name"] } });
  await server.serve();
  const { replica } = await waiting;
  server.ports.peer.hangUp();
  assert.not.ok(c.ready);
  assert.not.ok(replica.synchronized);
  assert.is(replica.table("Port").size, 1, "what was known stays readable");
  server.answers["monitor_cond_since"] = () => [false, b, {}];
  await server.ports.advance(1000);
  await server.accept();
  assert.ok(c.ready);
  assert.is(replica.table("Port").size, 0);
});

client("a call without an answer ends at its deadline, and a waiting transaction is cancelled", async () => {
  const server = new ScriptedServer({ ...basics, transact: () => undefined, cancel: () => undefined });
  const c = server.client({ reconnect: { probe: 0 } });
  await server.accept();
  const failed = rejection(c.transact([{ op: "comment", comment: "x" }], { timeout: 300 }));
  await server.serve();
  await server.ports.advance(299);
  assert.is(server.methods().at(-1), "transact");
  await server.ports.advance(1);
  const error = await failed;
  assert.is(error.name, "DeadlineError");
  await server.serve();
  assert.equal(server.requests.at(-1), { method: "cancel", params: [server.requests.at(-2)!.id], id: null });
  assert.ok(c.ready, "the connection stays");
});

client("a call made while disconnected waits for the connection, up to its deadline and up to a number", async () => {
  const server = new ScriptedServer({ ...basics, transact: () => [{}] });
  const c = server.client({ maxWaiting: 2 });
  const first = c.transact([{ op: "comment", comment: "x" }]);
  const second = rejection(c.transact([{ op: "comment", comment: "y" }], { timeout: 50 }));
  const third = await rejection(c.transact([{ op: "comment", comment: "z" }]));
  assert.is(third.name, "QueueFullError");
  await server.ports.advance(60);
  assert.is((await second).name, "DeadlineError");
  await server.accept();
  assert.equal(await first, [{}]);
});

client("a transaction whose connection is lost is not repeated, and says that it was sent", async () => {
  const server = new ScriptedServer({ ...basics, transact: () => undefined });
  const c = server.client();
  await server.accept();
  const failed = rejection(c.transact([{ op: "comment", comment: "x" }]));
  await server.serve();
  server.ports.peer.hangUp();
  const error = (await failed) as Error & { sent?: boolean };
  assert.is(error.name, "DisconnectedError");
  assert.is(error.sent, true);
  await server.ports.advance(1000);
  await server.accept();
  assert.is(server.methods().filter((method) => method === "transact").length, 1);
});

client("a silent server is probed, then left", async () => {
  const server = new ScriptedServer({ ...basics });
  const reasons: string[] = [];
  const c = server.client({ lost: (reason) => reasons.push(reason) });
  await server.accept();
  await server.ports.advance(5000);
  await server.serve();
  assert.is(server.methods().at(-1), "echo");
  await server.ports.advance(5000);
  await server.serve();
  server.answers["echo"] = () => undefined;
  await server.ports.advance(10_000);
  assert.equal(reasons, ["the peer is silent"]);
  assert.not.ok(c.ready);
});

for (const [name, text] of [["garbage", "hello"], ["an answer to nothing", '{"id":999,"result":1,"error":null}'], ["a message without method or id", "{}"], ["params that are no array", '{"method":"update","params":{},"id":null}'], ["nesting", "{\"a\":".repeat(100)]] as const) {
  client(`${name} from the server: another connection`, async () => {
    const server = new ScriptedServer({ ...basics });
    const c = server.client();
    await server.accept();
    assert.ok(c.ready);
    server.ports.peer.send(text);
    assert.not.ok(c.ready);
    await server.ports.advance(1000);
    await server.accept();
    assert.ok(c.ready);
    assert.is(server.ports.peers.length, 2);
  });
}

client("the server's echo is answered, its other requests are refused", async () => {
  const server = new ScriptedServer({ ...basics });
  server.client();
  await server.accept();
  server.say({ method: "echo", params: ["x", 1], id: "e" });
  server.say({ method: "dance", params: [], id: 5 });
  assert.is(server.ports.peer.text(), '{"result":["x",1],"error":null,"id":"e"}{"result":null,"error":"unknown method","id":5}');
});

client("a server that is not the leader is left for the next remote at once", async () => {
  const row = (leader: boolean) => ({ Database: { [a]: { initial: { name: "Test", model: "clustered", connected: true, leader } } } });
  const server = new ScriptedServer({ ...basics, monitor_cond: ([, id]) => (id === undefined ? undefined : row(false)), monitor_cond_since: () => [false, b, row(false)] });
  const reasons: string[] = [];
  const c = server.client({ remotes: [{ unix: "/one" }, { unix: "/two" }], leaderOnly: true, lost: (reason) => reasons.push(reason) });
  await server.accept();
  assert.equal(reasons, ["Test: the server is not the leader"]);
  server.answers["monitor_cond_since"] = () => [false, b, row(true)];
  await server.accept();
  assert.ok(c.ready);
  assert.equal(server.ports.peer.address, { unix: "/two" });
  const monitor = server.requests.find(({ method, params }) => method === "monitor_cond_since" && params[1] !== 1)!;
  server.say({ method: "update3", params: [monitor.params[1], b, { Database: { [a]: { modify: { leader: false } } } }], id: null });
  assert.not.ok(c.ready, "and left again when it loses the lead");
});

client("a lock is asked for again after a reconnect", async () => {
  const server = new ScriptedServer({ ...basics, lock: () => ({ locked: false }), unlock: () => ({}) });
  const c = server.client();
  await server.accept();
  const states: boolean[] = [];
  const waiting = c.lock("gate", (owned) => states.push(owned));
  await server.serve();
  const lock = await waiting;
  assert.not.ok(lock.owned);
  server.say({ method: "locked", params: ["gate"], id: null });
  server.say({ method: "stolen", params: ["gate"], id: null });
  server.say({ method: "locked", params: ["gate"], id: null });
  server.ports.peer.hangUp();
  server.answers["lock"] = () => ({ locked: true });
  await server.ports.advance(1000);
  await server.accept();
  assert.equal(states, [true, false, true, false, true]);
});

client("closing ends everything and leaves no timer", async () => {
  const server = new ScriptedServer({ ...basics, transact: () => undefined });
  const c = server.client();
  await server.accept();
  const failed = rejection(c.transact([{ op: "comment", comment: "x" }]));
  await server.serve();
  c.close();
  assert.is((await failed).name, "DisconnectedError");
  assert.is((await rejection(c.schema())).name, "DisconnectedError");
  assert.is(server.ports.waiting, 0);
});

const errors = suite("errors");
for (const [error, kind, retry] of [
  ["constraint violation", "constraint-violation", false], ["referential integrity violation", "referential-integrity-violation", false], ["timed out", "timed-out", true],
  ["not owner", "not-owner", true], ["not leader", "not-leader", true], ["syntax error", "syntax-error", false], ["aborted", "aborted", false], ["constructor", "other", false],
] as const) {
  errors(`"${error}" has its kind`, () => {
    const found = transactionError([{ op: "insert", table: "Port", row: {} }, { op: "commit", durable: true }], [{}, { error, details: "d" }]);
    assert.instance(found, OperationError);
    assert.equal([found!.kind, found!.retry, found!.index, found!.operation?.op, found!.message], [kind, retry, 1, "commit", `operation 1 (commit): ${error}: d`]);
  });
}
errors("an extra element is the commit's", () => {
  const found = transactionError([{ op: "comment", comment: "" }], decodeJson('[{},{"error":"constraint violation"}]') as Json[]);
  assert.equal([found!.index, found!.operation, found!.message], [1, undefined, "commit: constraint violation"]);
  assert.is(transactionError([], [{}, null]), undefined);
});

client.run();
errors.run();
