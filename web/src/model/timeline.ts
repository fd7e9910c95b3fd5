// Spans on the time axis of their trace, as shares of its width.
import { endNs, type Span } from "./trace";

export interface TimeWindow {
  startNs: bigint;
  lengthNs: number;
}

export interface Bar {
  left: number;
  width: number;
  /** Where the first token lies within the bar, as a share of the bar; null if the call was no stream. */
  notch: number | null;
}

export function timeWindow(spans: readonly Span[]): TimeWindow {
  const first = spans[0];
  if (!first) return { startNs: 0n, lengthNs: 1 };
  let start = first.startNs;
  let end = endNs(first);
  for (const span of spans) {
    if (span.startNs < start) start = span.startNs;
    const spanEnd = endNs(span);
    if (spanEnd > end) end = spanEnd;
  }
  return { startNs: start, lengthNs: Math.max(Number(end - start), 1) };
}

export function barOf(span: Span, window: TimeWindow): Bar {
  const left = Number(span.startNs - window.startNs) / window.lengthNs;
  const width = span.durationNs / window.lengthNs;
  const notch = span.firstTokenNs !== null && span.durationNs > 0 ? Math.min(span.firstTokenNs / span.durationNs, 1) : null;
  return { left, width, notch };
}

const STEPS = [1, 2, 5];

/** Round moments for an axis of this length: at most `most` of them, the zero left out. */
export function ticks(lengthNs: number, most: number): number[] {
  if (lengthNs <= 0) return [];
  const rough = lengthNs / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [...STEPS, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  const marks: number[] = [];
  for (let at = step; at < lengthNs; at += step) marks.push(at);
  return marks;
}

/** Round moments of a stretch of an axis, its start left out: at most `most` of them, and how far they lie apart. */
export function ticksWithin(fromNs: number, toNs: number, most: number): { marks: number[]; stepNs: number } {
  const [stepNs = 0] = ticks(toNs - fromNs, most);
  if (stepNs === 0) return { marks: [], stepNs: 0 };
  const marks: number[] = [];
  for (let at = Math.floor(fromNs / stepNs) * stepNs + stepNs; at < toNs; at += stepNs) marks.push(at);
  return { marks, stepNs };
}

/** The marks whose labels have room, from the left; `edge` and `gap` are shares of the axis. */
export function withRoom<M extends { share: number }>(marks: readonly M[], { edge, gap }: { edge: number; gap: number }): M[] {
  const kept: M[] = [];
  for (const mark of marks) {
    const before = kept.at(-1);
    if (mark.share < edge && (!before || mark.share - before.share >= gap)) kept.push(mark);
  }
  return kept;
}
