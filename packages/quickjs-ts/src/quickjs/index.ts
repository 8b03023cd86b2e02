// SPDX-License-Identifier: Apache-2.0
/* The machine as our executable sees it; the work is done by ../../native. */
import "./error.ts";
import "./globals.ts";
import type { Platform } from "../ports/index.ts";
import { crypto } from "./crypto.ts";
import { dns } from "./dns.ts";
import { files } from "./files.ts";
import { netPort } from "./net.ts";
import { processes, signals } from "./process.ts";
import { time, timers } from "./time.ts";
import { tlsPort } from "./tls.ts";

export const platform: Platform = { engine: "quickjs", time, timers, net: netPort, tls: tlsPort, dns, processes, signals, files, crypto };
