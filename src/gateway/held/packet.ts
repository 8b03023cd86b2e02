// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";

/** `T` is the packet-in with its continuation: nothing here looks inside. */
export interface HeldPacket<T> {
  /** Whose turn it takes: the device's id, or the port's name for a station not known yet. */
  owner: string;
  /** Packets with equal keys wait for the same answer. */
  key: string;
  packet: T;
  arrived: Millis;
  deadline: Millis;
}

export interface HeldLimits {
  perOwner: number;
  total: number;
  /** A packet that nobody decided on falls back after so many milliseconds. */
  deadline: Millis;
}

export const DEFAULT_HELD_LIMITS: HeldLimits = { perOwner: 64, total: 1024, deadline: 200 };

export interface HeldStatistics {
  now: number;
  /** Since the start: taken in, given back by an answer, by the deadline, refused or displaced for want of room. */
  total: number;
  answered: number;
  expired: number;
  dropped: number;
}
