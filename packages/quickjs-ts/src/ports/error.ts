// SPDX-License-Identifier: Apache-2.0

/**
 * What the environment refused: a socket, a file, a process, a name.
 * `code` is the errno name ("ECONNREFUSED", "ENOENT", ...) or one of ours:
 * "ETIMEDOUT" (deadline passed), "ETLS" (handshake or certificate), "ENOTFOUND" (name has no address).
 */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  constructor(readonly operation: string, readonly code: string, readonly subject: string, detail = "") {
    super(`${operation} ${subject}: ${code}${detail ? ` (${detail})` : ""}`);
  }
}
