// SPDX-License-Identifier: Apache-2.0
import { createSocket } from "node:dgram";
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import net from "node:net";
import { getSystemErrorName } from "node:util";
import { PlatformError } from "../ports/error.ts";
import type { Address, DatagramSocket, Listener, Net, StreamHandlers } from "../ports/net.ts";
import { platformError } from "./error.ts";
import { defaultHighWaterMark, defaultTimeout, NodeStream } from "./stream.ts";

const print = (address: Address): string => ("unix" in address ? address.unix : `${address.host}:${address.port}`);

function connect(address: Address, handlers: StreamHandlers, { timeout = defaultTimeout, highWaterMark = defaultHighWaterMark } = {}): NodeStream {
  const target = "unix" in address ? { path: address.unix } : { host: address.host, port: address.port };
  const socket = net.connect({ ...target, allowHalfOpen: true, noDelay: true } as net.NetConnectOpts);
  const stream = new NodeStream(socket, print(address), highWaterMark);
  const timer = setTimeout(() => {
    stream.failure = new PlatformError("connect", "ETIMEDOUT", print(address));
    socket.destroy();
  }, timeout);
  stream.attach({ ...bound(handlers), close: (error) => { clearTimeout(timer); handlers.close(error); } });
  socket.on("connect", () => { clearTimeout(timer); handlers.open?.(); });
  return stream;
}

/** Handlers may be an object with methods: keep its `this`. */
function bound(handlers: StreamHandlers): StreamHandlers {
  return { data: (chunk) => handlers.data(chunk), drain: () => handlers.drain?.(), end: () => handlers.end?.(), close: (error) => handlers.close(error) };
}

interface Handle {
  listen(backlog: number): number;
  close(): void;
}
/** Node's own way (its cluster module uses it) to bind before the event loop runs; `server.listen` reports errors only later. */
const createHandle = (net as unknown as { _createServerHandle(host: string, port: number, type: number, fd: undefined, flags: number): Handle | number })._createServerHandle;

function bindHandle(address: Address, mode: number): Handle | number {
  if (!("unix" in address)) return createHandle(address.host, address.port, net.isIPv6(address.host) ? 6 : 4, undefined, 0);
  const mask = process.umask(0o777 & ~mode);
  try {
    return createHandle(address.unix, -1, -1, undefined, 0);
  } finally {
    process.umask(mask);
  }
}

/** Whether somebody listens at the path. Node cannot connect synchronously; a child can, and it is needed only when a file is in the way. */
function isLive(path: string): boolean {
  const probe = 'require("net").connect(process.argv[1]).on("connect",()=>process.exit(0)).on("error",()=>process.exit(1))';
  return spawnSync(process.execPath, ["-e", probe, path], { timeout: 5_000 }).status !== 1;
}

function listenHandle(address: Address, mode: number): Handle {
  let handle = bindHandle(address, mode);
  if (typeof handle === "number" && "unix" in address && getSystemErrorName(handle) === "EADDRINUSE" && !isLive(address.unix)) {
    rmSync(address.unix, { force: true });
    handle = bindHandle(address, mode);
  }
  const status = typeof handle === "number" ? handle : handle.listen(511);
  if (status !== 0 || typeof handle === "number") {
    if (typeof handle !== "number") handle.close();
    throw new PlatformError("listen", getSystemErrorName(status as number), print(address));
  }
  return handle;
}

/** `server.listen({ _handle })` takes TCP handles only: of a pipe's it takes the descriptor and adds it to the event loop twice (EEXIST). */
function adopt(server: net.Server, handle: Handle): void {
  const inner = server as unknown as { _handle: Handle; _listen2(address: null, port: -1, type: -1, backlog: number): void };
  inner._handle = handle;
  inner._listen2(null, -1, -1, 511);
}

const listen: Net["listen"] = (address, accept, { mode = 0o600, highWaterMark = defaultHighWaterMark } = {}): Listener => {
  const handle = listenHandle(address, mode);
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const stream = new NodeStream(socket, print(address), highWaterMark);
    const handlers = accept(stream);
    stream.attach(handlers, (cause) => platformError("accepted", print(address), cause));
    setImmediate(() => handlers.open?.());
  });
  adopt(server, handle);
  const port = "unix" in address ? 0 : (server.address() as net.AddressInfo).port;
  return {
    address: "unix" in address ? address : { host: address.host, port },
    close() {
      server.close();
      if ("unix" in address) rmSync(address.unix, { force: true });
    },
  };
};

/** More than this much waiting in Node's send queue counts as a full kernel buffer. */
const datagramQueue = 262_144;

const datagram: Net["datagram"] = ({ host, port }, receive): DatagramSocket => {
  const subject = `${host}:${port}`;
  const type = net.isIPv6(host) ? "udp6" : "udp4";
  // A look-up that answers at once makes bind() and send() of literal addresses take effect before they return.
  const lookup = (name: string, _options: unknown, done: (error: null, address: string, family: number) => void) => done(null, name, type === "udp6" ? 6 : 4);
  const socket = createSocket({ type, lookup: lookup as never, ipv6Only: type === "udp6" });
  let failure: unknown;
  socket.on("error", (error) => { failure = error; });
  socket.on("message", (data, from) => receive({ data: new Uint8Array(data), host: from.address, port: from.port }));
  socket.bind({ address: host, port, exclusive: true });
  if (failure) throw platformError("bind", subject, failure);
  return {
    port: socket.address().port,
    send(data, toHost, toPort) {
      if (socket.getSendQueueSize() > datagramQueue) return false;
      socket.send(data, toPort, toHost);
      return true;
    },
    close: () => socket.close(),
  };
};

export const netPort: Net = { connect, listen, datagram };
