// SPDX-License-Identifier: Apache-2.0
/*
 * What uvu 0.5 needs before it is loaded, on either engine. Imported first in every test bundle.
 * UVU_DEFER keeps uvu from starting by itself: finish.ts starts it, with a deadline, and judges the outcome.
 */
import { platform } from "quickjs-ts/platform";

const scope = globalThis as Record<string, unknown>;
scope["UVU_DEFER"] = 1;
scope["UVU_QUEUE"] = [[null]];

// uvu looks for `process` to find out where to write; QuickJS has none. Production bundles never get this.
scope["process"] ??= {
  argv: [],
  env: { NO_COLOR: "1" },
  platform: "linux",
  stdout: { write: (text: string) => platform.processes.stdout(text) },
  hrtime: (since?: [number, number]): [number, number] => {
    const now = platform.time.now();
    const [seconds, nanos] = [Math.floor(now / 1e3), Math.floor((now % 1e3) * 1e6)];
    return since ? [seconds - since[0], nanos - since[1]] : [seconds, nanos];
  },
  on: () => undefined,
  exitCode: undefined,
};
