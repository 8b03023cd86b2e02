// SPDX-License-Identifier: Apache-2.0
export type * from "./policy.ts";
export { decodePolicy, encodePolicy, formatResult, parsePolicy, validatePolicy } from "./parse.ts";
export type { PolicyResult, RuleLines, ValidateOptions } from "./parse.ts";
export { formatProblem, MAX_PROBLEMS } from "./problem.ts";
export type { Problem } from "./problem.ts";
export { formatService, parseService } from "./service.ts";
export { parseMac, parsePrefix, prefixHolds } from "./address.ts";
export type { Parsed } from "./address.ts";
export { parseDnsPattern, patternCovers } from "./dns-pattern.ts";
export { isEnforced, unenforced } from "./unenforced.ts";
export type { Unenforced } from "./unenforced.ts";
export { RESERVED_ENDS } from "./check.ts";
export { policySchema } from "./schema.ts";
export { LIMITS } from "./limits.ts";
export * from "./documents.ts";
export * from "./messages.ts";
export * from "./topics.ts";
export type { FlowVerdictWord } from "./verdict.ts";
