// SPDX-License-Identifier: Apache-2.0
import fs from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Files, FileStatus } from "../ports/files.ts";
import { attempt } from "./error.ts";

function writeAndSync(path: string, data: Uint8Array | string, flags: string, mode: number, sync: boolean): void {
  const fd = fs.openSync(path, flags, mode);
  try {
    fs.writeFileSync(fd, data);
    if (sync) fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function syncDirectory(path: string): void {
  const fd = fs.openSync(path, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function replace(path: string, data: Uint8Array | string, { mode = 0o644, sync = true } = {}): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    writeAndSync(temporary, data, "w", mode, sync);
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  if (sync) syncDirectory(dirname(path));
}

function kindOf(status: fs.Stats): FileStatus["kind"] {
  return status.isFile() ? "file" : status.isDirectory() ? "directory" : status.isSocket() ? "socket" : "other";
}

/** Node's watch tells of every write and not of the close, so a change counts once the file has been still for this long (ms). */
const stillness = 20;

function watch(path: string, changed: () => void) {
  const name = basename(path);
  let timer: NodeJS.Timeout | undefined;
  const watcher = fs.watch(dirname(path), (_event, file) => {
    if (file !== name) return;
    clearTimeout(timer);
    timer = setTimeout(changed, stillness);
  });
  return { close: () => { clearTimeout(timer); watcher.close(); } };
}

export const files: Files = {
  read: (path) => attempt("read", path, () => new Uint8Array(fs.readFileSync(path))),
  readText: (path) => attempt("read", path, () => fs.readFileSync(path, "utf8")),
  replace: (path, data, options) => attempt("replace", path, () => replace(path, data, options)),
  append: (path, data) => attempt("append", path, () => fs.appendFileSync(path, data)),
  makeDirectory: (path, mode = 0o755) => attempt("mkdir", path, () => void fs.mkdirSync(path, { recursive: true, mode })),
  remove: (path) => attempt("remove", path, () => fs.rmSync(path, { force: true })),
  list: (path) => attempt("list", path, () => fs.readdirSync(path).sort()),
  status(path) {
    const status = attempt("status", path, () => fs.statSync(path, { throwIfNoEntry: false }));
    return status && { kind: kindOf(status), size: status.size, modified: status.mtimeMs, inode: status.ino };
  },
  watch: (path, changed) => attempt("watch", path, () => watch(path, changed)),
};
