// SPDX-License-Identifier: Apache-2.0
/** For a flow: let it pass or not. For a device: let it join (under the policy) or keep it out. */
export type FlowVerdictWord = "allow" | "deny";
