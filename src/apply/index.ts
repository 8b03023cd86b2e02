// SPDX-License-Identifier: Apache-2.0
/* Changes of the access point as transactions: ARCHITECTURE.md, "Applying a change". */
export { Applier, MAX_TRIES, type ApplierParts, type ApplyStatus } from "./applier.ts";
export { FAILED_STARTS, HEALTHY } from "./starts.ts";
export type { Limits, Phase } from "./machine.ts";
export * from "./types.ts";
