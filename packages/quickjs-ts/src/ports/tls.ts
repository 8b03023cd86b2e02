// SPDX-License-Identifier: Apache-2.0
import type { ConnectOptions, Stream, StreamHandlers } from "./net.ts";

export interface TlsOptions extends ConnectOptions {
  /** Name checked against the certificate and sent as SNI (RFC 6066 §3). Default: the host. */
  serverName?: string;
  /** Trusted certificates, PEM; or a pin: the SHA-256 (64 hexadecimal digits) of the DER of a certificate authority that the server must present in its chain and that then counts as trusted. There is no way to switch verification off. */
  ca: string | { pin: string };
  /**
   * The time that the server's certificates are checked against, milliseconds since 1970. Default: the wall clock. `notBefore`: a lower bound of
   * the time, for machines whose clock is not set yet: certificates that had expired by then are refused, ones that begin later are not.
   */
  validAt?: { now: number } | { notBefore: number };
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
