// SPDX-License-Identifier: Apache-2.0
/*
 * A stand-in for ubusd, without sockets: for tests where the real one is absent, and checked against the recording of the real one.
 * Not in it: passing file descriptors, SIGHUP, "inherit" and "tags" of access control, lookups that wait for a slow reader.
 */
import { decodeBody, decodeTable, DecodeError, encodeMessage, encodeTable, type Message, MessageFramer, MessageType, SystemObject, type Table } from "../../src/codec/index.ts";
import { align, BlobWriter, eachAttribute, u16, u32 } from "../../src/codec/blob.ts";
import { textFrom } from "../../src/codec/blobmsg.ts";
import { type AclFile, covers, type Credentials, mayCall, mayDo } from "./acl.ts";

const OK = 0, INVALID_COMMAND = 1, INVALID_ARGUMENT = 2, METHOD_NOT_FOUND = 3, NOT_FOUND = 4, DENIED = 6;
/** The answer comes from somebody else, or was sent already. */
const ANSWERED = -1;
/** Bytes that one client's socket may owe; what goes beyond is dropped, as by ubusd. */
const MAX_QUEUED = 1 << 20;

export interface Connection {
  /** Bytes towards the client, and how many it has not taken yet. */
  send(bytes: Uint8Array): void;
  queued(): number;
  /** The daemon wants no more of this client. */
  hangUp(): void;
}

interface Client extends Connection, Credentials {
  id: number;
  framer: MessageFramer;
  objects: Set<Obj>;
  /** Sequence number of its monitor; undefined: it has none. */
  monitor?: number;
}

interface Obj {
  id: number;
  client: Client;
  path?: string;
  type?: { id: number; signature: Uint8Array };
  seq: number;
  /** Newest first, as in ubusd. One subscriber may be there twice. */
  subscribers: Obj[];
  targets: Obj[];
  patterns: string[];
}

export interface DaemonOptions {
  acl?: readonly AclFile[];
  /** Ids of clients, objects and types, in the order of their use; default: counted on from 1024, scattered. */
  ids?: { client(): number; object(): number; type(): number };
}

export class StandInDaemon {
  readonly #clients = new Map<number, Client>();
  readonly #objects = new Map<number, Obj>();
  readonly #paths = new Map<string, Obj>();
  readonly #types = new Map<number, Uint8Array>();
  readonly #ids: NonNullable<DaemonOptions["ids"]>;
  #eventSeq = 0;

  constructor(readonly options: DaemonOptions = {}) {
    let last = 1023;
    const next = (): number => (Math.imul(++last, 0x9e3779b1) | 0x400) >>> 0;
    this.#ids = options.ids ?? { client: next, object: next, type: next };
  }

  /** Greets a client. */
  accept(connection: Connection, credentials: Credentials): { receive(chunk: Uint8Array): void; close(): void } {
    const client: Client = Object.assign(Object.create(connection) as Connection, credentials, { id: this.#ids.client(), framer: new MessageFramer(), objects: new Set<Obj>() });
    this.#clients.set(client.id, client);
    this.#send(client, { type: MessageType.hello, seq: 0, peer: client.id });
    return { receive: (chunk) => this.#receive(client, chunk), close: () => this.#close(client) };
  }

  #receive(client: Client, chunk: Uint8Array): void {
    try {
      client.framer.push(chunk, (bytes) => {
        if (this.#clients.has(client.id)) this.#message(client, bytes);
      });
    } catch {
      this.#close(client); // too long, or no message at all
      client.hangUp();
    }
  }

  #close(client: Client): void {
    if (!this.#clients.delete(client.id)) return;
    delete client.monitor;
    for (const object of client.objects) this.#free(object);
  }

  #message(client: Client, bytes: Uint8Array): void {
    this.#monitor(client, bytes, false);
    const message = decodeLeniently(bytes);
    const { seq, peer } = message;
    const code = this.#handle(client, message, bytes);
    if (code !== ANSWERED) this.#send(client, { type: MessageType.status, seq, peer, status: code });
  }

  #handle(client: Client, message: Message, bytes: Uint8Array): number {
    switch (message.type) {
      case MessageType.ping: return this.#raw(client, bytes, MessageType.data), OK;
      case MessageType.lookup: return this.#lookup(client, message);
      case MessageType.invoke: return this.#invoke(client, message);
      case MessageType.addObject: return this.#add(client, message);
      case MessageType.removeObject: return this.#remove(client, message);
      case MessageType.subscribe: return this.#subscribe(client, message);
      case MessageType.unsubscribe: return this.#unsubscribe(client, message);
      case MessageType.notify: return this.#notify(client, message);
      case MessageType.status:
      case MessageType.data: return this.#respond(client, message, bytes), ANSWERED;
      default: return INVALID_COMMAND;
    }
  }

  #lookup(client: Client, { path, seq, peer }: Message): number {
    if (path === "") return INVALID_ARGUMENT;
    const all = [...this.#paths.keys()].sort();
    const found = path === undefined ? all : all.filter((each) => covers(path, each));
    if (path !== undefined && found.length === 0) return NOT_FOUND;
    for (const each of found) {
      const object = this.#paths.get(each)!;
      const signature = object.type && this.#visible(client, each, object.type.signature);
      if (signature) this.#send(client, { type: MessageType.data, seq, peer, path: each, objectId: object.id, objectType: object.type!.id, signature });
    }
    return OK;
  }

  /** The methods that the client may call; undefined: none of those that there are. */
  #visible(client: Client, path: string, signature: Uint8Array): Uint8Array | undefined {
    const kept: Uint8Array[] = [];
    let all = 0;
    eachAttribute(signature, 0, signature.length, (_id, _extended, from, to) => {
      all++;
      const name = textFrom(signature, from + 2, from + 3 + ((signature[from]! << 8) | signature[from + 1]!), "method");
      if (mayCall(this.options.acl ?? [], client, path, name)) kept.push(signature.subarray(from - 4, (to + 3) & ~3));
    });
    if (kept.length === 0 && all > 0) return undefined;
    const writer = new BlobWriter();
    for (const part of kept) writer.raw(part);
    return writer.finish();
  }

  #invoke(client: Client, message: Message): number {
    const { objectId, method } = message;
    if (objectId === undefined || method === undefined) return INVALID_ARGUMENT;
    if (objectId === SystemObject.event) return this.#event(client, method, message);
    if (objectId === SystemObject.acl) return this.#acl(client, method, message);
    if (objectId === SystemObject.monitor) return this.#monitoring(client, method);
    const object = this.#objects.get(objectId);
    if (!object) return NOT_FOUND;
    if (!mayCall(this.options.acl ?? [], client, object.path, method)) return DENIED;
    this.#forward(client, object, message);
    return ANSWERED;
  }

  #forward({ id, user, group }: Client, { id: objectId, client }: Obj, { seq, method, data }: Message, noReply = false): void {
    this.#send(client, { type: MessageType.invoke, seq, peer: id, ...(noReply && { noReply }), objectId, method, user, group, data });
  }

  #respond(client: Client, { objectId, status, data, type, peer }: Message, bytes: Uint8Array): void {
    const to = this.#clients.get(peer);
    if (objectId === undefined || this.#objects.get(objectId)?.client !== client || !to) return;
    if (type === MessageType.status ? status === undefined : data === undefined) return;
    const passed = bytes.slice();
    new DataView(passed.buffer).setUint32(4, objectId);
    this.#raw(to, passed, type);
  }

  #add(client: Client, { path, objectType, signature, seq, peer }: Message): number {
    const type = this.#typeOf(objectType, signature);
    const id = this.#ids.object();
    if (path !== undefined && (this.#paths.has(path) || !mayDo(this.options.acl ?? [], client, "publish", path))) return INVALID_ARGUMENT;
    const object: Obj = { id, client, path, type, seq: 0, subscribers: [], targets: [], patterns: [] };
    if (path !== undefined) {
      this.#paths.set(path, object);
      this.#objectEvent("ubus.object.add", object);
    }
    this.#objects.set(id, object);
    client.objects.add(object);
    this.#send(client, { type: MessageType.data, seq, peer, objectId: id, ...(signature && type && { objectType: type.id }) });
    return OK;
  }

  #typeOf(id: number | undefined, signature: Uint8Array | undefined): Obj["type"] {
    if (id !== undefined) return this.#types.has(id) ? { id, signature: this.#types.get(id)! } : undefined;
    if (!signature) return undefined;
    const type = { id: this.#ids.type(), signature: signature.slice() };
    this.#types.set(type.id, type.signature);
    return type;
  }

  #remove(client: Client, { objectId, seq, peer }: Message): number {
    if (objectId === undefined) return INVALID_ARGUMENT;
    const object = this.#objects.get(objectId);
    if (!object) return NOT_FOUND;
    if (object.client !== client) return DENIED;
    this.#send(client, { type: MessageType.data, seq, peer, objectId, ...(object.type && { objectType: object.type.id }) });
    this.#free(object);
    return OK;
  }

  #free(object: Obj): void {
    const { client, id, path, type } = object;
    for (const target of [...object.targets]) this.#separate(object, target);
    for (const subscriber of [...object.subscribers]) {
      this.#send(subscriber.client, { type: MessageType.unsubscribe, seq: ++subscriber.seq, peer: 0, objectId: subscriber.id, target: id });
      this.#separate(subscriber, object);
    }
    client.objects.delete(object);
    this.#objects.delete(id);
    if (type) this.#types.delete(type.id);
    if (path === undefined) return;
    this.#paths.delete(path);
    this.#objectEvent("ubus.object.remove", object);
  }

  #subscribe(client: Client, message: Message): number {
    const [code, subscriber] = this.#ownObject(client, message);
    if (!subscriber) return code;
    const target = this.#objects.get(message.target!);
    if (!target) return NOT_FOUND;
    if (target.client === client) return INVALID_ARGUMENT;
    if (target.path === undefined ? target.client.user !== client.user && target.client.group !== client.group : !mayDo(this.options.acl ?? [], client, "subscribe", target.path)) return NOT_FOUND;
    target.subscribers.unshift(subscriber);
    subscriber.targets.unshift(target);
    if (target.subscribers.length === 1) this.#active(target);
    return OK;
  }

  #unsubscribe(client: Client, message: Message): number {
    const [code, subscriber] = this.#ownObject(client, message);
    if (!subscriber) return code;
    const target = subscriber.targets.find(({ id }) => id === message.target);
    if (!target) return NOT_FOUND;
    this.#separate(subscriber, target);
    return OK;
  }

  #ownObject(client: Client, { objectId, target }: Message): [number, Obj | undefined] {
    if (objectId === undefined || target === undefined) return [INVALID_ARGUMENT, undefined];
    const object = this.#objects.get(objectId);
    if (!object) return [NOT_FOUND, undefined];
    return object.client === client ? [OK, object] : [INVALID_ARGUMENT, undefined];
  }

  #separate(subscriber: Obj, target: Obj): void {
    subscriber.targets.splice(subscriber.targets.indexOf(target), 1);
    target.subscribers.splice(target.subscribers.indexOf(subscriber), 1);
    if (target.subscribers.length === 0) this.#active(target);
  }

  #active(object: Obj): void {
    this.#send(object.client, { type: MessageType.notify, seq: ++object.seq, peer: 0, objectId: object.id, active: object.subscribers.length > 0 });
  }

  #notify(client: Client, message: Message): number {
    const { objectId, method, noReply = false, seq, peer } = message;
    if (objectId === undefined || method === undefined) return INVALID_ARGUMENT;
    const object = this.#objects.get(objectId);
    if (!object) return NOT_FOUND;
    if (object.client !== client) return DENIED;
    const subscribers = [...object.subscribers];
    if (!noReply) this.#send(client, { type: MessageType.status, seq, peer, objectId, subscribers: subscribers.map(({ id }) => id), status: OK });
    for (const subscriber of subscribers) this.#forward(client, subscriber, message, noReply);
    return ANSWERED;
  }

  #event(client: Client, method: string, { data }: Message): number {
    if (method !== "register" && method !== "send") return INVALID_COMMAND;
    const table = readable(data);
    if (!table) return INVALID_ARGUMENT;
    return method === "register" ? this.#listen(client, table) : this.#sendEvent(client, table);
  }

  #listen(client: Client, { object: id, pattern }: Table): number {
    if (typeof id !== "number" || typeof pattern !== "string") return INVALID_ARGUMENT;
    const object = this.#objects.get(id >>> 0);
    if (!object) return id >>> 0 < 1024 ? DENIED : NOT_FOUND;
    if (object.client !== client || pattern === "") return DENIED;
    if (!mayDo(this.options.acl ?? [], client, "listen", pattern.replace(/\*$/, ""))) return DENIED;
    object.patterns.push(pattern);
    return OK;
  }

  #sendEvent(client: Client, { id, data }: Table): number {
    if (typeof id !== "string" || typeof data !== "object" || data === null || Array.isArray(data)) return INVALID_ARGUMENT;
    if (id.startsWith("ubus.") || !mayDo(this.options.acl ?? [], client, "send", id)) return DENIED;
    this.#deliver(id, encodeTable(data as Table), client);
    return OK;
  }

  #objectEvent(event: string, { id, path }: Obj): void {
    this.#deliver(event, encodeTable({ id: id | 0, path }));
  }

  #deliver(event: string, data: Uint8Array, sender?: Client): void {
    for (const { id, client, patterns } of [...this.#objects.values()]) {
      if (client === sender || !patterns.some((pattern) => covers(pattern, event))) continue;
      this.#send(client, { type: MessageType.invoke, seq: ++this.#eventSeq & 0xffff, peer: 0, objectId: id, method: event, data });
    }
  }

  #acl(client: Client, method: string, { seq, peer }: Message): number {
    if (method !== "query") return INVALID_COMMAND;
    const acl = [...client.objects].flatMap(({ path }) => (path === undefined ? [] : (this.options.acl ?? []).flatMap(({ access = {}, user, group }) =>
      Object.entries(access).filter(([pattern, { acl: own }]) => own && covers(pattern, path)).map(([, { acl: own }]) => ({ obj: path, user, group, acl: own as Table })))));
    this.#send(client, { type: MessageType.data, seq, peer, objectId: SystemObject.acl, data: encodeTable({ seq: 1, acl }) });
    return OK;
  }

  #monitoring(client: Client, method: string): number {
    if (client.user !== "root" || client.group !== "root") return DENIED;
    if (method === "add") client.monitor = 0;
    else if (method === "remove") delete client.monitor;
    else return METHOD_NOT_FOUND;
    return OK;
  }

  #send(client: Client, message: Message): void {
    this.#write(client, encodeMessage(message));
  }

  #raw(client: Client, bytes: Uint8Array, type: number): void {
    const copy = bytes.slice();
    copy[1] = type;
    this.#write(client, copy);
  }

  #write(client: Client, bytes: Uint8Array): void {
    if (bytes[1] !== MessageType.monitor) this.#monitor(client, bytes, true);
    if (this.#clients.has(client.id) && client.queued() + bytes.length <= MAX_QUEUED) client.send(bytes);
  }

  #monitor(client: Client, bytes: Uint8Array, send: boolean): void {
    for (const each of this.#clients.values()) {
      if (each.monitor !== undefined) this.#write(each, monitorMessage(client.id, bytes, send, (each.monitor = (each.monitor + 1) & 0xffff)));
    }
  }
}

function monitorMessage(client: number, bytes: Uint8Array, send: boolean, seq: number): Uint8Array {
  const { type, seq: itsSeq, peer } = decodeLeniently(bytes);
  const writer = new BlobWriter(2 << 20);
  writer.u8(0);
  writer.u8(MessageType.monitor);
  writer.u16(seq);
  writer.u32(0);
  const body = writer.begin(0);
  const attribute = (id: number, write: () => void): void => {
    const begun = writer.begin(id);
    write();
    writer.end(begun);
  };
  for (const [id, value] of [[0, client], [1, peer], [3, itsSeq], [4, type]] as const) attribute(id, () => writer.u32(value));
  attribute(2, () => writer.u8(send ? 1 : 0));
  attribute(5, () => writer.raw(bytes.subarray(12)));
  writer.end(body);
  return writer.finish();
}

/** As ubusd does: attributes that cannot be read count as missing, and what follows one whose length lies. */
function decodeLeniently(bytes: Uint8Array): Message {
  const message: Message = { type: bytes[1]!, seq: u16(bytes, 2), peer: u32(bytes, 4) };
  quietly(() => eachAttribute(bytes, 12, bytes.length, (_id, _extended, from, to) => quietly(() => Object.assign(message, decodeBody(bytes.subarray(from - 4, align(to)))))));
  return message;
}

function quietly(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

function readable(data: Uint8Array | undefined): Table | undefined {
  try {
    return data && decodeTable(data);
  } catch {
    return undefined;
  }
}
