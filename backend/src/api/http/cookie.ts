// SPDX-License-Identifier: Apache-2.0
// The session's cookie (RFC 6265bis): not readable by scripts, not sent from other sites.
export const COOKIE = "securebox_session";
const ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict";

export function sessionCookie(secret: string, expires: Date, secure: boolean): string {
  return `${COOKIE}=${secret}; ${ATTRIBUTES}; Expires=${expires.toUTCString()}${secure ? "; Secure" : ""}`;
}

export function clearCookie(): string {
  return `${COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;
}

/** Our cookie of a `Cookie` header; of several the first, as browsers send the most specific one first. */
export function readCookie(header: string | undefined): string | undefined {
  const pair = header?.split(";").map((part) => part.trim()).find((part) => part.startsWith(`${COOKIE}=`));
  const value = pair?.slice(COOKIE.length + 1);
  return value === "" ? undefined : value;
}
