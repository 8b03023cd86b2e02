// SPDX-License-Identifier: Apache-2.0
// The executable `securebox`: the only place in src/ that picks a platform.
import { platform } from "quickjs-ts/platform";
import { run } from "./cli/run.ts";
import { runGateway } from "./run-gateway.ts";

void run(platform, (options) => runGateway(platform, options)).then((status) => platform.processes.exit(status));
