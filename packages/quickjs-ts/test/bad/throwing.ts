// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
const test = suite("bad");
test("throws", () => { throw new Error("on purpose"); });
test.run();
