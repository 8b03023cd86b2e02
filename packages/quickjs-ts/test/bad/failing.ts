// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
const test = suite("bad");
test("fails", () => assert.is(1, 2));
test.run();
