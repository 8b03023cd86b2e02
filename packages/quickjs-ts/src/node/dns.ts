// SPDX-License-Identifier: Apache-2.0
import { lookup } from "node:dns/promises";
import type { Dns } from "../ports/dns.ts";
import { PlatformError } from "../ports/error.ts";
import { platformError } from "./error.ts";

export const dns: Dns = {
  async resolve(name, { timeout = 5_000 } = {}) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new PlatformError("resolve", "ETIMEDOUT", name)), timeout); });
    try {
      return (await Promise.race([lookup(name, { all: true, verbatim: true }), late])).map(({ address }) => address);
    } catch (cause) {
      throw platformError("resolve", name, cause);
    } finally {
      clearTimeout(timer);
    }
  },
};
