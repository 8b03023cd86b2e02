// SPDX-License-Identifier: Apache-2.0
// Headers of every answer. Scripts come from our own files only; the editor of the console writes its styles into the page, hence 'unsafe-inline' there.
const CONTENT = [
  "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "font-src 'self'", "connect-src 'self'", "manifest-src 'self'",
  "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
].join("; ");

const ALWAYS = {
  "content-security-policy": CONTENT, "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin", "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

export function securityHeaders(secure: boolean): Record<string, string> {
  return secure ? { ...ALWAYS, "strict-transport-security": "max-age=31536000" } : ALWAYS;
}
