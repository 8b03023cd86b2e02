// SPDX-License-Identifier: Apache-2.0
// TCP, UDP and HTTP, each call with a deadline. Servers echo, so that an answer shows both directions.
import { createSocket, type Socket as Datagram } from "node:dgram";
import { createServer as createHttp, request } from "node:http";
import { connect as connectTcp, createServer as createTcp, type Socket } from "node:net";

export interface Target {
  address: string;
  port: number;
  /** Milliseconds; default 1,000. */
  deadline?: number;
}

/** Characters of a session that are kept for who asks later. */
const MOST_HEARD = 65_536;

/** An open connection and what came over it: a text may be there before the call that waits for it. */
interface Session { socket: Socket; heard: string }

const sessions = new Map<number, Session>();
const accepted = new Map<number, Set<Socket>>();
let nextSession = 1;
let nextNonce = process.pid * 1000;

/** Milliseconds that `start` took to settle; rejects with "timeout" after `deadline`. */
function within<T>(deadline: number, start: (done: (value: T) => void, failed: (error: Error) => void) => () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error("timeout"))), deadline);
    let cleanUp = () => {};
    const settle = (result: () => void) => (clearTimeout(timer), cleanUp(), result());
    cleanUp = start((value) => settle(() => resolve(value)), (error) => settle(() => reject(error)));
  });
}

/** Listens. A host of many addresses names one for UDP: an answer from the wildcard address leaves with the address of its route. */
export function serve({ protocol, port, body = "ok", address = "::" }: { protocol: "tcp" | "udp" | "http"; port: number; body?: string; address?: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    if (protocol === "udp") {
      const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
      socket.on("message", (data, from) => socket.send(data, from.port, from.address));
      socket.on("error", reject).bind({ port, address }, () => resolve());
      return;
    }
    const server = protocol === "http" ? createHttp((_, response) => response.end(body)) : createTcp((socket) => echo(port, socket));
    server.on("error", reject).listen(port, "::", () => resolve());
  });
}

function echo(port: number, socket: Socket): void {
  const open = accepted.get(port) ?? new Set();
  accepted.set(port, open.add(socket));
  socket.on("data", (data) => socket.write(data)).on("error", () => {}).on("close", () => open.delete(socket));
}

/** Opens a TCP connection and keeps it: the session's number for `exchange` and `hear`. */
export function connect({ address, port, deadline = 1000 }: Target): Promise<number> {
  return within(deadline, (done, failed) => {
    const socket = connectTcp({ host: address, port, noDelay: true });
    socket.once("error", failed).once("connect", () => {
      const session = { socket: socket.off("error", failed).on("error", () => {}), heard: "" };
      socket.on("data", (chunk) => (session.heard = (session.heard + chunk.toString()).slice(-MOST_HEARD)));
      sessions.set(nextSession, session);
      done(nextSession++);
    });
    return () => socket.connecting && socket.destroy();
  });
}

export type Exchange = { session: number; deadline?: number } | ({ protocol: "tcp" | "udp"; from?: number } & Target);

/** Sends a text nobody sent before and waits for its echo: over an open session, a new TCP connection, or one datagram. Milliseconds taken. */
export async function exchange(over: Exchange): Promise<number> {
  const start = performance.now();
  const text = `nonce ${nextNonce++}\n`;
  const deadline = over.deadline ?? 1000;
  if ("session" in over) await echoed(over.session, text, deadline);
  else if (over.protocol === "udp") await echoedDatagram(over, text, deadline);
  else {
    const session = await connect(over);
    await echoed(session, text, deadline - (performance.now() - start)).finally(() => close(session));
  }
  return performance.now() - start;
}

function close(session: number): void {
  sessions.get(session)?.socket.destroy();
  sessions.delete(session);
}

function echoed(session: number, text: string, deadline: number): Promise<void> {
  const arrived = arrives(session, text, deadline);
  sessions.get(session)!.socket.write(text);
  return arrived;
}

function arrives(number: number, text: string, deadline: number): Promise<void> {
  return within(deadline, (done, failed) => {
    const session = sessions.get(number)!;
    const look = () => session.heard.includes(text) && done();
    const closed = () => failed(new Error("closed"));
    session.socket.on("data", look).on("close", closed);
    queueMicrotask(look);
    return () => session.socket.off("data", look).off("close", closed);
  });
}

function echoedDatagram({ address, port, from }: Target & { from?: number }, text: string, deadline: number): Promise<void> {
  return within(deadline, (done, failed) => {
    const socket: Datagram = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.on("error", failed).on("message", (data) => data.toString() === text && done());
    const send = () => socket.send(text, port, address);
    if (from) socket.bind(from, send);
    else send();
    return () => socket.close();
  });
}

/** Sends a text to everyone connected to the TCP server on `port`: the direction that the client did not begin. */
export async function push({ port, text }: { port: number; text: string }): Promise<number> {
  const open = [...(accepted.get(port) ?? [])];
  for (const socket of open) socket.write(text);
  return open.length;
}

/** Waits until `text` arrives on an open session. */
export function hear({ session, text, deadline = 1000 }: { session: number; text: string; deadline?: number }): Promise<void> {
  return arrives(session, text, deadline);
}

/** The body of a web page. */
export function get({ address, port, path = "/", deadline = 1000 }: Target & { path?: string }): Promise<string> {
  return within(deadline, (done, failed) => {
    const ask = request({ host: address, port, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text)).on("end", () => done(body));
    });
    ask.on("error", failed).end();
    return () => ask.destroy();
  });
}
