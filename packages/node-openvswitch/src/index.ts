// SPDX-License-Identifier: Apache-2.0
export * as openflow from "./openflow/index.ts";
export * as ovsdb from "./ovsdb/index.ts";
