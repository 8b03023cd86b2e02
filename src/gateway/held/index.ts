// SPDX-License-Identifier: Apache-2.0
export * from "./packet.ts";
export * from "./queue.ts";
