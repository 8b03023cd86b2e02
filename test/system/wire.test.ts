// SPDX-License-Identifier: Apache-2.0
// The lab's bad wire, by ping: what link tests rest on.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { run, telling } from "../lab/command.ts";
import { Lab, type Namespace } from "../lab/namespace.ts";
import { Wire } from "../lab/wire.ts";

const test = suite<{ lab: Lab; near: Namespace; wire: Wire }>("wire");

test.before(telling(async (context) => {
  const lab = (context.lab = await Lab.open());
  const [near, far] = [(context.near = await lab.namespace("near")), await lab.namespace("far")];
  context.wire = await Wire.lay(lab, "wire", { namespace: near, name: "net0" }, { namespace: far, name: "net0" });
  await near.script("ip address add 10.78.0.2/24 dev net0");
  await far.script("ip address add 10.78.0.1/24 dev net0");
}));
test.after(async ({ lab }) => lab?.close());

/** Answers to ten echo requests, 100 ms apart, and their mean round-trip time in milliseconds. */
async function ping(near: Namespace): Promise<{ answers: number; mean: number }> {
  const { stdout } = await run(near.inside(["ping", "-n", "-i", "0.1", "-c", "10", "-W", "1", "10.78.0.1"]));
  return { answers: Number(/(\d+) received/.exec(stdout)?.[1]), mean: Number(/= [\d.]+\/([\d.]+)/.exec(stdout)?.[1] ?? NaN) };
}

test("a perfect wire loses nothing", async ({ near, wire }) => {
  await ping(near); // ARP
  await wire.count();
  const { answers, mean } = await ping(near);
  assert.is(answers, 10);
  assert.ok(mean < 100, `${mean} ms`);
  const bytes = await wire.count();
  assert.ok(bytes >= 20 * 98 && bytes < 30 * 98, `${bytes} bytes counted; 20 echo frames are 98 bytes each`);
});

test("delay is added in each direction", async ({ near, wire }) => {
  await wire.quality({ delay: 100 });
  const { answers, mean } = await ping(near);
  assert.is(answers, 10);
  assert.ok(mean >= 200 && mean < 400, `${mean} ms`);
});

test("loss, silence and recovery", async ({ near, wire }) => {
  await wire.quality({ loss: 30 });
  const { answers } = await ping(near);
  assert.ok(answers > 0 && answers < 10, `${answers} of 10`);
  await wire.quality({ loss: 100 });
  assert.is((await ping(near)).answers, 0);
  await wire.quality({});
  assert.is((await ping(near)).answers, 10);
});

test("an unplugged wire carries nothing, and works again when plugged in", async ({ near, wire }) => {
  await wire.plug(false);
  assert.is((await ping(near)).answers, 0);
  await wire.plug(true);
  await ping(near);
  assert.is((await ping(near)).answers, 10);
});

test.run();
