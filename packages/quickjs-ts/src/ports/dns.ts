// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "./time.ts";

export interface Dns {
  /** IPv4 and IPv6 addresses of a name by the system's resolver, off the event loop. Rejects with PlatformError "ENOTFOUND" or "ETIMEDOUT" (default 5,000 ms). */
  resolve(name: string, options?: { timeout?: Millis }): Promise<string[]>;
}
