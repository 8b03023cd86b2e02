// SPDX-License-Identifier: Apache-2.0
/* ubus, the bus of OpenWrt: a client that stays connected (UbusClient), the session that it is made of, and the codec (also "ubus-ts/codec"). README.md is a tour. */
export { UbusClient, type AclEntry, type UbusOptions } from "./client/client.ts";
export { method, type Answer, type Arguments, type CallContext, type Declared, type Method, type Policy } from "./client/method.ts";
export { PublishedObject, type ObjectOptions, type SubscriberAnswer } from "./client/object.ts";
export { type Subscription, type SubscriptionHandlers } from "./client/subscription.ts";
export type { EventHandler, Listener } from "./client/listener.ts";
export { matches, type ObjectInfo } from "./client/lookup.ts";
export type { Monitor } from "./client/monitor.ts";
export type { LinkOptions, Ports } from "./client/link.ts";
export type { BackoffOptions } from "./session/backoff.ts";
export { Session, type Request, type SessionOptions, type SessionOutput } from "./session/session.ts";
export { Invocation } from "./session/invocation.ts";
export * from "./session/errors.ts";
export * from "./codec/index.ts";
