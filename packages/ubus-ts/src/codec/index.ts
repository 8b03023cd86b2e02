// SPDX-License-Identifier: Apache-2.0
/* The wire of ubus as pure functions: values and tables (blobmsg), messages, signatures; MessageFramer cuts a stream into messages. */
export { decodeTable, encodeTable, MAX_DEPTH } from "./blobmsg.ts";
export { CodecError, DecodeError, EncodeError, OversizedError } from "./errors.ts";
export { MessageFramer } from "./framer.ts";
export { formatJson } from "./json.ts";
export {
  decodeBody, decodeMessage, decodeMonitored, encodeMessage, MAX_MESSAGE, MessageType, messageTypeName, SystemObject,
  type Attributes, type Header, type Message, type MessageTypeName, type Monitored,
} from "./message.ts";
export { decodeSignature, encodeSignature, type Signature, type TypeName } from "./signature.ts";
export { BlobmsgType, Double, Int16, Int8, type Table, type Value } from "./value.ts";
