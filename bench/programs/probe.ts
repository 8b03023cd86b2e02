// SPDX-License-Identifier: Apache-2.0
// Asks a UDP echo server all the time: alternately over one old socket and over a new one. Node only; runs in a station's namespace.
// Arguments: the server's address and port. At the end of standard input prints, as JSON, when each datagram was sent and answered.
import { createSocket, type Socket } from "node:dgram";

/** Milliseconds of the machine's monotonic clock, comparable between processes; `answered` is null for what stayed without an answer. */
export interface Probe {
  fresh: boolean;
  sent: number;
  answered: number | null;
}

const INTERVAL = 1;
/** After this a new socket's answer counts as lost. */
const PATIENCE = 250;

const [address, port] = process.argv.slice(2) as [string, string];
const probes: Probe[] = [];
const old = listening(createSocket("udp4"));

function listening(socket: Socket): Socket {
  return socket.on("error", () => {}).on("message", (data) => (probes[Number(data.toString())]!.answered = now()));
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function ask(): void {
  const fresh = probes.length % 2 === 0;
  const socket = fresh ? listening(createSocket("udp4")) : old;
  probes.push({ fresh, sent: now(), answered: null });
  socket.send(String(probes.length - 1), Number(port), address, () => {}); // an error is a datagram without an answer
  if (fresh) setTimeout(() => socket.close(), PATIENCE);
}

const timer = setInterval(ask, INTERVAL);
process.stdin.resume().on("end", () => {
  clearInterval(timer);
  setTimeout(() => process.stdout.write(JSON.stringify(probes), () => process.exit(0)), PATIENCE);
});
