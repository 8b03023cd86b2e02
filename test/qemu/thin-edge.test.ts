// SPDX-License-Identifier: Apache-2.0
import { testScenario } from "./scenario.ts";

testScenario("thin-edge", { least: 15, resident: 8 });
