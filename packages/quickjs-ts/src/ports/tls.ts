// SPDX-License-Identifier: Apache-2.0
import type { ConnectOptions, Stream, StreamHandlers } from "./net.ts";

export interface TlsOptions extends ConnectOptions {
  /** Name checked against the certificate and sent as SNI (RFC 6066 §3). Default: the host. */
  serverName?: string;
  /** Trusted certificates, PEM. Required: there is no way to switch verification off. */
  ca: string;
  /** Client certificate chain and private key, PEM. */
  certificate?: string;
  key?: string;
  minVersion?: "1.2" | "1.3";
  /** RFC 7301 protocol names, by preference. */
  alpn?: string[];
}

export interface TlsStream extends Stream {
  /** After `open`: what was negotiated, e.g. "TLSv1.2". */
  readonly protocol: string;
  readonly alpn: string | undefined;
}

export interface Tls {
  /** `open` comes after a verified handshake; a failed one closes with code "ETLS" and the reason in the message. */
  connect(address: { host: string; port: number }, handlers: StreamHandlers, options: TlsOptions): TlsStream;
  /** Versions this build can speak, e.g. ["1.2", "1.3"]. */
  readonly versions: readonly string[];
}
