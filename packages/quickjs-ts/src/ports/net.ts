// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "./time.ts";
import type { PlatformError } from "./error.ts";

/** Where a stream leads: a unix socket's path, or a host (name or literal address) and port. */
export type Address = { unix: string } | { host: string; port: number };

/**
 * Callbacks of one stream, called from the event loop, never from inside a call into the stream.
 * Order: `open` once, then `data`/`drain`/`end`, then `close` exactly once (also when `open` never came).
 */
export interface StreamHandlers {
  open?(): void;
  /** Bytes that arrived; the array belongs to the receiver. */
  data(chunk: Uint8Array): void;
  /** The queue fell back to the low-water mark after `write` had returned false. */
  drain?(): void;
  /** The peer will send no more. Writing still works. */
  end?(): void;
  /** Nothing comes after it. `error` tells why, unless it was an orderly end. */
  close(error?: PlatformError): void;
}

export interface Stream {
  /** Queues the bytes (which must not be changed afterwards). False: above the high-water mark, wait for `drain`. Ignored after `end`/`destroy`. */
  write(data: Uint8Array): boolean;
  /** Bytes accepted and not yet given to the kernel. */
  readonly queued: number;
  /** Stops/starts delivery of `data`; the kernel's buffer then slows the peer down. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes the writing half. */
  end(): void;
  /** Closes at once, dropping what is queued; `close` follows. */
  destroy(): void;
}

export interface ConnectOptions {
  /** Deadline of connecting (and of the TLS handshake). Default 10,000 ms. */
  timeout?: Millis;
  /** `write` returns false above this many queued bytes. Default 65,536. */
  highWaterMark?: number;
}

export interface Listener {
  /** The bound address (with the port that was chosen for port 0). */
  readonly address: Address;
  close(): void;
}

export interface Datagram {
  data: Uint8Array;
  host: string;
  port: number;
}

export interface DatagramSocket {
  readonly port: number;
  /** False: the kernel's buffer is full and the datagram was dropped. */
  send(data: Uint8Array, host: string, port: number): boolean;
  close(): void;
}

export interface Net {
  connect(address: Address, handlers: StreamHandlers, options?: ConnectOptions): Stream;
  /** `accept` returns the handlers of the new stream. Throws PlatformError (EADDRINUSE, ...). A stale unix socket file is replaced; a live one is not. `mode` is the socket file's mode, default 0o600. */
  listen(address: Address, accept: (stream: Stream) => StreamHandlers, options?: { mode?: number; highWaterMark?: number }): Listener;
  /** Opens a UDP socket; port 0 lets the kernel choose. */
  datagram(address: { host: string; port: number }, receive: (datagram: Datagram) => void): DatagramSocket;
}
