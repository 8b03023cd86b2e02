// SPDX-License-Identifier: Apache-2.0
import { initial } from "./001-initial.ts";
import { leases } from "./002-leases.ts";
import { accounts } from "./003-accounts.ts";
import { recovery } from "./004-recovery.ts";
import { ahead } from "./005-ahead.ts";
import { order } from "./006-order.ts";

/** Number n is at n - 1. What was released is never changed; a change is one more entry. */
export const migrations: readonly { name: string; statements: readonly string[] }[] = [
  { name: "initial", statements: initial },
  { name: "leases", statements: leases },
  { name: "accounts", statements: accounts },
  { name: "recovery", statements: recovery },
  { name: "ahead", statements: ahead },
  { name: "order", statements: order },
];
