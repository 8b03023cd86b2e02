// SPDX-License-Identifier: Apache-2.0
// Which of a gateway's messages its state is from: the start of its program, and the number in it. Lanes and processes bring them out of order.
export const order: readonly string[] = [
  "ALTER TABLE gateways ADD COLUMN reported_start text, ADD COLUMN reported_number bigint",
  "ALTER TABLE gateways ADD COLUMN devices_start text, ADD COLUMN devices_number bigint",
];
