// SPDX-License-Identifier: Apache-2.0
// One request to the backend. Everything that can go wrong becomes an ApiError with a sentence for people.

/** Milliseconds until a request counts as unanswered. */
const DEADLINE = 20_000;

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** `status` 0: no answer came. */
  constructor(readonly status: number, message: string, readonly field?: string, readonly details?: unknown) { super(message); }
}

/** Called when the backend says that nobody is signed in. */
let signedOut: () => void = () => {};
export function onSignedOut(handler: () => void): void {
  signedOut = handler;
}

interface Refusal { error?: { message?: string; field?: string; details?: unknown } }

export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", headers: { accept: "application/json" }, signal: AbortSignal.timeout(DEADLINE) };
  if (body !== undefined) Object.assign(init, { body: JSON.stringify(body), headers: { ...init.headers, "content-type": "application/json" } });
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${path}`, init);
    text = await response.text();
  } catch (error) {
    const late = (error as Error).name === "TimeoutError";
    throw new ApiError(0, late ? `The backend did not answer within ${DEADLINE / 1000} seconds.` : "The backend cannot be reached.");
  }
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  if (response.status === 401 && path !== "/session") signedOut();
  throw refusal(response.status, text);
}

function refusal(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as Refusal;
    if (error?.message) return new ApiError(status, sentence(error.message), error.field, error.details);
  } catch { /* a proxy's page, say */ }
  return new ApiError(status, status >= 500 ? `The backend failed to answer (status ${status}); its log tells more.` : `The backend refused the request (status ${status}).`);
}

function sentence(message: string): string {
  const begun = message[0]!.toUpperCase() + message.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** "?a=1&b=2" of what is defined and not empty. */
export function queryOf(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}
