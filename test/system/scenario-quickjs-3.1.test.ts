// SPDX-License-Identifier: Apache-2.0
// Isolation, rules, discovery, held flows, attacks and faults, by real traffic.
import { scenarioTests } from "../lab/scenario/tests.ts";

scenarioTests("quickjs", "3.1");
