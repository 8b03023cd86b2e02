// SPDX-License-Identifier: Apache-2.0
// OpenFlow 1.3 to 1.5 with Open vSwitch's extensions, as pure functions between plain objects and bytes. Reading order: types.ts (matches,
// actions, flows), messages.ts (what goes over the connection), encode/decode, MessageFramer (bytes to messages), FlowWriter (many flows).
export { decodeActions } from "./actions/decode.ts";
export { encodeActions } from "./actions/encode.ts";
export { MAX_NESTING } from "./actions/wire.ts";
export { decode, encode, type Header } from "./codec.ts";
export { errorName, refusedBy } from "./error-names.ts";
export { DecodeError, EncodeError } from "./errors.ts";
export { FIELDS, type Field, type FieldFormat, findField } from "./fields.ts";
export { encodeFlowMod, FlowWriter, type FlowModHeader } from "./flow-mod.ts";
export { MessageFramer } from "./framer.ts";
export { decodeInstructions, encodeInstructions } from "./instructions.ts";
export { decodeMatch, encodeMatch } from "./match.ts";
export type * from "./messages.ts";
export type { Property } from "./properties.ts";
export * from "./types.ts";
export { type BundleOptions } from "./bundle.ts";
export { connect, OpenflowClient, type OpenflowHandlers, type OpenflowOptions } from "./client.ts";
export { OpenflowSession, type SessionOptions, type SessionOutput } from "./session.ts";
export { HandshakeError, OpenflowError, type Outgoing } from "./session-errors.ts";
export { probe, type SwitchAbilities } from "./probe.ts";
