// SPDX-License-Identifier: Apache-2.0
import type { Masked } from "node-openvswitch/openflow";

/** The ports from `first` to `last` as at most 30 matches: aligned blocks of a power of two; a single port has no mask. */
export function* portMasks(first: number, last: number): Generator<number | Masked<number>> {
  let port = first;
  while (port <= last) {
    let size = port === 0 ? 0x10000 : port & -port;
    while (port + size - 1 > last) size /= 2;
    yield size === 1 ? port : { value: port, mask: 0x10000 - size };
    port += size;
  }
}
