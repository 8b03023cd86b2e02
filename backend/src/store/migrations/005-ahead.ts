// SPDX-License-Identifier: Apache-2.0
export const ahead: readonly string[] = [
  // The number of the document that a gateway has, where this database never gave it such a high one: it is sent nothing meanwhile.
  "ALTER TABLE gateways ADD COLUMN ahead bigint",
];
