// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
const test = suite("bad");
test.after(() => { throw new Error("on purpose"); });
test("is fine", () => {});
test.run();
