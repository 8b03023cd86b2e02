// SPDX-License-Identifier: Apache-2.0
import * as native from "securebox:native";
import type { Files } from "../ports/files.ts";

export const files: Files = {
  read: (path) => native.readFile(path, false),
  readText: (path) => native.readFile(path, true),
  replace: (path, data, { mode = 0o644, sync = true } = {}) => native.replaceFile(path, data, mode, sync),
  append: (path, data) => native.appendFile(path, data),
  makeDirectory: (path, mode = 0o755) => native.makeDirectory(path, mode),
  remove: (path) => native.remove(path),
  list: (path) => native.list(path).sort(),
  status(path) {
    const found = native.status(path);
    return found && { kind: found[0], size: found[1], modified: found[2], inode: found[3] };
  },
  watch: (path, changed) => native.watch(path, changed),
};
