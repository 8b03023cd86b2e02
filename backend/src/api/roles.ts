// SPDX-License-Identifier: Apache-2.0
// viewer reads; operator also pushes policies, approves gateways, gives verdicts; administrator also manages users, tokens of others, networks and keys.
import type { Actor, Role } from "../ports.ts";

export const ROLES = ["viewer", "operator", "administrator"] as const satisfies readonly Role[];

export function mayActAs(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export function atMost(role: Role, limit: Role): Role {
  return mayActAs(limit, role) ? role : limit;
}

/** Actors without a list may see every network. */
export function maySee(actor: Actor, network: string): boolean {
  return actor.networks === undefined || actor.networks.includes(network);
}
