// SPDX-License-Identifier: Apache-2.0
// Policy, devices and topology to flows, and flows into the switch. Reading order: pipeline.ts (the tables), registers.ts, model.ts, parts/.
export { applyChange, synchronise, type Applied } from "./apply.ts";
export { closedBy, formerOf, MAX_TUPLES, type Closed, type ConnectionTuple, type Former } from "./closed.ts";
export { isLearnt, LEARNT_TAG, OWN_TAG, ownerOf, TAG_MASK, type PartKind } from "./cookie.ts";
export { deliverTo } from "./deliver-to.ts";
export type { Seed } from "./digest.ts";
export type { FlowChange } from "./flow-diff.ts";
export { CapacityError } from "./groups.ts";
export { DEFAULT_HOLD_LIMITS, portMeter, type HoldLimits, type Meter, type MeterChange } from "./meters.ts";
export { compile, Model, ModelError, type Change, type Edit, type ModelInput } from "./model.ts";
export * from "./network.ts";
export { observe, type Difference } from "./observe.ts";
export { verdictKey } from "./parts/verdict.ts";
export { PipelineError, TABLE, TABLES, ZONE, type TableName } from "./pipeline.ts";
export { Recall, RECALLED_TABLES } from "./recall.ts";
export { reasonOf, type ReasonName } from "./registers.ts";
export type { Switch } from "./switch.ts";
export { OpenflowSwitch } from "./openflow-switch.ts";
