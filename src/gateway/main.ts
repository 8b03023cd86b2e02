// SPDX-License-Identifier: Apache-2.0
// The executable `securebox`: the only place in src/ that picks a platform.
import { platform } from "quickjs-ts/platform";
import { connectMqtt } from "../backend-link/mqtt/connect.ts";
import { openBackend } from "./backend/open.ts";
import type { OpenAccess } from "./cli/enrolment.ts";
import { run } from "./cli/run.ts";
import { runGateway } from "./run-gateway.ts";

const access: OpenAccess = (config, log) => openBackend(platform, config.backend.state, connectMqtt(platform), log);

void run(platform, (options) => runGateway(platform, options, access), access).then((status) => platform.processes.exit(status));
