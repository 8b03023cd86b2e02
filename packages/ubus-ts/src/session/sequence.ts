// SPDX-License-Identifier: Apache-2.0
/*
 * 16-bit sequence numbers. One whose request was given up stays away until its late answer came, so that this is never taken for another's;
 * at most `limit` of them, then the oldest comes back, 60,000 requests later at the earliest.
 */
export class Sequence {
  #last = 0;
  /** Given up -> the peer that owes the answer. */
  readonly #owed = new Map<number, number>();

  constructor(readonly limit = 1024) {}

  /** A number that neither `used` nor an owed answer has. */
  next(used: { has(seq: number): boolean }): number {
    do this.#last = (this.#last + 1) & 0xffff;
    while (used.has(this.#last) || this.#owed.has(this.#last));
    return this.#last;
  }

  giveUp(seq: number, peer: number): void {
    if (this.#owed.size >= this.limit) for (const oldest of this.#owed.keys()) { this.#owed.delete(oldest); break; }
    this.#owed.set(seq, peer);
  }

  /** The last message of an answer came. */
  answered(seq: number, peer: number): void {
    if (this.#owed.get(seq) === peer) this.#owed.delete(seq);
  }
}
