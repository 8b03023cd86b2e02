// SPDX-License-Identifier: Apache-2.0
import { PlatformError } from "../ports/error.ts";
import type { StreamHandlers } from "../ports/net.ts";
import type { Tls, TlsOptions, TlsStream } from "../ports/tls.ts";
import type { FakeNet } from "./net.ts";

/** Plain connections that say they were TLS; names in `rejected` fail the handshake. */
export class FakeTls implements Tls {
  readonly versions = ["1.2", "1.3"];
  readonly rejected = new Map<string, string>();
  constructor(private readonly net: FakeNet) {}

  connect(address: { host: string; port: number }, handlers: StreamHandlers, options: TlsOptions): TlsStream {
    const stream = this.net.connect(address, handlers, options);
    stream.protocol = "TLSv1.3";
    stream.alpn = options.alpn?.[0];
    const reason = this.rejected.get(options.serverName ?? address.host);
    if (reason) stream.fail(new PlatformError("tls", "ETLS", stream.subject, reason));
    return stream;
  }
}
