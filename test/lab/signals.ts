// SPDX-License-Identifier: Apache-2.0
import { Lab } from "./namespace.ts";

/** Makes SIGINT, SIGTERM and SIGHUP close all labs of this process before they end it. Returns whether that has begun. */
export function closeOnSignals(): () => boolean {
  let ending = false;
  for (const [signal, status] of [["SIGINT", 0], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      process.stderr.write("\nending: removing namespaces, processes and files\n");
      void Lab.closeAll().finally(() => process.exit(status));
    });
  }
  return () => ending;
}
