// SPDX-License-Identifier: Apache-2.0
/*
 * A server and a client in one process, over a unix socket, on either engine:
 *   node tools/run.mjs tools/example.ts node packages/quickjs-ts/examples/echo.ts
 *   node tools/run.mjs tools/example.ts quickjs packages/quickjs-ts/examples/echo.ts
 */
import type { Platform, Stream } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Takes what it needs as an argument, so that a test can pass a fake. */
function serve({ net }: Pick<Platform, "net">, path: string): { close(): void } {
  return net.listen({ unix: path }, (stream: Stream) => ({
    data: (chunk) => { if (!stream.write(chunk)) stream.pause(); }, // the client reads too slowly: read less from it
    drain: () => stream.resume(),
    end: () => stream.end(),
    close() {},
  }));
}

const { processes, time } = platform;
const path = `/tmp/quickjs-ts-example-${processes.pid}`;
const server = serve(platform, path);
const start = time.now();
const client = platform.net.connect({ unix: path }, {
  open: () => { client.write(encode("hello from ")); client.write(encode(platform.engine)); client.end(); },
  data: (chunk) => processes.stdout(`${decode(chunk)}, back after ${(time.now() - start).toFixed(1)} ms, ${(processes.memory().resident / 1e6).toFixed(1)} MB resident\n`),
  close(error) {
    if (error) processes.stderr(`${error.message}\n`);
    server.close();
  },
});
