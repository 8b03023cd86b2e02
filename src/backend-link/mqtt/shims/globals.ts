// SPDX-License-Identifier: Apache-2.0
// Names that MQTT.js and its codec expect to be there. Bundled into their files (tools/bundle.mjs), for QuickJS only.
import { Buffer as NpmBuffer } from "buffer";
import { nextTick } from "./process-nextick-args.ts";

export const Buffer = NpmBuffer;
export const process = { nextTick };
