// SPDX-License-Identifier: Apache-2.0
import type { Ip, NameBinding } from "../../wifi-isolation/network.ts";

export type NameEvent =
  /** An answer would let a rule for a name of the internet lead into the network itself (DNS rebinding). */
  | { type: "name-refused"; pattern: string; name: string; address: Ip }
  /** More addresses than a pattern may hold: the one that would expire first went. */
  | { type: "name-full"; pattern: string; dropped: Ip };

/** `names`: the new, whole content of each pattern that changed, as the model's edit wants it. Release the held answer when that is in force. */
export interface NameOutcome {
  names: NameBinding[];
  events: NameEvent[];
}
