// SPDX-License-Identifier: Apache-2.0
// The stand-in behind a unix socket.
import type { Net, Stream } from "quickjs-ts";
import { type DaemonOptions, StandInDaemon } from "./daemon.ts";
import type { Credentials } from "./acl.ts";

export interface ServeOptions extends DaemonOptions {
  /** Who connects: the stand-in cannot see it by itself. Default root. */
  credentials?: Credentials;
}

/** Serves at `path`; `close` ends every connection, as a daemon that dies. */
export function serve(net: Net, path: string, options: ServeOptions = {}): { close(): void; readonly clients: number } {
  const daemon = new StandInDaemon(options);
  const streams = new Set<Stream>();
  const listener = net.listen({ unix: path }, (stream) => {
    streams.add(stream);
    const client = daemon.accept({ send: (bytes) => void stream.write(bytes), queued: () => stream.queued, hangUp: () => stream.destroy() }, options.credentials ?? { user: "root", group: "root" });
    const gone = (): void => {
      if (!streams.delete(stream)) return;
      client.close();
      stream.destroy();
    };
    return { data: (chunk) => client.receive(chunk), end: gone, close: gone };
  }, { mode: 0o666 });
  return {
    get clients() { return streams.size; },
    close() {
      listener.close();
      for (const stream of streams) stream.destroy();
      streams.clear();
    },
  };
}
