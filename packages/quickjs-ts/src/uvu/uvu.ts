// SPDX-License-Identifier: Apache-2.0
/*
 * Stands in for "uvu" in test bundles (tools/test/bundle.ts redirects the import). The tests are still run by uvu; this counts them
 * and notes what uvu swallows: the error of a throwing `before` hook, and which test was running when the deadline passed.
 */
import * as uvu from "uvu";
import { platform } from "quickjs-ts/platform";

type Handler = (state: unknown) => unknown;

/** What happened so far; read by finish.ts. */
export const tally = { registered: 0, started: 0, passed: 0, hookFailures: 0, running: "" };

/** Milliseconds that one test may take, unless it says otherwise by `SECUREBOX_TEST_TIMEOUT`. */
const testTimeout = Number(platform.processes.environment("SECUREBOX_TEST_TIMEOUT") ?? 30_000);

function settles(name: string, run: () => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`"${name}" did not settle within ${testTimeout} ms`));
    const timer = platform.timers.after(testTimeout, late);
    Promise.resolve().then(run).then(resolve, reject).finally(() => timer.cancel());
  });
}

function testHandler(name: string, handler: Handler): Handler {
  return async (state) => {
    tally.running = name;
    tally.started++;
    await settles(name, () => handler(state)).catch((error: unknown) => {
      // uvu prints `stack`; QuickJS's needs its positions mapped, and a headline, which uvu cuts off.
      if (error instanceof Error && platform.engine === "quickjs") error.stack = platform.processes.stackOf(error);
      throw error;
    });
    tally.passed++;
  };
}

function hookHandler(name: string, handler: Handler): Handler {
  return async (state) => {
    try {
      await settles(name, () => handler(state));
    } catch (error) {
      tally.hookFailures++;
      platform.processes.stderr(`${name}: ${String(error)}\n${(error as Error).stack ?? ""}\n`);
      throw error;
    }
  };
}

/* eslint-disable-next-line -- uvu's own types, kept */
function wrap(inner: any, suiteName: string): any {
  const add = (to: (name: string, handler: Handler) => void) => (name: string, handler: Handler) => {
    tally.registered++;
    to(name, testHandler(name, handler));
  };
  const hook = (to: (handler: Handler) => void, kind: string) => (handler: Handler) => to(hookHandler(`${suiteName} ${kind}`.trim(), handler));
  return Object.assign(add(inner), {
    before: Object.assign(hook(inner.before, "before"), { each: hook(inner.before.each, "before.each") }),
    after: Object.assign(hook(inner.after, "after"), { each: hook(inner.after.each, "after.each") }),
    // A focused test would silently leave the others out of the command's verdict.
    only: () => { throw new Error("test.only is refused: it hides the other tests"); },
    skip: () => { throw new Error("test.skip is refused: a missing part is an error"); },
    run: () => inner.run(),
  });
}

export const suite = ((name = "", state?: uvu.Context) => wrap(uvu.suite(name, state), name)) as typeof uvu.suite;
export const test = suite() as unknown as typeof uvu.test;
export const exec = uvu.exec;
