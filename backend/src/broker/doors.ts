// SPDX-License-Identifier: Apache-2.0
// Counts connections, so that who only knocks cannot keep others out.

export interface DoorLimits {
  /** Connections in all. */
  total: number;
  /** Connections from one address that are not yet accepted gateways. */
  strangers: number;
}

export class Doors {
  #total = 0;
  readonly #strangers = new Map<string, number>();

  constructor(private readonly limits: DoorLimits) {}

  /** A string: why this one has to go. Otherwise `known` once when it proved to be a gateway, `left` once when it is gone. */
  enter(remote: string): { known(): void; left(): void } | string {
    const strangers = this.#strangers.get(remote) ?? 0;
    if (this.#total >= this.limits.total) return `${this.#total} connections are open already`;
    if (strangers >= this.limits.strangers) return `${strangers} connections from this address have not said who they are`;
    this.#total++;
    this.#strangers.set(remote, strangers + 1);
    let stranger = true;
    const known = (): void => {
      if (!stranger) return;
      stranger = false;
      const rest = this.#strangers.get(remote)! - 1;
      if (rest === 0) this.#strangers.delete(remote);
      else this.#strangers.set(remote, rest);
    };
    return { known, left: () => { known(); this.#total--; } };
  }
}
