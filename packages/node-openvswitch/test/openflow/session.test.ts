// SPDX-License-Identifier: Apache-2.0
// The session and client against a scripted switch: what a real one does rarely.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decode, encode, MessageFramer, type Message, OpenflowClient, OpenflowError, type OpenflowOptions, type Version } from "../../src/openflow/index.ts";
import { FakePorts, settle } from "../fake-ports.ts";

interface Received { xid: number; message: Message }
type Answer = (received: Received, self: ScriptedSwitch) => void;

class ScriptedSwitch {
  readonly ports = new FakePorts();
  version: Version = 4;
  seen: Received[] = [];
  #framer = new MessageFramer();
  constructor(public answer: Answer = () => {}) {}

  client(options: Partial<OpenflowOptions> = {}): OpenflowClient {
    return new OpenflowClient(this.ports, { address: { unix: "/fake" }, versions: [4], reconnect: { probe: 0 }, ...options });
  }

  async connect(hello: Message = { type: "hello", versions: [4] }, version = 4): Promise<void> {
    await this.ports.advance(0);
    this.#framer = new MessageFramer();
    this.ports.peer.accept();
    const bytes = encode(hello, { version: 4, xid: 77 });
    bytes[0] = version;
    this.ports.peer.send(bytes);
    await this.serve();
  }

  say(message: Message, xid = 0): void {
    this.ports.peer.send(encode(message, { version: this.version, xid }));
  }

  async serve(): Promise<void> {
    for (;;) {
      await settle();
      const chunks = this.ports.peer.take();
      if (chunks.length === 0) return;
      for (const bytes of chunks.flatMap((chunk) => this.#framer.push(chunk))) this.#take(bytes);
    }
  }

  /** Types of what came, in order. */
  types(): string[] {
    return this.seen.map(({ message }) => message.type);
  }

  #take(bytes: Uint8Array): void {
    const received = decode(bytes);
    this.seen.push(received);
    const { message, xid } = received;
    if (message.type === "features-request") this.say({ type: "features-reply", datapathId: 1n, buffers: 0, tables: 254, auxiliaryId: 0, capabilities: 0, reserved: 0 }, xid);
    if (message.type === "barrier-request") this.say({ type: "barrier-reply" }, xid);
    this.answer(received, this);
  }
}

const rejection = (promise: Promise<unknown>): Promise<Error> => promise.then(() => { throw new Error("did not reject"); }, (error: Error) => error);
const flow = (cookie: bigint): Message => ({ type: "flow-mod", command: "add", flow: { table: 0, priority: 1, match: {}, cookie, instructions: [] } });
const full = (xid: number, self: ScriptedSwitch): void => self.say({ type: "error", errorType: 5, code: 1, data: new Uint8Array(0) }, xid);
const session = suite("openflow session");

for (const [name, ours, hello, header, agreed] of [
  ["bitmaps: the highest common one", [4, 5, 6], { type: "hello", versions: [1, 4, 5] }, 5, 5],
  ["bitmaps: not the headers", [4, 6], { type: "hello", versions: [4, 5] }, 5, 4],
  ["no bitmap: the smaller header version", [4, 5], { type: "hello" }, 4, 4],
  ["no bitmap: ours, when the peer's is higher", [4, 5], { type: "hello" }, 6, 5],
] as const) {
  session(`version by ${name}`, async () => {
    const it = new ScriptedSwitch();
    it.version = agreed;
    const client = it.client({ versions: ours });
    await it.connect(hello as unknown as Message, header);
    assert.is(client.version, agreed);
    client.close();
  });
}

session("no common version: the switch is told, the reason too, and it is tried again later", async () => {
  const reasons: string[] = [];
  const it = new ScriptedSwitch();
  const client = it.client({ versions: [5], handlers: { lost: (reason) => reasons.push(reason) } });
  await it.connect({ type: "hello", versions: [1, 4] });
  assert.equal(reasons, ["no common version: offered 5, the switch has 1, 4"]);
  assert.equal(it.seen.at(-1)!.message.type, "error");
  assert.is(it.ports.peers.length, 1);
  await it.ports.advance(1000);
  assert.is(it.ports.peers.length, 2);
  client.close();
});

session("something else than hello first, or no answer: the connection is given up", async () => {
  const reasons: string[] = [];
  const it = new ScriptedSwitch();
  const client = it.client({ timeout: 500, handlers: { lost: (reason) => reasons.push(reason) } });
  await it.connect({ type: "barrier-request" });
  await it.ports.advance(1000);
  it.ports.peer.accept();
  await it.ports.advance(500);
  assert.equal(reasons, ["expected hello, got message type 20", "no hello within 500 ms"]);
  client.close();
});

session("echo requests are answered at once, with their data", async () => {
  const it = new ScriptedSwitch();
  const client = it.client();
  await it.connect();
  it.say({ type: "echo-request", data: Uint8Array.of(1, 2, 3) }, 99);
  await it.serve();
  assert.equal(it.seen.at(-1), { version: 4, xid: 99, message: { type: "echo-reply", data: Uint8Array.of(1, 2, 3) } });
  client.close();
});

session("silence is probed by echo, and the answer keeps the connection", async () => {
  const reasons: string[] = [];
  const it = new ScriptedSwitch(({ message, xid }, self) => message.type === "echo-request" && self.say({ type: "echo-reply", data: message.data }, xid));
  const client = it.client({ reconnect: {}, handlers: { lost: (reason) => reasons.push(reason) } });
  await it.connect();
  for (let i = 0; i < 5; i++) {
    await it.ports.advance(5000);
    await it.serve();
  }
  assert.ok(client.ready);
  assert.ok(it.types().filter((type) => type === "echo-request").length >= 4);
  it.answer = () => {};
  await it.ports.advance(10_000);
  assert.equal(reasons, ["the peer is silent"]);
  client.close();
});

session("parts of a multipart reply are matched by xid, interleaved with others, and each starts the deadline over", async () => {
  const it = new ScriptedSwitch();
  const client = it.client({ timeout: 100 });
  await it.connect();
  const parts: number[] = [];
  const streamed = client.stream({ type: "multipart-request", kind: "table" }, (part) => void (part.kind === "table" && parts.push(part.tables[0]!.table)));
  const other = client.collect({ type: "multipart-request", kind: "desc" });
  await it.serve();
  const [one, two] = it.seen.slice(-2).map(({ xid }) => xid);
  const table = (number: number, more: boolean) => it.say({ type: "multipart-reply", kind: "table", more, tables: [{ table: number, active: 0, lookups: 0n, matched: 0n }] }, one);
  table(1, true);
  it.say({ type: "multipart-reply", kind: "desc", manufacturer: "a", hardware: "", software: "", serial: "", datapath: "" }, two);
  await it.ports.advance(90);
  table(2, true);
  await it.ports.advance(90);
  table(3, false);
  await streamed;
  assert.equal(parts, [1, 2, 3]);
  assert.is((await other).length, 1);
  client.close();
});

session("a request without an answer ends at its deadline; the late answer is ignored", async () => {
  const it = new ScriptedSwitch();
  const client = it.client({ timeout: 100 });
  await it.connect();
  const failed = rejection(client.request({ type: "get-config-request" }));
  await it.serve();
  await it.ports.advance(100);
  assert.is((await failed).name, "DeadlineError");
  it.say({ type: "get-config-reply", flags: 0, missSendLength: 0 }, it.seen.at(-1)!.xid);
  assert.ok(client.ready);
  client.close();
});

session("a malformed reply refuses its request, a malformed message that belongs to nothing ends the connection", async () => {
  const it = new ScriptedSwitch();
  const client = it.client();
  await it.connect();
  const failed = rejection(client.request({ type: "get-config-request" }));
  await it.serve();
  const xid = it.seen.at(-1)!.xid;
  const broken = encode({ type: "get-config-reply", flags: 0, missSendLength: 0 }, { version: 4, xid }).slice(0, 10);
  broken[3] = 10;
  it.ports.peer.send(broken);
  assert.is((await failed).name, "DecodeError");
  assert.ok(client.ready);
  it.ports.peer.send(broken);
  assert.not.ok(client.ready);
  client.close();
});

session("a message cut at every byte: nothing happens until it is whole", async () => {
  const it = new ScriptedSwitch();
  let seen = 0;
  const client = it.client({ handlers: { portStatus: () => void seen++ } });
  await it.connect();
  const bytes = encode({ type: "port-status", reason: 0, port: { port: 3, hardware: new Uint8Array(6), name: "p", config: 0, state: 0, ethernet: { current: 0, advertised: 0, supported: 0, peer: 0, currentSpeed: 0, maxSpeed: 0 } } }, { version: 4, xid: 0 });
  for (let i = 0; i < bytes.length; i++) {
    assert.is(seen, 0);
    it.ports.peer.send(bytes.slice(i, i + 1));
  }
  assert.is(seen, 1);
  assert.ok(client.ready);
  client.close();
});

session("an error after its barrier is reported without its message", async () => {
  const errors: OpenflowError[] = [];
  const it = new ScriptedSwitch();
  const client = it.client({ handlers: { error: (error) => errors.push(error) } });
  await it.connect();
  client.send(flow(1n));
  await it.serve();
  const { xid } = it.seen.at(-1)!;
  full(xid, it);
  assert.equal([errors[0]!.kind, (errors[0]!.refused as { flow: { cookie: bigint } }).flow.cookie], ["OFPFMFC_TABLE_FULL", 1n]);
  const barrier = client.barrier();
  await it.serve();
  await barrier;
  full(xid, it);
  assert.is(errors[1]!.refused, undefined);
  client.close();
});

session("sends without barriers get one every 128", async () => {
  const it = new ScriptedSwitch();
  const client = it.client();
  await it.connect();
  for (let i = 0; i < 1000; i++) client.send(flow(BigInt(i)));
  await it.serve();
  assert.is(it.types().filter((type) => type === "barrier-request").length, 1 + Math.floor(1000 / 128));
  client.close();
});

session("a request that is refused with xid 0 is the only one under way; with two it is nobody's", async () => {
  const errors: OpenflowError[] = [];
  const it = new ScriptedSwitch();
  const client = it.client({ handlers: { error: (error) => errors.push(error) } });
  await it.connect();
  const first = rejection(client.request({ type: "get-config-request" }));
  full(0, it);
  assert.is((await first).name, "OpenflowError");
  const two = [rejection(client.request({ type: "get-config-request" })), rejection(client.request({ type: "get-config-request" }))];
  full(0, it);
  assert.is(errors.length, 1);
  it.ports.peer.hangUp();
  assert.equal((await Promise.all(two)).map(({ name }) => name), ["DisconnectedError", "DisconnectedError"]);
  client.close();
});

const bundle = suite("bundle");
const ack = ({ message, xid }: Received, self: ScriptedSwitch): void => {
  if (message.type === "bundle-control") self.say({ ...message, control: message.control.replace("request", "reply") as "open-reply" }, xid);
};

bundle("opens, adds under one xid inside and out, makes sure by a barrier, commits", async () => {
  const it = new ScriptedSwitch(ack);
  const client = it.client();
  await it.connect();
  const done = client.bundle([flow(1n), flow(2n)]);
  await it.serve();
  assert.is(await done, 2);
  const sent = it.seen.slice(-5).map(({ message }) => (message.type === "bundle-control" ? `${message.control} ${message.flags}` : message.type === "bundle-add" ? `add ${message.flags} ${message.message.type}` : message.type));
  assert.equal(sent, ["open-request 3", "add 3 flow-mod", "add 3 flow-mod", "barrier-request", "commit-request 3"]);
  client.close();
});

bundle("the writer waits while the queue is full", async () => {
  const it = new ScriptedSwitch(ack);
  const client = it.client();
  await it.connect();
  let made = 0;
  const many = { *[Symbol.iterator]() { for (let i = 0; i < 3000; i++) { made++; yield flow(BigInt(i)); } } };
  const done = client.bundle(many);
  it.ports.peer.accepting = false;
  await it.serve();
  const stopped = made;
  assert.ok(stopped < 300, `${stopped} made`);
  await it.serve();
  assert.is(made, stopped, "nothing goes on by itself");
  it.ports.peer.accepting = true;
  it.ports.peer.handlers.drain?.();
  await it.serve();
  assert.is(await done, 3000);
  client.close();
});

bundle("a generator that throws discards the bundle and rejects with its error", async () => {
  const it = new ScriptedSwitch(ack);
  const client = it.client();
  await it.connect();
  const failed = rejection(client.bundle({ *[Symbol.iterator]() { yield flow(1n); throw new RangeError("mine"); } }));
  await it.serve();
  assert.is((await failed).message, "mine");
  assert.equal(it.seen.slice(-2).map(({ message }) => message.type === "bundle-control" && message.control), ["open-request", "discard-request"]);
  client.close();
});

bundle("a refusal during the commit, long after the barrier, still names its message", async () => {
  const it = new ScriptedSwitch((received, self) => {
    const { message, xid } = received;
    if (message.type !== "bundle-control" || message.control !== "commit-request") return ack(received, self);
    const adds = self.seen.filter((each) => each.message.type === "bundle-add");
    full(adds[1]!.xid, self);
    self.say({ type: "error", errorType: 0xffff, code: 2313, experimenter: 0x4f4e4600, data: new Uint8Array(0) }, xid);
  });
  const client = it.client();
  await it.connect();
  const messages = [flow(1n), flow(2n), flow(3n)];
  const failed = rejection(client.bundle(messages));
  await it.serve();
  const error = (await failed) as OpenflowError;
  assert.equal([error.index, error.refused, error.tableFull], [1, messages[1], true]);
  client.close();
});

bundle("a lost connection ends a bundle that waits for room", async () => {
  const it = new ScriptedSwitch(ack);
  const client = it.client();
  await it.connect();
  const failed = rejection(client.bundle({ *[Symbol.iterator]() { for (;;) yield flow(1n); } }));
  it.ports.peer.accepting = false;
  await it.serve();
  it.ports.peer.hangUp();
  assert.is((await failed).name, "DisconnectedError");
  client.close();
  assert.is(it.ports.waiting, 0, "no timer is left");
});

session.run();
bundle.run();
