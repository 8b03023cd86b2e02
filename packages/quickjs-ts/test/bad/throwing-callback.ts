// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import { platform } from "quickjs-ts/platform";
const test = suite("bad");
test("throws later", () => new Promise<void>((resolve) => {
  platform.timers.after(1, () => { throw new Error("in a callback"); });
  platform.timers.after(50, resolve);
}));
test.run();
