// SPDX-License-Identifier: Apache-2.0
/*
 * The stand-in as a program, for trying things out where there is no OpenWrt; ends with SIGTERM or SIGINT. Everybody is root to it.
 *
 *     node tools/run.mjs tools/example.ts node|quickjs packages/ubus-ts/test/ubusd/main.ts /tmp/ubus.sock
 */
import { platform } from "quickjs-ts/platform";
import { serve } from "./serve.ts";

const path = platform.processes.arguments[0] ?? "/tmp/ubus.sock";
const server = serve(platform.net, path);
for (const signal of ["SIGINT", "SIGTERM"] as const) platform.signals.on(signal, () => {
  server.close();
  platform.processes.exit(0);
});
platform.processes.stdout(`a stand-in for ubusd listens at ${path}\n`);
