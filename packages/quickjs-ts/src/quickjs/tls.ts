// SPDX-License-Identifier: Apache-2.0
import { hasTls13, streamConnect } from "securebox:native";
import { PlatformError } from "../ports/error.ts";
import type { Tls, TlsOptions } from "../ports/tls.ts";
import { defaultHighWaterMark, defaultTimeout } from "./net.ts";

/** Who is believed, and at what time, as the native side takes it. */
function trust({ ca, validAt }: TlsOptions, subject: string): NativeTrust {
  if (typeof ca !== "string" && !/^[0-9a-f]{64}$/i.test(ca.pin)) throw new PlatformError("tls", "ETLS", subject, "ca.pin: expected 64 hexadecimal digits");
  return {
    ca: typeof ca === "string" ? ca : undefined, pin: typeof ca === "string" ? undefined : ca.pin,
    validNow: validAt && "now" in validAt ? validAt.now : undefined, validFloor: validAt && "notBefore" in validAt ? validAt.notBefore : undefined,
  };
}

interface NativeTrust { ca: string | undefined; pin: string | undefined; validNow: number | undefined; validFloor: number | undefined }

export const tlsPort: Tls = {
  versions: hasTls13 ? ["1.2", "1.3"] : ["1.2"],
  connect(address, handlers, options) {
    const { timeout = defaultTimeout, highWaterMark = defaultHighWaterMark, serverName = address.host, minVersion } = options;
    const subject = `${address.host}:${address.port}`;
    if (minVersion === "1.3" && !hasTls13) throw new PlatformError("tls", "ETLS", subject, "this build cannot speak TLS 1.3");
    return streamConnect(address, handlers, timeout, highWaterMark, subject, { ...options, ...trust(options, subject), serverName });
  },
};
