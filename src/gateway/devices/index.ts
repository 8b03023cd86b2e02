// SPDX-License-Identifier: Apache-2.0
export type { AddressInfo } from "./addresses.ts";
export { DEFAULT_DEVICE_LIMITS, type DeviceLimits } from "./limits.ts";
export { Newcomers, type NewcomersParts } from "./newcomers.ts";
export * from "./outcome.ts";
export { SavedStateError } from "./saved.ts";
export { DeviceTable, type Associated, type DeviceInfo, type Lease } from "./table.ts";
