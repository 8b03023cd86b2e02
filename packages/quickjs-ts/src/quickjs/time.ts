// SPDX-License-Identifier: Apache-2.0
import { after, every, now } from "securebox:native";
import type { Time, Timers } from "../ports/time.ts";

export const time: Time = { now, date: () => Date.now() };
export const timers: Timers = { after, every };
