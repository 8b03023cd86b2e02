// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
const test = suite("bad");
test("never settles", () => new Promise(() => {}));
test.run();
