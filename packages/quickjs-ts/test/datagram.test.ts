// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Datagram } from "quickjs-ts";
import { platform } from "quickjs-ts/platform";
import { bytes, until } from "./lib/streams.ts";

const test = suite("datagram");

for (const host of ["127.0.0.1", "::1"]) {
  test(`${host}: arrives whole with its sender's address`, async () => {
    const received: Datagram[] = [];
    const receiver = platform.net.datagram({ host, port: 0 }, (datagram) => received.push(datagram));
    const sender = platform.net.datagram({ host, port: 0 }, () => {});
    assert.ok(receiver.port > 0 && sender.port !== receiver.port);
    assert.is(sender.send(bytes("hello"), host, receiver.port), true);
    assert.is(sender.send(new Uint8Array(9_000).fill(7), host, receiver.port), true);
    assert.is(sender.send(new Uint8Array(0), host, receiver.port), true);
    await until(() => received.length === 3, "three datagrams");
    assert.equal([...received[0]!.data], [...bytes("hello")]);
    assert.equal([received[0]!.host, received[0]!.port], [host, sender.port]);
    assert.equal([received[1]!.data.length, received[1]!.data[8_999], received[2]!.data.length], [9_000, 7, 0]);
    sender.close();
    receiver.close();
  });
}

test("a port in use is refused, a closed port does not break the sender", async () => {
  const first = platform.net.datagram({ host: "127.0.0.1", port: 0 }, () => {});
  assert.throws(() => platform.net.datagram({ host: "127.0.0.1", port: first.port }, () => {}), (error: { code: string }) => error.code === "EADDRINUSE");
  let echoes = 0;
  const sender = platform.net.datagram({ host: "127.0.0.1", port: 0 }, () => echoes++);
  sender.send(bytes("nobody there"), "127.0.0.1", 1);
  first.send(bytes("after all"), "127.0.0.1", sender.port);
  await until(() => echoes === 1, "a datagram after the refused one");
  first.close();
  sender.close();
});

test.run();
