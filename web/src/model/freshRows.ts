// Live rows: what is known of newer traces, beside the list that is already on show.
import type { TraceRow } from "./trace";

export interface Fresh {
  /** Rows on show, those that have changed since in their new state, in the same places. */
  rows: readonly TraceRow[];
  /** Newer ones, newest first: they wait. */
  waiting: readonly TraceRow[];
  /** True if more may wait than were looked at. */
  isMore: boolean;
}

/** Nothing moves: known rows are renewed where they stand, newer ones only wait. */
export function mergeFresh(shown: readonly TraceRow[], head: readonly TraceRow[], headIsWhole: boolean): Fresh {
  const known = new Set(shown.map((row) => row.id));
  const renewed = new Map(head.filter((row) => known.has(row.id)).map((row) => [row.id, row]));
  const top = shown[0];
  const newer = head.filter((row) => !known.has(row.id) && (top === undefined || row.startNs >= top.startNs));
  const rows = renewed.size === 0 ? shown : shown.map((row) => renewed.get(row.id) ?? row);
  return { rows, waiting: newer, isMore: newer.length === head.length && head.length > 0 && !headIsWhole };
}

/** What was read as one page and what was told since, newest first; what was told is the newer state. */
export function joinedHead(page: readonly TraceRow[], told: ReadonlyMap<string, TraceRow>): readonly TraceRow[] {
  if (told.size === 0) return page;
  const rows = [...told.values(), ...page.filter(({ id }) => !told.has(id))];
  return rows.sort((one, other) => (one.startNs === other.startNs ? 0 : one.startNs > other.startNs ? -1 : 1));
}
