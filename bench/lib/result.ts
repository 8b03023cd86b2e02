// SPDX-License-Identifier: Apache-2.0
// One measured figure as the line that `npm run bench` prints.

export interface Result {
  bench: string;
  metric: string;
  /** "MB" is 10^6 bytes, "kB" 10^3, "ms", "per second", "flow-mods", "Mbit/s", "us". */
  unit: string;
  value: number;
  p50?: number;
  p99?: number;
  peer?: string;
  peerValue?: number;
  ratio?: number;
  /** The target was not met; `limit` says what the figure is made of. */
  missed?: true;
  limit?: string;
  /** What else a reader needs: versions, sample counts, figures beside it. */
  note?: string;
}

/** Rounded to four significant digits: more would be noise. */
export function round(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(4));
}

export function print(result: Result): void {
  const line: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(result)) {
    if (value !== undefined) line[key] = typeof value === "number" ? round(value) : value;
  }
  console.log(JSON.stringify(line));
}

/** The q-quantile (0 to 1) of samples, nearest rank. Throws RangeError without samples. */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new RangeError("no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}
