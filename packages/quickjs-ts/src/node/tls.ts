// SPDX-License-Identifier: Apache-2.0
import { isIP } from "node:net";
import tls from "node:tls";
import { PlatformError } from "../ports/error.ts";
import type { StreamHandlers } from "../ports/net.ts";
import type { Tls, TlsOptions, TlsStream } from "../ports/tls.ts";
import { platformError } from "./error.ts";
import { defaultHighWaterMark, defaultTimeout, NodeStream } from "./stream.ts";
import { distrust, isSpecial } from "./trust.ts";

class NodeTlsStream extends NodeStream implements TlsStream {
  constructor(private readonly secure: tls.TLSSocket, subject: string, highWaterMark: number) {
    super(secure, subject, highWaterMark);
  }
  get protocol(): string {
    return this.secure.getProtocol() ?? "";
  }
  get alpn(): string | undefined {
    return this.secure.alpnProtocol || undefined;
  }
}

/** Errors of the operating system keep their name; every other one is about the handshake or a certificate. */
function tlsError(subject: string, cause: Error & { code?: string; syscall?: string }): PlatformError {
  return cause.syscall ? platformError("connect", subject, cause) : new PlatformError("tls", "ETLS", subject, cause.message.trim());
}

function connectOptions({ host, port }: { host: string; port: number }, options: TlsOptions): tls.ConnectionOptions {
  const name = options.serverName ?? host;
  return {
    host, port, ca: typeof options.ca === "string" ? options.ca : [], cert: options.certificate, key: options.key, allowHalfOpen: true, rejectUnauthorized: !isSpecial(options),
    servername: isIP(name) ? "" : name, checkServerIdentity: (_host: string, peer: tls.PeerCertificate) => tls.checkServerIdentity(name, peer),
    minVersion: `TLSv${options.minVersion ?? "1.2"}`, ALPNProtocols: options.alpn, writableHighWaterMark: options.highWaterMark ?? defaultHighWaterMark,
  } as tls.ConnectionOptions;
}

export const tlsPort: Tls = {
  versions: ["1.2", "1.3"],
  connect(address, handlers: StreamHandlers, options) {
    const subject = `${address.host}:${address.port}`;
    if (typeof options.ca !== "string" && !/^[0-9a-f]{64}$/i.test(options.ca.pin)) throw new PlatformError("tls", "ETLS", subject, "ca.pin: expected 64 hexadecimal digits");
    let socket: tls.TLSSocket;
    try {
      socket = tls.connect(connectOptions(address, options));
    } catch (cause) {
      throw new PlatformError("tls", "ETLS", subject, (cause as Error).message);
    }
    const stream = new NodeTlsStream(socket, subject, options.highWaterMark ?? defaultHighWaterMark);
    let opened = false;
    if (isSpecial(options)) socket.cork(); // nothing that was written early leaves before the server is believed
    const timer = setTimeout(() => {
      stream.failure = new PlatformError("connect", "ETIMEDOUT", subject);
      socket.destroy();
    }, options.timeout ?? defaultTimeout);
    socket.on("secureConnect", () => {
      const reason = isSpecial(options) ? distrust(socket, options.serverName ?? address.host, options) : undefined;
      if (reason) {
        stream.failure = new PlatformError("tls", "ETLS", subject, reason);
        return void socket.destroy();
      }
      socket.uncork();
      opened = true;
      clearTimeout(timer);
      handlers.open?.();
    });
    socket.setNoDelay(true);
    stream.attach({
      data: (chunk) => handlers.data(chunk),
      drain: () => handlers.drain?.(),
      end: () => (opened ? handlers.end?.() : void socket.destroy()),
      close(error) {
        clearTimeout(timer);
        handlers.close(error ?? (opened || stream.destroyed ? undefined : new PlatformError("tls", "ETLS", subject, "closed during the handshake")));
      },
    }, (cause) => tlsError(subject, cause));
    return stream;
  },
};
