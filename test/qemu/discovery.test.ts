// SPDX-License-Identifier: Apache-2.0
import { testScenario } from "./scenario.ts";

// Access points that only isolate, and one of ours; a network of ours alone when asked for.
testScenario("discovery", { least: 6, resident: 8, settings: ["thin=1"] });
if (process.env["SECUREBOX_MACHINES"] === "all") testScenario("discovery", { least: 6, resident: 8 });
