// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
const test = suite("good");
test("is fine", () => {});
test.run();
