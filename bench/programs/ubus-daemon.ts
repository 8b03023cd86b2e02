// SPDX-License-Identifier: Apache-2.0
// The stand-in for ubusd, where OPENWRT_PREFIX names no real one. Argument: its socket.
import { platform } from "quickjs-ts/platform";
import { serve } from "../../packages/ubus-ts/test/ubusd/serve.ts";

serve(platform.net, platform.processes.arguments[0]!);
