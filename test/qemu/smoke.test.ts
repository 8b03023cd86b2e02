// SPDX-License-Identifier: Apache-2.0
import { testScenario } from "./scenario.ts";

/** Each architecture has packages of its own to fetch: only when asked for. */
const architectures = process.env["SECUREBOX_MACHINES"] === "all" ? ["amd64", "arm64", "armhf", "mipsel"] : ["amd64"];
for (const arch of architectures) testScenario("smoke", { least: 4, resident: 6, arch });
