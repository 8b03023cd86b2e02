// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import { platform } from "quickjs-ts/platform";
const test = suite("bad");
test("rejects unseen", () => new Promise<void>((resolve) => {
  void Promise.reject(new Error("nobody looks"));
  platform.timers.after(50, resolve);
}));
test.run();
