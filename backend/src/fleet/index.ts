// SPDX-License-Identifier: Apache-2.0
export { createFleet } from "./create.ts";
export type { OwnFleet } from "./create.ts";
export type { FleetDependencies, Log } from "./context.ts";
export { RETENTION } from "./retention.ts";
export type { Retention } from "./retention.ts";
