// SPDX-License-Identifier: Apache-2.0
export * from "./asker.ts";
export * from "./cache.ts";
export * from "./flow-verdicts.ts";
export * from "./question.ts";
