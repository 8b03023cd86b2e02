// SPDX-License-Identifier: Apache-2.0
import type { Platform } from "../ports/index.ts";

export declare const platform: Platform;
