// Live rows: what a look at the newest page says about the list that is already on show.
import type { TraceRow } from "./trace";

export interface Fresh {
  /** Rows on show, those that have changed since in their new state, in the same places. */
  rows: readonly TraceRow[];
  /** How many newer ones wait. */
  waiting: number;
  /** True if more may wait than were looked at. */
  isMore: boolean;
}

/** Nothing moves: known rows are renewed where they stand, newer ones only counted. */
export function mergeFresh(shown: readonly TraceRow[], head: readonly TraceRow[], headIsWhole: boolean): Fresh {
  const known = new Set(shown.map((row) => row.id));
  const renewed = new Map(head.filter((row) => known.has(row.id)).map((row) => [row.id, row]));
  const top = shown[0];
  const newer = head.filter((row) => !known.has(row.id) && (top === undefined || row.startNs >= top.startNs));
  const rows = renewed.size === 0 ? shown : shown.map((row) => renewed.get(row.id) ?? row);
  return { rows, waiting: newer.length, isMore: newer.length === head.length && head.length > 0 && !headIsWhole };
}
