// SPDX-License-Identifier: Apache-2.0
// The executable `securebox`: the only place in src/ that picks a platform. Commands load what they need: the gateway itself, and MQTT only for a backend.
import { platform } from "quickjs-ts/platform";
import { connectLazily } from "../backend-link/mqtt/lazy.ts";
import { openBackend } from "./backend/open.ts";
import type { OpenAccess } from "./cli/enrolment.ts";
import { run } from "./cli/run.ts";

const connect = connectLazily(async () => (await import("../backend-link/mqtt/connect.ts")).connectMqtt(platform));
const access: OpenAccess = (config, log) => openBackend(platform, config.backend.state, connect, log);

void run(platform, async (options) => (await import("./run-gateway.ts")).runGateway(platform, options, access), access).then((status) => platform.processes.exit(status));
