// SPDX-License-Identifier: Apache-2.0
/** Exit statuses; docs/backend-cli.md. */
export const Exit = { yes: 0, no: 1, usage: 2, unreachable: 3, refused: 4, internal: 5 } as const;

/** The backend did not answer, or is not the one that it should be. Exit status 3. */
export class Unreachable extends Error { override readonly name = "Unreachable"; }

/** The backend's own words. Exit status 4, or 5 when it is the backend's fault. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly status: number, readonly code: string, message: string, readonly details?: unknown) { super(message); }
}
