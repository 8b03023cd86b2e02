// SPDX-License-Identifier: Apache-2.0
import type { Millis } from "quickjs-ts";

/** All waits in milliseconds. */
export interface DeviceLimits {
  devices: number;
  ipv4PerDevice: number;
  ipv6PerDevice: number;
  /** New addresses that one device may claim: at once, and the time after which one more is allowed. */
  claimBurst: number;
  claimInterval: Millis;
  /** Requests of one device to a DHCP server for addresses that it does not have: the same. */
  requestBurst: number;
  requestInterval: Millis;
  /** New stations learnt from frames of one port: the same. Stations that the radio tells of are not counted. */
  joinBurst: number;
  joinInterval: Millis;
  /** Without key identities: how long a MAC is refused that re-associates while its old place is alive. 0: it moves at once. */
  holdDown: Millis;
  /** Without station events: a device whose frames have not been counted for so long may turn up at another port. */
  silence: Millis;
  /** In a network with thin ports: a station that was asked (twice at least) and has not answered for so long may turn up elsewhere; `radioPatience` while our own radio says that it is associated. */
  patience: Millis;
  radioPatience: Millis;
  /** How long after the first frame of an associated station at another radio that radio may tell of it late; then it is an alarm. Longer than hostapd is waited for where it is asked. */
  grace: Millis;
  /** A learnt address of a device unseen for so long may be taken by another. */
  addressHold: Millis;
  /** A device without lease, key and name in the policy is forgotten when unseen for so long; any other after `forgetKnown`. */
  forget: Millis;
  forgetKnown: Millis;
  /** A device seen for at least so long counts as known when room must be made. */
  probation: Millis;
}

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE;

export const DEFAULT_DEVICE_LIMITS: DeviceLimits = {
  devices: 1024, ipv4PerDevice: 4, ipv6PerDevice: 16, claimBurst: 20, claimInterval: 2 * SECOND, requestBurst: 8, requestInterval: 30 * SECOND, joinBurst: 64, joinInterval: SECOND,
  holdDown: 10 * SECOND, silence: 30 * SECOND, patience: SECOND / 2, radioPatience: 2 * SECOND, grace: 3 * SECOND, addressHold: 15 * MINUTE, forget: 2 * HOUR, forgetKnown: 30 * 24 * HOUR, probation: 10 * MINUTE,
};
