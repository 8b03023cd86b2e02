// SPDX-License-Identifier: Apache-2.0
// Periodic work that one process does for all.
export const leases: readonly string[] = ["CREATE TABLE leases (name text PRIMARY KEY, until timestamptz NOT NULL)"];
