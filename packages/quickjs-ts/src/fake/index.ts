// SPDX-License-Identifier: Apache-2.0
/*
 * A machine in memory: its clock stands until a test advances it, its network and disk fail when told to.
 * Digests and random numbers are those of `crypto`, by default a real engine's: pass the platform's own.
 */
import type { Crypto } from "../ports/crypto.ts";
import type { Platform } from "../ports/index.ts";
import { FakeDns } from "./dns.ts";
import { FakeFiles } from "./files.ts";
import { FakeNet } from "./net.ts";
import { FakeProcesses, FakeSignals } from "./process.ts";
import { FakeTime } from "./time.ts";
import { FakeTls } from "./tls.ts";

export { FakeExit, type FakeChild } from "./process.ts";
export type { FakeStream } from "./net.ts";

export class FakePlatform implements Platform {
  readonly engine = "fake";
  readonly time = new FakeTime();
  readonly timers = this.time;
  readonly net = new FakeNet(this.time);
  readonly tls = new FakeTls(this.net);
  readonly dns = new FakeDns();
  readonly files = new FakeFiles(this.time);
  readonly processes = new FakeProcesses(this.time);
  readonly signals = new FakeSignals();
  /** `crypto`: a real engine's, e.g. `platform.crypto` of "quickjs-ts/platform". */
  constructor(readonly crypto: Crypto) {}
}
