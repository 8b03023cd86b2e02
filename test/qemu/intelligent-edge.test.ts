// SPDX-License-Identifier: Apache-2.0
import { testScenario } from "./scenario.ts";

// Memory: it has just done a lot, and had no time to give any back.
testScenario("intelligent-edge", { least: 18, resident: 8 });
