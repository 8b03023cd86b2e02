// SPDX-License-Identifier: Apache-2.0
// reg0-15 (32 bits), xreg0-7 (64) and xxreg0-3 (128) are names for the same 512 bits: xreg N is reg 2N (upper half) and 2N+1.
import { fieldNamed } from "./fields.ts";
import type { Masked, Match, Version } from "./types.ts";
import { onesMask, toBits } from "./values.ts";

/** The same register matches in the width that Open vSwitch writes in this version: reg below OpenFlow 1.5, xreg from there on. */
export function splitRegisters(registers: Match, version: Version): Match {
  const words = registerWords(registers);
  const out: Match = {};
  for (let i = 0; i < 16; i += version === 6 ? 2 : 1) {
    if (version === 6) addPair(out, words, i);
    else if (words[i]!.mask !== 0) out[`reg${i}`] = exactOr(words[i]!, 0xffffffff);
  }
  return out;
}

function exactOr<V extends number | bigint>(word: Masked<V>, full: V): V | Masked<V> {
  return word.mask === full ? word.value : word;
}

function addPair(out: Match, words: Masked<number>[], i: number): void {
  const join = (high: number, low: number) => (BigInt(high) << 32n) | BigInt(low);
  const mask = join(words[i]!.mask, words[i + 1]!.mask);
  if (mask !== 0n) out[`xreg${i / 2}`] = exactOr({ value: join(words[i]!.value, words[i + 1]!.value), mask }, 0xffffffffffffffffn);
}

/** All 16 words, value and mask. */
function registerWords(registers: Match): Masked<number>[] {
  const words = Array.from({ length: 16 }, () => ({ value: 0, mask: 0 }));
  for (const name in registers) {
    const field = fieldNamed(name);
    const given = registers[name]!;
    const { value, mask } = typeof given === "object" && "mask" in given ? given : { value: given, mask: onesMask(field) };
    addWords(words, Number(/\d+$/.exec(name)![0]) * (field.bytes / 4), field.bytes / 4, toBits(value), toBits(mask));
  }
  return words;
}

function addWords(words: Masked<number>[], first: number, count: number, value: bigint, mask: bigint): void {
  for (let i = count - 1; i >= 0; i--, value >>= 32n, mask >>= 32n) {
    const word = words[first + i]!;
    word.value = (word.value | Number(value & 0xffffffffn)) >>> 0;
    word.mask = (word.mask | Number(mask & 0xffffffffn)) >>> 0;
  }
}
