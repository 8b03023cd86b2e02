// SPDX-License-Identifier: Apache-2.0
// Headers of every answer.

/** Everything comes from the server itself; nothing is run or styled from strings. The console carries it in index.html too, for a proxy that drops headers. */
export const CONTENT = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "form-action 'self'", "base-uri 'none'",
  "require-trusted-types-for 'script'", "trusted-types 'none'",
].join("; ");

const ALWAYS = {
  // frame-ancestors counts only in a header.
  "content-security-policy": `${CONTENT}; frame-ancestors 'none'`, "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin", "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

export function securityHeaders(secure: boolean): Record<string, string> {
  return secure ? { ...ALWAYS, "strict-transport-security": "max-age=31536000" } : ALWAYS;
}
