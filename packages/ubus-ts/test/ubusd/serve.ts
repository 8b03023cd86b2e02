// SPDX-License-Identifier: Apache-2.0
// The stand-in behind a unix socket.
import type { Net, Stream } from "quickjs-ts";
import { type DaemonOptions, StandInDaemon } from "./daemon.ts";
import type { Credentials } from "./acl.ts";

export interface ServeOptions extends DaemonOptions {
  /** A second socket, at which everybody is somebody else than root: the stand-in cannot see it by itself. */
  others?: { path: string } & Credentials;
}

/** Serves at `path`; `close` ends every connection, as a daemon that dies. */
export function serve(net: Net, path: string, options: ServeOptions = {}): { close(): void; readonly clients: number } {
  const daemon = new StandInDaemon(options);
  const streams = new Set<Stream>();
  const listen = (at: string, credentials: Credentials) => net.listen({ unix: at }, (stream) => {
    streams.add(stream);
    const client = daemon.accept({ send: (bytes) => void stream.write(bytes), queued: () => stream.queued, hangUp: () => stream.destroy() }, credentials);
    const gone = (): void => {
      if (!streams.delete(stream)) return;
      client.close();
      stream.destroy();
    };
    return { data: (chunk) => client.receive(chunk), end: gone, close: gone };
  }, { mode: 0o666 });
  const { others } = options;
  const listeners = [listen(path, { user: "root", group: "root" }), ...(others ? [listen(others.path, others)] : [])];
  return {
    get clients() { return streams.size; },
    close() {
      for (const listener of listeners) listener.close();
      for (const stream of streams) stream.destroy();
      streams.clear();
    },
  };
}
