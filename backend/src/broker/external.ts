// SPDX-License-Identifier: Apache-2.0
import { ConfigError, type Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { OwnPki } from "../pki/index.ts";
import type { Broker } from "../ports.ts";

export async function startExternal(_options: NonNullable<Config["broker"]> & { pki: OwnPki; log: Log }): Promise<Broker> {
  throw new ConfigError("--broker-url: an external broker is not supported yet");
}
