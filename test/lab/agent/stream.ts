// SPDX-License-Identifier: Apache-2.0
// A steady stream of numbered datagrams to an echo server, to find losses and gaps while something else happens.
import { createSocket, type Socket } from "node:dgram";

interface Stream {
  socket: Socket;
  timer: NodeJS.Timeout;
  sent: number;
  answers: Map<number, number>;
  started: number;
}

export interface StreamResult {
  sent: number;
  received: number;
  /** Longest time without an answer, milliseconds. */
  gap: number;
  /** Round-trip times of what came back, in the order sent, milliseconds. */
  times: number[];
}

const streams = new Map<number, Stream>();
const sentAt = new Map<string, number>();
let next = 1;

/** Sends one datagram every `interval` milliseconds until `stopStream`. Returns the stream's number. */
export async function startStream({ address, port, interval = 10 }: { address: string; port: number; interval?: number }): Promise<number> {
  const id = next++;
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const stream: Stream = { socket, sent: 0, answers: new Map(), started: performance.now(), timer: setInterval(() => {
    sentAt.set(`${id}/${stream.sent}`, performance.now());
    socket.send(`${stream.sent++}`, port, address, () => {}); // a send error is a datagram without an answer
  }, interval) };
  socket.on("error", () => {}).on("message", (data) => stream.answers.set(Number(data.toString()), performance.now()));
  streams.set(id, stream);
  return id;
}

/** Waits `patience` milliseconds for the last answers. */
export async function stopStream({ stream: id, patience = 500 }: { stream: number; patience?: number }): Promise<StreamResult> {
  const stream = streams.get(id)!;
  clearInterval(stream.timer);
  const ended = performance.now();
  await new Promise((resolve) => setTimeout(resolve, patience));
  stream.socket.close();
  streams.delete(id);
  const arrivals = [stream.started, ...[...stream.answers.values()].sort((a, b) => a - b), ended];
  const times = [...stream.answers].sort(([a], [b]) => a - b).map(([number, at]) => at - sentAt.get(`${id}/${number}`)!);
  const gap = Math.max(...arrivals.slice(1).map((at, i) => at - arrivals[i]!));
  return { sent: stream.sent, received: stream.answers.size, gap, times };
}
