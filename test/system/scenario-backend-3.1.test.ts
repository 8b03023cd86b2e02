// SPDX-License-Identifier: Apache-2.0
import { scenarioTests } from "../lab/scenario/tests.ts";

scenarioTests("quickjs", "3.1", "backend");
