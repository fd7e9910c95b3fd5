// Stretches of time: a choice of the URL as bounds, in milliseconds.
import type { Range } from "./address";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LENGTHS: Readonly<Record<Range, number>> = {
  "15m": 15 * MINUTE,
  "1h": HOUR,
  "6h": 6 * HOUR,
  "24h": DAY,
  "7d": 7 * DAY,
  "30d": 30 * DAY,
};

interface Choice {
  range: Range | undefined;
  from: number | undefined;
  to: number | undefined;
}

export interface Bounds {
  sinceMs: number | null;
  /** Null while it goes on to now. */
  untilMs: number | null;
}

export function boundsOf({ range, from, to }: Choice, nowMs = Date.now()): Bounds {
  if (from !== undefined && to !== undefined) return { sinceMs: from, untilMs: to };
  return { sinceMs: range === undefined ? null : nowMs - LENGTHS[range], untilMs: null };
}
