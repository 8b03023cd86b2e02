// SPDX-License-Identifier: Apache-2.0
// What the records of qemu/scenarios/cost.ts come to: one row per set-up, and ratios of set-ups within the same round.
import { median, quantile } from "./result.ts";

export const setups = ["plain", "hairpin", "tracked", "edge", "vlan", "vxlan"] as const;
export type Setup = typeof setups[number];

export type CostRecord =
  | { setup: Setup; round: number; throughput: number; rtt: number[]; loss?: number }
  | { datapath: Setup; round: number; packets: number; missed: number; masksPerPacket: number; masks: number; flows: number }
  | { firsts: Setup; cold: boolean; round: number; times: (number | null)[][] };

/** `least`, `most`: of the rounds. */
export interface Spread { median: number; least: number; most: number; count: number }

/** A flow's first packet over the median of its second to tenth, milliseconds, over all flows. */
export interface Firsts { median: number; p95: number; flows: number; lost: number }

export const spread = (values: readonly number[]): Spread => ({ median: median(values), least: Math.min(...values), most: Math.max(...values), count: values.length });

const samples = (records: readonly CostRecord[], setup: Setup): Extract<CostRecord, { setup: Setup }>[] =>
  records.filter((record): record is Extract<CostRecord, { setup: Setup }> => "setup" in record && record.setup === setup).sort((a, b) => a.round - b.round);

/** Mbit/s of each round. */
export const throughput = (records: readonly CostRecord[], setup: Setup): number[] => samples(records, setup).map((sample) => sample.throughput);
/** The median of each round, milliseconds. */
export const roundTrip = (records: readonly CostRecord[], setup: Setup): number[] => samples(records, setup).map(({ rtt }) => median(rtt));
export const losses = (records: readonly CostRecord[], setup: Setup): number[] => samples(records, setup).flatMap(({ loss }) => loss ?? []);

/** Ours over the peer's, round by round, for throughput; the peer's over ours for times, so that more is better for both. */
export function ratios(records: readonly CostRecord[], ours: Setup, peer: Setup): { throughput: Spread; roundTrip: Spread } {
  const divided = (a: readonly number[], b: readonly number[]): Spread => spread(a.map((value, i) => value / b[i]!));
  return { throughput: divided(throughput(records, ours), throughput(records, peer)), roundTrip: divided(roundTrip(records, peer), roundTrip(records, ours)) };
}

/** Throws RangeError when no flow was answered. A time is null where the packet was lost (JSON has no infinity). */
export function firsts(records: readonly CostRecord[], setup: Setup, cold: boolean): Firsts {
  const flows = records.flatMap((record) => ("firsts" in record && record.firsts === setup && record.cold === cold ? record.times : []));
  const whole = flows.filter((times): times is number[] => !times.includes(null));
  const over = whole.map(([first, ...later]) => first! - median(later));
  return { median: median(over), p95: quantile(over, 0.95), flows: flows.length, lost: flows.length - whole.length };
}

/** Medians of the rounds. */
export function datapath(records: readonly CostRecord[], setup: Setup): { packets: number; missed: number; masksPerPacket: number; flows: number } {
  const all = records.filter((record): record is Extract<CostRecord, { datapath: Setup }> => "datapath" in record && record.datapath === setup);
  const of = (figure: "packets" | "missed" | "masksPerPacket" | "flows"): number => median(all.map((each) => each[figure]));
  return { packets: of("packets"), missed: of("missed"), masksPerPacket: of("masksPerPacket"), flows: of("flows") };
}
