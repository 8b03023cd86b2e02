// SPDX-License-Identifier: Apache-2.0
// The stand-in answers everything that was recorded as the real ubusd did, byte for byte, per connection and in order.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fromHex, recorded, toHex } from "../vectors.ts";
import { StandInDaemon } from "./daemon.ts";

const test = suite("stand-in ubusd");

test("answers as the real one did", () => {
  const list = (...ids: number[]) => () => ids.shift() ?? 0x12345678;
  const daemon = new StandInDaemon({ ids: { client: list(0x07f5cac3, 0x45ce67da, 0x9c9faf1a), object: list(0x2c3606a7, 0x7fffffff, 0x068f7ef8), type: list(0x00296e14) } });
  const received: Record<string, string[]> = { SRV: [], CLI: [], MON: [] };
  const connect = (name: string) => daemon.accept({ send: (bytes) => received[name]!.push(toHex(bytes)), queued: () => 0, hangUp: () => {} }, { user: "root", group: "root" });
  const all = recorded();
  const connections: Record<string, ReturnType<typeof connect>> = { SRV: connect("SRV"), CLI: connect("CLI") };
  for (const { connection, sent, hex, kind } of all) {
    if (connection === "MON" && kind === "HELLO") connections["MON"] = connect("MON");
    if (sent) connections[connection]!.receive(fromHex(hex));
  }
  for (const name of Object.keys(received)) assert.equal(received[name], all.filter(({ connection, sent }) => connection === name && !sent).map(({ hex }) => hex), name);
  assert.is(received["CLI"]!.length, 29);
});

test("a client that sends what is no message is hung up on, and its objects go", () => {
  const daemon = new StandInDaemon();
  let hungUp = false;
  const ignore = { send: () => {}, queued: () => 0, hangUp: () => void (hungUp = true) };
  const bad = daemon.accept(ignore, { user: "root", group: "root" });
  bad.receive(fromHex("0006000100000000 00000010 02000009 64656d6f00000000"));
  bad.receive(fromHex("0004000200000000 00f00004"));
  assert.ok(hungUp);
  const got: string[] = [];
  const good = daemon.accept({ ...ignore, send: (bytes) => got.push(toHex(bytes)) }, { user: "root", group: "root" });
  good.receive(fromHex("0004000300000000 00000010 02000009 64656d6f00000000"));
  assert.is(got[1], "00010003000000000000000c0100000800000004");
});

test.run();
