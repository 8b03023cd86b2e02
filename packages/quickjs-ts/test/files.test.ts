// SPDX-License-Identifier: Apache-2.0
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "quickjs-ts/platform";
import { run, scratch, until } from "./lib/streams.ts";

const test = suite("files");
const { files } = platform;
const directory = scratch("files");
const refusal = (code: string) => (error: { code: string; message: string }) => error.code === code && error.message.includes(code);

test("reads back what was written, as bytes and as text", () => {
  const path = `${directory}/text`;
  files.replace(path, "grüße\n");
  assert.is(files.readText(path), "grüße\n");
  assert.is(files.read(path).length, 8);
  files.append(path, new Uint8Array([0, 255]));
  assert.is(files.status(path)!.size, 10);
  files.replace(path, new Uint8Array(0));
  assert.is(files.readText(path), "");
  const { kind, modified } = files.status(path)!;
  assert.is(kind, "file");
  assert.ok(Math.abs(modified - platform.time.date()) < 60_000);
});

test("replace gives a new file with the mode asked for and leaves no other behind", () => {
  const path = `${directory}/sub/deep/state`;
  files.makeDirectory(`${directory}/sub/deep`);
  files.makeDirectory(`${directory}/sub/deep`);
  files.replace(path, "one");
  const before = files.status(path)!.inode;
  files.replace(path, "two", { mode: 0o600, sync: false });
  assert.ok(files.status(path)!.inode !== before);
  assert.equal(files.list(`${directory}/sub/deep`), ["state"]);
});

test("errors are named: missing file, missing directory, a directory instead of a file", () => {
  assert.throws(() => files.read(`${directory}/none`), refusal("ENOENT"));
  assert.throws(() => files.replace(`${directory}/none/file`, "x"), refusal("ENOENT"));
  assert.throws(() => files.read(directory), refusal("EISDIR"));
  assert.throws(() => files.list(`${directory}/none`), refusal("ENOENT"));
  files.replace(`${directory}/plain`, "x");
  assert.throws(() => files.makeDirectory(`${directory}/plain`), refusal("EEXIST"));
  assert.is(files.status(`${directory}/none`), undefined);
  files.remove(`${directory}/none`);
  assert.throws(() => files.watch(`${directory}/none/file`, () => {}), refusal("ENOENT"));
});

test("a full disk: the old file stays as it was and nothing is left beside it", async () => {
  const disk = `${directory}/disk`;
  files.makeDirectory(disk);
  const mounted = await run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk]);
  assert.is(mounted.code, 0, `this test needs root for a small disk: ${mounted.stderr}`);
  try {
    files.replace(`${disk}/state`, "old");
    assert.throws(() => files.replace(`${disk}/state`, new Uint8Array(200_000)), refusal("ENOSPC"));
    assert.is(files.readText(`${disk}/state`), "old");
    assert.equal(files.list(disk), ["state"]);
    files.replace(`${disk}/state`, "new");
    assert.is(files.readText(`${disk}/state`), "new");
  } finally {
    await run(["umount", disk]);
  }
});

test("watch tells of writing in place, replacing, removing and creating, and of no other file", async () => {
  const path = `${directory}/watched`;
  files.replace(path, "0");
  let changes = 0;
  const watch = files.watch(path, () => changes++);
  const expectChange = async (what: string, change: () => void) => {
    const before = changes;
    change();
    await until(() => changes > before, what);
    await new Promise<void>((resolve) => platform.timers.after(40, resolve)); // what belongs to the same change
  };
  await expectChange("a write in place", () => files.append(path, "1"));
  await expectChange("a replacement", () => files.replace(path, "2"));
  await expectChange("a removal", () => files.remove(path));
  await expectChange("a creation", () => files.append(path, "3"));
  const before = changes;
  files.replace(`${directory}/other`, "x");
  await new Promise<void>((resolve) => platform.timers.after(60, resolve));
  assert.is(changes, before);
  watch.close();
  watch.close();
  files.replace(path, "4");
  await new Promise<void>((resolve) => platform.timers.after(60, resolve));
  assert.is(changes, before);
});

test.run();
