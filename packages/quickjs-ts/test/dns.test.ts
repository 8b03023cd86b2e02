// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";

const test = suite("dns");

async function failure(run: Promise<unknown>): Promise<{ code: string; message: string }> {
  return run.then(() => { throw new Error("resolved"); }, (error) => error);
}

test("localhost has a loopback address", async () => {
  const addresses = await platform.dns.resolve("localhost");
  assert.ok(addresses.includes("127.0.0.1") || addresses.includes("::1"), String(addresses));
});

test("a literal address resolves to itself", async () => {
  assert.equal(await platform.dns.resolve("192.0.2.7"), ["192.0.2.7"]);
});

test("a name that does not exist is ENOTFOUND, with the name", async () => {
  const error = await failure(platform.dns.resolve("no-such-name.invalid"));
  assert.is(error.code, "ENOTFOUND");
  assert.match(error.message, "no-such-name.invalid");
});

test("the loop goes on while names are looked up", async () => {
  let turns = 0;
  const ticker = platform.timers.every(1, () => turns++);
  await Promise.all(["localhost", "no-such-name.invalid", "localhost"].map((name) => platform.dns.resolve(name).catch(() => [])));
  await new Promise<void>((resolve) => platform.timers.after(20, resolve));
  ticker.cancel();
  assert.ok(turns > 3, String(turns));
});

test.run();
