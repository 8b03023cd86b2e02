// SPDX-License-Identifier: Apache-2.0
// Every bench by the name that `npm run bench -- NAME` takes, in the order in which all of them run.
export * as size from "./size.ts";
export * as "packet-in" from "./packet-in.ts";
export * as ubus from "./ubus.ts";
export * as install from "./install.ts";
export * as change from "./change.ts";
export * as start from "./start.ts";
export * as memory from "./memory.ts";
export * as edit from "./edit.ts";
export * as push from "./push.ts";
export * as datapath from "./datapath.ts";
export * as cpu from "./cpu.ts";
export * as "wifi-cost" from "./wifi-cost.ts";
export * as fleet from "./fleet.ts";
export * as "wifi-roaming" from "./wifi-roaming.ts";
