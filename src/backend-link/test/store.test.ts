// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FakePlatform } from "quickjs-ts/fake";
import { platform } from "quickjs-ts/platform";
import { FileStore } from "../store.ts";
import type { Identity } from "../types.ts";
import { FakeBackend, FakeGateway, linkUp } from "./fake-backend.ts";

const IDENTITY: Identity = { network: "home", gateway: "attic", broker: { host: "b", port: 1 }, api: "https://b", ca: "ca", certificate: "cert", privateKey: "key" };
const lines: string[] = [];
const log = { debug() {}, info() {}, warn() {}, error: (event: string) => void lines.push(event) };
const store = suite("store of the link");

function fresh(): { machine: FakePlatform; store: FileStore } {
  const machine = new FakePlatform(platform.crypto);
  return { machine, store: new FileStore(machine.files, "/state/backend", log) };
}

store("a new directory has nothing in it, and is not made by looking", () => {
  const { machine, store: empty } = fresh();
  assert.is(empty.identity(), undefined);
  assert.is(empty.floor(), 0);
  assert.is(empty.outbox(), undefined);
  assert.equal(empty.documents(), { revoked: [], initialKeys: { keys: [] }, sequences: {} });
  assert.is(machine.files.status("/state"), undefined);
});

store("what is saved is read again; a renewal writes the credentials alone", () => {
  const { machine, store: kept } = fresh();
  kept.saveIdentity(IDENTITY);
  const before = machine.files.status("/state/backend/identity.json")!.inode;
  kept.saveIdentity({ ...IDENTITY, certificate: "next" });
  assert.is(machine.files.status("/state/backend/identity.json")!.inode, before);
  assert.equal(kept.identity(), { ...IDENTITY, certificate: "next" });
  kept.saveFloor(5);
  assert.is(kept.floor(), 5);
  kept.saveOutbox({ lost: 1, entries: [] });
  assert.equal(kept.outbox(), { lost: 1, entries: [] });
});

store("damaged files: logged, kept aside, treated as missing", () => {
  const { machine, store: kept } = fresh();
  for (const damaged of ["", "{", "null", "[]", "5", '{"network":5}', "\u0000"]) {
    kept.saveIdentity(IDENTITY);
    kept.saveDocuments({ revoked: [], initialKeys: { keys: [] }, sequences: { desired: 3 } });
    lines.length = 0;
    for (const name of ["credentials", "documents", "clock"]) machine.files.replace(`/state/backend/${name}.json`, damaged);
    assert.equal(kept.identity(), { ...IDENTITY, certificate: "", privateKey: "" }, JSON.stringify(damaged));
    assert.equal(kept.documents().sequences, {});
    assert.is(kept.floor(), 0);
    assert.is(lines.length, 3);
    assert.is(machine.files.readText("/state/backend/credentials.json.corrupt"), damaged);
    assert.is(machine.files.status("/state/backend/credentials.json"), undefined);
  }
});

store("only the owner may read the files", () => {
  const modes: unknown[] = [];
  const files = { status: () => undefined, makeDirectory() {}, replace: (_path: string, _data: string, options: { mode: number }) => void modes.push(options.mode) };
  new FileStore(files as never, "/state/backend", log).saveIdentity(IDENTITY);
  assert.equal(modes, [0o600, 0o600]);
});

store("an outbox file that is lost or damaged: a new stream, nothing else", async () => {
  const backend = new FakeBackend();
  const first = await linkUp(backend);
  backend.mode = "refused";
  backend.cut();
  first.gateway.link.event("error", "kept", {});
  first.gateway.link.stop();
  backend.machine.files.replace("/state/backend/outbox.json", "{damaged");
  backend.mode = "up";
  const { gateway } = await linkUp(backend);
  assert.is(gateway.link.status.state, "connected");
  assert.ok(gateway.lines.some((line) => line.startsWith("error state of the link damaged")));
});

store("at most 12 writes of events and one of the floor in an hour, whatever happens", async () => {
  const backend = new FakeBackend();
  backend.mode = "refused";
  const gateway = new FakeGateway(backend);
  gateway.link.start();
  const inodes = new Set<number | undefined>();
  for (let second = 0; second < 3600; second++) {
    gateway.link.event("error", `second ${second}`, {});
    await backend.machine.time.advance(1000);
    inodes.add(backend.machine.files.status("/state/backend/outbox.json")?.inode);
  }
  assert.is([...inodes].filter((inode) => inode !== undefined).length, 12);
});

store.run();
