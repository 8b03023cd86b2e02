// SPDX-License-Identifier: Apache-2.0
/*
 * Which message an error belongs to. The switch answers most messages only when it refuses them; until a barrier sent after a message was answered,
 * its error may still come. Sent messages are kept in order, neighbours of one owner as a range, and forgotten up to the barrier that passed.
 * Those of a bundle are carried out, and refused, only by its commit: they are kept until their owner releases them.
 */

/** Who wants to know of a refusal. `index` counts the owner's messages. */
export interface Owner<E> {
  refused(error: E, index: number): void;
}

interface Range<E> {
  first: number;
  last: number;
  /** Index of `first` among the owner's messages. */
  index: number;
  owner: Owner<E> | undefined;
  held: boolean;
}

export class Outstanding<E> {
  #ranges: Range<E>[] = [];

  /** Ranges kept, barriers included. */
  get size(): number {
    return this.#ranges.length;
  }

  /** `held`: barriers do not count, `release` does. */
  sent(xid: number, owner: Owner<E>, index = 0, held = false): void {
    const last = this.#ranges.at(-1);
    if (last && last.owner === owner && last.last + 1 === xid && last.index + (xid - last.first) === index) last.last = xid;
    else this.#ranges.push({ first: xid, last: xid, index, owner, held });
  }

  barrier(xid: number): void {
    this.#ranges.push({ first: xid, last: xid, index: 0, owner: undefined, held: false });
  }

  /** Forgets what was sent before the barrier. */
  passed(xid: number): void {
    const at = this.#ranges.findIndex((range) => range.owner === undefined && range.first === xid);
    if (at >= 0) this.#ranges = this.#ranges.filter((range, i) => i > at || range.held);
  }

  release(owner: Owner<E>): void {
    this.#ranges = this.#ranges.filter((range) => range.owner !== owner);
  }

  find(xid: number): { owner: Owner<E>; index: number } | undefined {
    for (let i = this.#ranges.length - 1; i >= 0; i--) {
      const { first, last, index, owner } = this.#ranges[i]!;
      if (xid >= first && xid <= last) return owner && { owner, index: index + (xid - first) };
    }
    return undefined;
  }
}
