// SPDX-License-Identifier: Apache-2.0
/* The few globals of the web that bundled npm packages expect. Our own code takes the ports instead. */
import { after, every, now, print } from "securebox:native";
import type { Timer } from "../ports/time.ts";
import { processes } from "./process.ts";
import { TextDecoder, TextEncoder } from "./text.ts";

type Callback = (...values: unknown[]) => void;

const show = (value: unknown): string =>
  typeof value === "string" ? value
  : value instanceof Error ? processes.stackOf(value)
  : typeof value === "object" && value !== null ? JSON.stringify(value) ?? String(value)
  : String(value);

const printer = (fd: number) => (...values: unknown[]) => print(fd, `${values.map(show).join(" ")}\n`);

function define(globals: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

define({
  setTimeout: (run: Callback, delay = 0, ...values: unknown[]) => after(delay, () => run(...values)),
  setInterval: (run: Callback, delay = 0, ...values: unknown[]) => every(delay, () => run(...values)),
  setImmediate: (run: Callback, ...values: unknown[]) => after(0, () => run(...values)),
  clearTimeout: (timer?: Timer) => timer?.cancel(),
  clearInterval: (timer?: Timer) => timer?.cancel(),
  clearImmediate: (timer?: Timer) => timer?.cancel(),
  // An error in a microtask must end the process, as one in any callback does: a rejected promise does that.
  queueMicrotask: (run: () => void) => void Promise.resolve().then(run),
  console: { log: printer(1), info: printer(1), debug: printer(1), warn: printer(2), error: printer(2) },
  performance: { now },
  TextEncoder,
  TextDecoder,
});
