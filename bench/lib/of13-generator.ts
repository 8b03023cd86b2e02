// SPDX-License-Identifier: Apache-2.0
// A cbench for OpenFlow 1.3: plays a switch that sends packet-ins and counts the flow-mods that come back.
// The same generator drives every controller measured, so that only the controller differs.
import { createServer, type Socket } from "node:net";
import { rmSync } from "node:fs";

const HEADER = 8;
const TYPE = { hello: 0, echoRequest: 2, echoReply: 3, featuresRequest: 5, featuresReply: 6, getConfig: 7, getConfigReply: 8, packetIn: 10, flowMod: 14, multipartRequest: 18, multipartReply: 19, barrier: 20, barrierReply: 21, roleRequest: 24, roleReply: 25 };

export interface Load {
  /** Unix socket on which the controller finds the switch. */
  socket: string;
  /** Packet-ins under way at any time; 1 measures latency, more measures throughput. */
  window: number;
  /** Round trips before the clock starts, and while it runs. */
  warmUp: number;
  measured: number;
  /** Milliseconds after which the run is given up. */
  deadline: number;
}

/** Serves one controller and resolves with round trips per second. Rejects when the deadline passes or the controller leaves. */
export function generate(load: Load, listening: () => void): Promise<number> {
  rmSync(load.socket, { force: true });
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      const run = new Run(socket, load, (error, rate) => {
        clearTimeout(timer);
        socket.destroy();
        server.close();
        if (error) reject(error);
        else resolve(rate);
      });
      run.start();
    });
    const timer = setTimeout(() => {
      server.close();
      reject(new Error(`no ${load.measured} answers within ${load.deadline} ms`));
    }, load.deadline);
    server.listen(load.socket, listening);
  });
}

class Run {
  #rest: Buffer = Buffer.alloc(0);
  #sent = 0;
  #answered = 0;
  #started = 0;
  constructor(readonly socket: Socket, readonly load: Load, readonly done: (error: Error | undefined, rate: number) => void) {}

  start(): void {
    this.socket.setNoDelay?.(true);
    this.socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.socket.on("error", (error) => this.done(error, 0));
    this.socket.on("close", () => this.done(new Error("the controller closed the connection"), 0));
    this.socket.write(reply(TYPE.hello, 0));
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= HEADER) {
      const length = bytes.readUInt16BE(at + 2);
      if (bytes.length - at < length) break;
      this.#message(bytes.subarray(at, at + length));
      at += length;
    }
    this.#rest = bytes.subarray(at);
    this.#fill();
  }

  #message(message: Buffer): void {
    const xid = message.readUInt32BE(4);
    switch (message[1]) {
      case TYPE.flowMod: return this.#flowMod(message);
      case TYPE.echoRequest: return void this.socket.write(reply(TYPE.echoReply, xid, message.subarray(HEADER)));
      case TYPE.featuresRequest: return this.#features(xid);
      case TYPE.getConfig: return void this.socket.write(reply(TYPE.getConfigReply, xid, Buffer.from([0, 0, 0xff, 0xff])));
      case TYPE.barrier: return void this.socket.write(reply(TYPE.barrierReply, xid));
      case TYPE.roleRequest: return void this.socket.write(reply(TYPE.roleReply, xid, message.subarray(HEADER)));
      case TYPE.multipartRequest: return void this.socket.write(reply(TYPE.multipartReply, xid, Buffer.concat([message.subarray(HEADER, HEADER + 2), Buffer.alloc(6)])));
    }
  }

  /** Only flow-mods that answer a packet-in count: the ones before the first (a controller's own set-up) do not. */
  #flowMod(message: Buffer): void {
    if (this.#sent === 0 || message[25] !== 0) return;
    this.#answered++;
    if (this.#answered === this.load.warmUp) this.#started = performance.now();
    if (this.#answered === this.load.warmUp + this.load.measured) {
      this.done(undefined, (this.load.measured * 1000) / (performance.now() - this.#started));
    }
  }

  #features(xid: number): void {
    const body = Buffer.alloc(24);
    body.writeBigUInt64BE(0x0000020000000001n, 0);
    body[12] = 254;
    this.socket.write(reply(TYPE.featuresReply, xid, body));
    setTimeout(() => this.#open(), 300);
  }

  #ready = false;
  #open(): void {
    this.#ready = true;
    // A learning switch answers with a flow only once it knows the destination: teach it first.
    this.socket.write(packetIn(DESTINATION, 2, SOURCES[0]!, 0));
    this.#fill();
  }

  #fill(): void {
    if (!this.#ready) return;
    const burst: Buffer[] = [];
    while (this.#sent - this.#answered < this.load.window) burst.push(PACKETS[this.#sent++ % PACKETS.length]!);
    if (burst.length) this.socket.write(burst.length === 1 ? burst[0]! : Buffer.concat(burst));
  }
}

function reply(type: number, xid: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const message = Buffer.alloc(HEADER + body.length);
  message[0] = 4;
  message[1] = type;
  message.writeUInt16BE(message.length, 2);
  message.writeUInt32BE(xid, 4);
  message.set(body, HEADER);
  return message;
}

/** OFPT_PACKET_IN of OpenFlow 1.3 (§A.4.1) with an unbuffered 60-byte UDP frame. */
function packetIn(source: Buffer, port: number, destination: Buffer, id: number): Buffer {
  const frame = Buffer.alloc(60);
  frame.set(destination, 0);
  frame.set(source, 6);
  frame.set([0x08, 0x00, 0x45, 0, 0, 46, id >> 8, id & 255, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 4, 0, 4, 1, 0, 26, 0, 0], 12);
  const body = Buffer.alloc(34);
  body.writeUInt32BE(0xffffffff, 0);
  body.writeUInt16BE(frame.length, 4);
  body.set([0, 1, 0, 12, 0x80, 0, 0, 4], 16);
  body.writeUInt32BE(port, 24);
  return reply(TYPE.packetIn, id, Buffer.concat([body, frame]));
}

const DESTINATION = Buffer.from([2, 0, 0, 0, 0xff, 1]);
const SOURCES = Array.from({ length: 1024 }, (_, i) => Buffer.from([2, 0, 0, 0, i >> 8, i & 255]));
const PACKETS = SOURCES.map((source, i) => packetIn(source, 1, DESTINATION, i));
