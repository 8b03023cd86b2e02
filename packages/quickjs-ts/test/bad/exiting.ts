// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import { platform } from "quickjs-ts/platform";
const test = suite("bad");
test("ends the process early", () => platform.processes.exit(0));
test.run();
