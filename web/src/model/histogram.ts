// How many traces began when: bars over a stretch of time.

export interface Bar {
  startMs: number;
  count: number;
  errors: number;
}

export interface Histogram {
  sinceMs: number;
  untilMs: number;
  stepMs: number;
  /** In order of time; a step without traces has none. */
  bars: readonly Bar[];
  /** False if there are more traces; these are the newest. */
  isExact: boolean;
}

/** The stretch between two places: at least one bar. */
export function stretchBetween(histogram: Histogram, one: number, other: number): [number, number] {
  const [first, last] = one < other ? [one, other] : [other, one];
  const { sinceMs, untilMs, stepMs } = histogram;
  const startOf = (place: number) => Math.floor((sinceMs + place * (untilMs - sinceMs)) / stepMs) * stepMs;
  const from = startOf(Math.min(Math.max(first, 0), 1));
  const to = startOf(Math.min(Math.max(last, 0), 1)) + stepMs;
  return [from, to];
}
