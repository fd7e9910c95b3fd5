// A whole trace in a strip: how much ran at once, what kind of work it mostly was, and where something failed.
import type { SpanKind } from "./spanKind";
import type { TimeWindow } from "./timeline";
import type { SpanTree } from "./tree";

export interface Column {
  /** How many spans ran on average, as a share of the most. */
  height: number;
  kind: SpanKind;
  hasError: boolean;
}

/** Only spans without children count: those above them run all the time. */
export function minimap(tree: SpanTree, window: TimeWindow, columns: number): (Column | null)[] {
  const running = new Map<SpanKind, Float64Array>();
  const sums = new Float64Array(columns);
  const failed = new Uint8Array(columns);
  for (const { span, below } of tree.order) {
    const from = (Number(span.startNs - window.startNs) / window.lengthNs) * columns;
    const to = from + (span.durationNs / window.lengthNs) * columns;
    const first = Math.min(Math.max(Math.floor(from), 0), columns - 1);
    const last = Math.min(Math.max(Math.ceil(to) - 1, first), columns - 1);
    if (below > 0) continue;
    const own = running.get(span.kind) ?? new Float64Array(columns);
    running.set(span.kind, own);
    for (let i = first; i <= last; i++) {
      // What is shorter than a column is still seen.
      const share = Math.max(Math.min(to, i + 1) - Math.max(from, i), 0.02);
      own[i] = (own[i] ?? 0) + share;
      sums[i] = (sums[i] ?? 0) + share;
      if (span.status === "ERROR") failed[i] = 1;
    }
  }
  const most = sums.reduce((max, sum) => Math.max(max, sum), 0);
  return Array.from(sums, (sum, i) => {
    if (sum === 0) return null;
    const [kind] = [...running].reduce<[SpanKind, number]>((best, [each, own]) => ((own[i] ?? 0) > best[1] ? [each, own[i] ?? 0] : best), ["function", 0]);
    return { height: Math.max(sum / most, 0.08), kind, hasError: failed[i] === 1 };
  });
}
