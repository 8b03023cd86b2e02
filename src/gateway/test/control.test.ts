// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { call, Refused, Unreachable } from "../control/client.ts";
import { ControlFailure } from "../control/protocol.ts";
import { serveControl, type Client, type ControlServer, type Methods } from "../control/server.ts";
import type { LogEvent } from "../log.ts";

interface Context { server: ControlServer | undefined; broken: unknown[] }
const control = suite<Context>("control socket", { server: undefined, broken: [] });

const path = `/tmp/securebox-control-test-${platform.processes.pid}.sock`;
const EVENT: LogEvent = { sequence: 1, time: "2026-11-23T04:00:00.000Z", level: "info", event: "policy in force", fields: {} };

const methods: Methods = {
  add: ({ a, b }) => (a as number) + (b as number),
  later: () => Promise.resolve("done"),
  refuse: () => { throw new ControlFailure("not-found", "no such device"); },
  breakdown: () => { throw new TypeError("our bug"); },
  events: (_, client: Client) => {
    platform.timers.after(1, () => client.notify({ event: EVENT }));
    platform.timers.after(20, () => started?.close());
    return { events: [] };
  },
};
let started: ControlServer | undefined;

control.before.each((context) => {
  context.broken = [];
  started = context.server = serveControl(platform.net, path, methods, (error) => context.broken.push(error));
});
control.after.each((context) => context.server?.close());

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

/** Sends raw lines; resolves with the answers' text once `count` lines came or the connection closed. */
function raw(text: string, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    let received = "";
    const finish = (): void => { resolve(received.split("\n").filter((line) => line !== "")); stream.destroy(); };
    const stream = platform.net.connect({ unix: path }, {
      open: () => void stream.write(new TextEncoder().encode(text)),
      data(chunk) {
        received += new TextDecoder().decode(chunk);
        if (received.split("\n").length > count) finish();
      },
      close: finish,
    });
  });
}

control("a result comes back", async () => {
  assert.is(await call(platform, { path, method: "add", params: { a: 2, b: 3 } }), 5);
  assert.is(await call(platform, { path, method: "later", params: {} }), "done");
});

control("a refusal keeps its code and message", async () => {
  const error = await failure(call(platform, { path, method: "refuse", params: {} })) as Refused;
  assert.instance(error, Refused);
  assert.equal(error.error, { code: "not-found", message: "no such device" });
});

control("a bug of ours is answered and reported, not hidden", async (context) => {
  const error = await failure(call(platform, { path, method: "breakdown", params: {} })) as Refused;
  assert.is(error.error.code, "internal");
  assert.is((context.broken[0] as Error).message, "our bug");
});

control("without a gateway it says so", async () => {
  assert.instance(await failure(call(platform, { path: "/tmp/securebox-none.sock", method: "add", params: {} })), Unreachable);
});

control("notifications follow until the gateway ends", async () => {
  const followed: LogEvent[] = [];
  await call(platform, { path, method: "events", params: {}, follow: (event) => followed.push(event) });
  assert.equal(followed, [EVENT]);
});

control("what is not a request is answered by an error, and the connection goes on", async () => {
  const wrong = ["{", "7", '{"method":"add"}', '{"id":1}', '{"id":1,"method":"add","params":[]}', '{"id":1,"method":"toString"}', '{"id":9,"method":"add","params":{"a":1,"b":1}}'];
  const answers = (await raw(`${wrong.join("\n")}\n`, wrong.length)).map((line) => JSON.parse(line) as { error?: { code: string }; result?: number });
  assert.equal(answers.map((answer) => answer.error?.code), ["bad-request", "bad-request", "bad-request", "bad-request", "bad-request", "unknown-method", undefined]);
  assert.is(answers[6]!.result, 2);
});

control("a line without end is cut off, not collected", async () => {
  const answers = await raw("x".repeat(70_000), 1);
  assert.match(answers[0]!, /longer than 65536 bytes/);
});

control("a line may come in pieces and hold any text", async () => {
  const request = `{"id":"ü","method":"add","params":{"a":1,"b":2}}\n`;
  assert.equal(JSON.parse((await raw(request, 1))[0]!), { id: "ü", result: 3 });
});

control("a second gateway does not take over a live socket", async () => {
  assert.throws(() => serveControl(platform.net, path, methods, () => {}), /EADDRINUSE/);
});

control.run();
