// SPDX-License-Identifier: Apache-2.0
import { PlatformError } from "../ports/error.ts";
import type { Files, FileStatus, Watch } from "../ports/files.ts";
import { decodeUtf8, encodeUtf8 } from "./text.ts";
import type { FakeTime } from "./time.ts";

interface Node { kind: "file" | "directory"; data: Uint8Array; modified: number; inode: number }

const parent = (path: string): string => path.replace(/\/[^/]*$/, "") || "/";

/** A file system in memory. Paths are absolute. */
export class FakeFiles implements Files {
  /** Bytes that all files together may have; lower it to fill the disk. */
  capacity = Infinity;
  readonly #nodes = new Map<string, Node>([["/", { kind: "directory", data: new Uint8Array(0), modified: 0, inode: 1 }]]);
  readonly #watches = new Map<() => void, string>();
  #inode = 1;

  constructor(private readonly time: FakeTime) {}

  #file(operation: string, path: string): Node {
    const node = this.#nodes.get(path);
    if (!node) throw new PlatformError(operation, "ENOENT", path);
    if (node.kind === "directory") throw new PlatformError(operation, "EISDIR", path);
    return node;
  }
  #used(): number {
    return [...this.#nodes.values()].reduce((sum, node) => sum + node.data.length, 0);
  }
  #put(operation: string, path: string, data: Uint8Array): void {
    if (this.#nodes.get(parent(path))?.kind !== "directory") throw new PlatformError(operation, "ENOENT", path);
    if (this.#used() + data.length > this.capacity) throw new PlatformError(operation, "ENOSPC", path);
    this.#nodes.set(path, { kind: "file", data, modified: this.time.date(), inode: ++this.#inode });
    this.#notify(path);
  }
  #notify(path: string): void {
    for (const [changed, watched] of this.#watches)
      if (watched === path) this.time.after(0, () => { if (this.#watches.has(changed)) changed(); });
  }
  read(path: string): Uint8Array {
    return this.#file("read", path).data.slice();
  }
  readText(path: string): string {
    return decodeUtf8(this.#file("read", path).data);
  }
  replace(path: string, data: Uint8Array | string): void {
    this.#put("replace", path, bytes(data));
  }
  append(path: string, data: Uint8Array | string): void {
    const before = this.#nodes.has(path) ? this.#file("append", path).data : new Uint8Array(0);
    const added = bytes(data);
    if (this.#used() + added.length > this.capacity) throw new PlatformError("append", "ENOSPC", path);
    const all = new Uint8Array(before.length + added.length);
    all.set(before);
    all.set(added, before.length);
    this.#nodes.delete(path);
    this.#put("append", path, all);
  }
  makeDirectory(path: string): void {
    const node = this.#nodes.get(path);
    if (node?.kind === "file") throw new PlatformError("mkdir", "EEXIST", path);
    if (node) return;
    this.makeDirectory(parent(path));
    this.#nodes.set(path, { kind: "directory", data: new Uint8Array(0), modified: this.time.date(), inode: ++this.#inode });
  }
  remove(path: string): void {
    if (this.#nodes.get(path)?.kind === "directory") throw new PlatformError("remove", "EISDIR", path);
    if (this.#nodes.delete(path)) this.#notify(path);
  }
  list(path: string): string[] {
    if (!this.#nodes.has(path)) throw new PlatformError("list", "ENOENT", path);
    return [...this.#nodes.keys()].filter((each) => each !== "/" && parent(each) === path).map((each) => each.slice(each.lastIndexOf("/") + 1)).sort();
  }
  status(path: string): FileStatus | undefined {
    const node = this.#nodes.get(path);
    return node && { kind: node.kind, size: node.data.length, modified: node.modified, inode: node.inode };
  }
  watch(path: string, changed: () => void): Watch {
    if (!this.#nodes.has(parent(path))) throw new PlatformError("watch", "ENOENT", path);
    const call = () => changed();
    this.#watches.set(call, path);
    return { close: () => void this.#watches.delete(call) };
  }
}

const bytes = (data: Uint8Array | string): Uint8Array => (typeof data === "string" ? encodeUtf8(data) : data.slice());
