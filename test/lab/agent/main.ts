// SPDX-License-Identifier: Apache-2.0
// Runs inside one namespace of the lab and uses its network stack on request: one JSON object a line on standard input
// ({"id", "call", ...arguments}), one answer a line on standard output ({"id", "value"} or {"id", "error"}). Ends with its input.
import { createInterface } from "node:readline";
import { discover, lookup, lookupByTcp } from "./names.ts";
import { ping } from "./ping.ts";
import { relay } from "./relay.ts";
import { connect, exchange, get, hear, push, serve } from "./sockets.ts";
import { startStream, stopStream } from "./stream.ts";

const calls: Record<string, (argument: never) => Promise<unknown>> = {
  connect, discover, exchange, get, hear, lookup, lookupByTcp, ping, push, relay, serve, startStream, stopStream,
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, call, ...argument } = JSON.parse(line) as { id: number; call: string };
  const answer = (reply: object) => process.stdout.write(JSON.stringify({ id, ...reply }) + "\n");
  Promise.resolve()
    .then(() => calls[call]!(argument as never))
    .then((value) => answer({ value }), (error: Error) => answer({ error: (error as NodeJS.ErrnoException).code ?? error.message }));
}).on("close", () => process.exit(0));
