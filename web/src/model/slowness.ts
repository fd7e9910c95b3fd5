// Which traces of a list are slow: by the median of those with the same name, since an agent's normal is not a chat's.
import { median } from "./median";
import type { TraceRow } from "./trace";

const TIMES = 3;
const ENOUGH = 8;

/** The median duration of each name that has enough rows to say so. */
export function medianByName(rows: readonly TraceRow[]): ReadonlyMap<string, number> {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const group = groups.get(row.name);
    if (group) group.push(row.durationNs);
    else groups.set(row.name, [row.durationNs]);
  }
  const medians = new Map<string, number>();
  for (const [name, durations] of groups) if (durations.length >= ENOUGH) medians.set(name, median(durations));
  return medians;
}

/** How many times the median a row took, if that is slow; else null. */
export function slowTimes(row: TraceRow, medians: ReadonlyMap<string, number>): number | null {
  const usual = medians.get(row.name);
  if (usual === undefined || usual <= 0) return null;
  const times = row.durationNs / usual;
  return times > TIMES ? times : null;
}

const FULL_NS = 30e9;

/** The length of a latency bar, 0 to 1. The scale is fixed, so that rows do not change as others load. */
export function latencyShare(durationNs: number): number {
  return Math.min(Math.sqrt(Math.max(durationNs, 0) / FULL_NS), 1);
}
