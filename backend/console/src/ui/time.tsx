// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";

const STEPS: [limit: number, size: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, "second"], [3600, 60, "minute"], [86_400, 3600, "hour"], [14 * 86_400, 86_400, "day"],
  [182 * 86_400, 7 * 86_400, "week"], [730 * 86_400, 30.44 * 86_400, "month"], [Infinity, 365.25 * 86_400, "year"],
];
const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** "3 minutes ago", "in 2 days". */
export function relative(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  if (Math.abs(seconds) < 5) return "just now";
  const [, size, unit] = STEPS.find(([limit]) => Math.abs(seconds) < limit)!;
  return format.format(Math.round(seconds / size), unit);
}

const beats = new Set<() => void>();
setInterval(() => beats.forEach((beat) => beat()), 15_000);

/** Now, again each 15 seconds. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const beat = (): void => setNow(Date.now());
    beats.add(beat);
    return () => void beats.delete(beat);
  }, []);
  return now;
}

/** Relative, with the exact time as title. */
export function Time({ at }: { at: string | number | undefined }) {
  const now = useNow();
  if (at === undefined) return <span class="muted">never</span>;
  const date = new Date(at);
  // A row that was made a moment ago is newer than `now`.
  return <time dateTime={date.toISOString()} title={exact.format(date)}>{relative(date.getTime(), Math.max(now, Math.min(date.getTime(), Date.now())))}</time>;
}

/** Hours, minutes, seconds; the rest in the title. */
export function Clock({ at }: { at: string }) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return <time dateTime={at} title={exact.format(date)}>{today ? clock.format(date) : `${date.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${clock.format(date)}`}</time>;
}
