// SPDX-License-Identifier: Apache-2.0

export interface FileStatus {
  kind: "file" | "directory" | "socket" | "other";
  size: number;
  /** Milliseconds since 1970. */
  modified: number;
  inode: number;
}

export interface Watch {
  close(): void;
}

/** Small files on a small machine: synchronous. All throw PlatformError (ENOENT, ENOSPC, ...). */
export interface Files {
  read(path: string): Uint8Array;
  readText(path: string): string;
  /** Atomic: write a temporary file beside it, fsync, rename, fsync the directory. On any error the old file is as it was and the temporary one is gone. */
  replace(path: string, data: Uint8Array | string, options?: { mode?: number; sync?: boolean }): void;
  append(path: string, data: Uint8Array | string): void;
  /** Also the parents; existing is fine. */
  makeDirectory(path: string, mode?: number): void;
  /** Missing is fine. */
  remove(path: string): void;
  list(path: string): string[];
  /** undefined when it does not exist. */
  status(path: string): FileStatus | undefined;
  /**
   * Calls `changed` after the file at `path` was written in place and closed, replaced by rename, created or removed.
   * Watches the directory (inotify), so that it survives replacement. Several changes may come as one call.
   */
  watch(path: string, changed: () => void): Watch;
}
