// SPDX-License-Identifier: Apache-2.0
export { AnnouncedNames, type AnnouncedName } from "./announced.ts";
export { resolve, type ResolvedAddress } from "./chain.ts";
export { DEFAULT_NAME_LIMITS, type NameLimits } from "./limits.ts";
export * from "./outcome.ts";
export { DnsStreams, DEFAULT_STREAM_LIMITS, type StreamLimits } from "./streams.ts";
export { NameTable } from "./table.ts";
