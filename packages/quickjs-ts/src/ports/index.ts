// SPDX-License-Identifier: Apache-2.0
import type { Crypto } from "./crypto.ts";
import type { Dns } from "./dns.ts";
import type { Files } from "./files.ts";
import type { Net } from "./net.ts";
import type { Processes, Signals } from "./process.ts";
import type { Time, Timers } from "./time.ts";
import type { Tls } from "./tls.ts";

/** All that a program of ours may ask of the machine. Implemented in ../quickjs, ../node and ../fake. */
export interface Platform {
  readonly engine: "quickjs" | "node" | "fake";
  readonly time: Time;
  readonly timers: Timers;
  readonly net: Net;
  readonly tls: Tls;
  readonly dns: Dns;
  readonly processes: Processes;
  readonly signals: Signals;
  readonly files: Files;
  readonly crypto: Crypto;
}

export * from "./crypto.ts";
export * from "./dns.ts";
export * from "./error.ts";
export * from "./files.ts";
export * from "./net.ts";
export * from "./process.ts";
export * from "./time.ts";
export * from "./tls.ts";
