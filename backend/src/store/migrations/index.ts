// SPDX-License-Identifier: Apache-2.0
import { initial } from "./001-initial.ts";
import { leases } from "./002-leases.ts";

/** Number n is at n - 1. What was released is never changed; a change is one more entry. The tables of people and tokens are in api/accounts/tables.ts. */
export const migrations: readonly { name: string; statements: readonly string[] }[] = [
  { name: "initial", statements: initial },
  { name: "leases", statements: leases },
];
