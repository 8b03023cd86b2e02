// SPDX-License-Identifier: Apache-2.0
// The console's own reader of live events runs on Node as it does in a browser: against the API, over a wire that can fail.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LiveConnection, type Change } from "../../console/src/api/live.ts";
import { openBench, type Bench } from "../api/bench.ts";
import { openWire, type Wire } from "./cut.ts";

let bench: Bench;
let wire: Wire;
test.before(async () => {
  bench = await openBench();
  wire = await openWire(bench.url);
});
test.after(async () => {
  await wire?.close();
  await bench?.close();
});

async function waitUntil(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 15_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20))) if (Date.now() > end) throw new Error(`no ${what} within 15 s`);
}

const plain = globalThis.fetch;
test.after.each(() => { globalThis.fetch = plain; });

/** Node's fetch has no cookie jar: the token goes with every request. */
function withToken(token: string): void {
  globalThis.fetch = (url, init) => plain(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } });
}

function follow(silence: number): { live: LiveConnection; changes: Change[]; states: string[] } {
  const live = new LiveConnection(`${wire.url}/api/v1/live`, silence);
  const [changes, states]: [Change[], string[]] = [[], []];
  live.subscribe((change) => changes.push(change));
  live.watch(({ state }) => states.push(state));
  live.start();
  return { live, changes, states };
}

test("a change arrives; after a cut the reader says lost, comes back, and asks for everything anew", async () => {
  withToken(await bench.token("viewer"));
  const { live, changes, states } = follow(10_000);
  await waitUntil(() => states.at(-1) === "live", "stream");
  bench.emit({ kind: "policy", network: "home", version: 7 });
  await waitUntil(() => changes.length === 1, "change");
  assert.equal(changes, [{ kind: "policy", network: "home", version: 7 }]);
  wire.cut();
  await waitUntil(() => states.at(-1) === "lost", "loss");
  wire.mend();
  await waitUntil(() => states.at(-1) === "live", "return");
  assert.equal(changes[1], { kind: "resync" });
  assert.equal(states, ["connecting", "live", "lost", "live"]);
  live.stop();
});

test("a stream that falls silent without an end is noticed, and replaced", async () => {
  withToken(await bench.token("viewer"));
  const { live, changes, states } = follow(600);
  await waitUntil(() => states.at(-1) === "live", "stream");
  const start = Date.now();
  wire.silence();
  await waitUntil(() => states.includes("lost"), "loss");
  assert.ok(Date.now() - start < 2_000, `${Date.now() - start} ms`);
  await waitUntil(() => changes.some(({ kind }) => kind === "resync"), "return");
  live.stop();
});

test("a refused stream is tried again, ever less often, and ends when told", async () => {
  let asked = 0;
  globalThis.fetch = async () => (asked++, new Response("", { status: 401 }));
  const { live, states } = follow(10_000);
  await waitUntil(() => asked === 2, "second try");
  live.stop();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.is(asked, 2);
  assert.equal(states, ["connecting", "lost", "connecting"]);
});

test.run();
