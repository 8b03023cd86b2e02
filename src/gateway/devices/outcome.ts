// SPDX-License-Identifier: Apache-2.0
// What the device table answers to each input.
import type { Device, Ip, Mac } from "../../wifi-isolation/network.ts";

/** Why a station is sent away: IEEE 802.11-2020 table 9-49. */
export const ReasonCode = { UNSPECIFIED: 1, NOT_VALID: 2, TOO_MANY: 5 } as const;

export interface Deauthenticate {
  /** Name of the port of the BSS. */
  port: string;
  mac: Mac;
  /** One of `ReasonCode`. */
  reason: number;
}

/** A station to be asked by ARP, at its own place, whether it is there. An answer is a frame from there. */
export interface Ask {
  port: string;
  mac: Mac;
  /** IPv4. */
  address: Ip;
}

/** How an address came to a device: a lease beats what the device itself claimed in ARP, ND or a packet. */
export type BindingSource = "lease" | "learnt";

export type DeviceEvent =
  | { type: "device-joined"; mac: Mac; id: number; port: string }
  | { type: "device-moved"; mac: Mac; from: string; to: string }
  | { type: "device-left"; mac: Mac; id: number; reason: "idle" | "room" | "forgotten" | "infrastructure" }
  | { type: "device-blocked"; mac: Mac; reason: string }
  | { type: "device-unblocked"; mac: Mac }
  | { type: "address-bound"; mac: Mac; address: Ip; by: BindingSource }
  | { type: "address-unbound"; mac: Mac; address: Ip; reason: "expired" | "replaced" | "leased-to-another" | "absent" | "outside" }
  | DeviceAlarm;

/** Somebody does what an honest station does not. The same alarm is told once in ten seconds. */
export type DeviceAlarm =
  /** `port`: where the device is bound and stays; `other`: where its MAC was seen too. */
  | { type: "mac-at-two-places"; mac: Mac; port: string; other: string }
  /** Associated with the device's MAC but another key: refused. `offered` is undefined when no key was proved. */
  | { type: "identity-mismatch"; mac: Mac; port: string; expected: string; offered?: string }
  /** A MAC or an address of the router, a resolver or the access point itself. */
  | { type: "gateway-impersonated"; mac: Mac; port: string; what: Mac | Ip }
  /** `mac` claims (or was leased) what is bound to `holder`. */
  | { type: "address-conflict"; mac: Mac; port: string; address: Ip; holder: Mac }
  /** An address that no station of this network can have. */
  | { type: "address-refused"; mac: Mac; port: string; address: Ip }
  | { type: "too-many-addresses"; mac: Mac; port: string; address: Ip }
  | { type: "too-many-stations"; port: string };

/**
 * `setDevices` and `removeDevices` belong in one edit of the model (an address may have gone from one device to another).
 * `frame`: what becomes of the held frame that led here. "wait": the source of station events covers that port and has not told of this
 * station yet; ask again when it tells something, drop at the deadline.
 */
export interface DeviceOutcome {
  setDevices: Device[];
  removeDevices: number[];
  events: DeviceEvent[];
  deauthenticate: Deauthenticate[];
  asks: Ask[];
  frame: "release" | "drop" | "wait";
}
