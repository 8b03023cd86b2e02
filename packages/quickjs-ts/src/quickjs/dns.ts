// SPDX-License-Identifier: Apache-2.0
import { resolve } from "securebox:native";
import type { Dns } from "../ports/dns.ts";

export const dns: Dns = {
  resolve: (name, { timeout = 5_000 } = {}) =>
    new Promise((settle, reject) => resolve(name, timeout, (error, addresses) => (error ? reject(error) : settle(addresses)))),
};
