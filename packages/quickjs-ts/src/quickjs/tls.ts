// SPDX-License-Identifier: Apache-2.0
import { hasTls13, streamConnect } from "securebox:native";
import { PlatformError } from "../ports/error.ts";
import type { Tls } from "../ports/tls.ts";
import { defaultHighWaterMark, defaultTimeout } from "./net.ts";

export const tlsPort: Tls = {
  versions: hasTls13 ? ["1.2", "1.3"] : ["1.2"],
  connect(address, handlers, options) {
    const { timeout = defaultTimeout, highWaterMark = defaultHighWaterMark, serverName = address.host, minVersion } = options;
    const subject = `${address.host}:${address.port}`;
    if (minVersion === "1.3" && !hasTls13) throw new PlatformError("tls", "ETLS", subject, "this build cannot speak TLS 1.3");
    return streamConnect(address, handlers, timeout, highWaterMark, subject, { ...options, serverName });
  },
};
