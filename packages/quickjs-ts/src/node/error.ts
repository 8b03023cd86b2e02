// SPDX-License-Identifier: Apache-2.0
import { PlatformError } from "../ports/error.ts";

/** Node's error names that the ports know by another one. */
const renamed: Record<string, string> = { EAI_AGAIN: "ENOTFOUND", EAI_FAIL: "ENOTFOUND", ENODATA: "ENOTFOUND", ERR_SOCKET_CONNECTION_TIMEOUT: "ETIMEDOUT" };

/** The one place where what Node throws or emits becomes a PlatformError. */
export function platformError(operation: string, subject: string, cause: unknown): PlatformError {
  if (cause instanceof PlatformError) return cause;
  const { code = "EIO", message = String(cause) } = cause as NodeJS.ErrnoException;
  return new PlatformError(operation, renamed[code] ?? code, subject, /^E[A-Z0-9]+$/.test(code) && !renamed[code] ? "" : message);
}

/** Runs a synchronous system call of Node, turning its error into ours. */
export function attempt<T>(operation: string, subject: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw platformError(operation, subject, cause);
  }
}
