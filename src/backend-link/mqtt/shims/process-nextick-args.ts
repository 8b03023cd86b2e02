// SPDX-License-Identifier: Apache-2.0
// In place of process-nextick-args: after the present call, before anything else of the loop.
export function nextTick(run: (...values: unknown[]) => void, ...values: unknown[]): void {
  void Promise.resolve().then(() => run(...values));
}
