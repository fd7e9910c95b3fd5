// Numbers over time as a chart's series: one value for each step of the axis, null where there is none.

/** What Bedrock says when it is asked too much; a trace whose calls got through after all has none of them. */
export const THROTTLED = "error IN ('ThrottlingException', 'ServiceQuotaExceededException', 'TooManyRequestsException')";

/** The name under which the server counts calls whose names are too many to be kept apart. */
export const OTHER = "(other)";

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

export interface Numbers {
  traces: { count: number; errors: number; latency: Percentiles | null } | null;
  calls: {
    count: number;
    errors: number;
    latency: Percentiles | null;
    firstToken: Percentiles | null;
    input: number;
    output: number;
    cacheRead: number;
    costUsd: number;
    unpriced: number;
  };
}

export interface Axis {
  sinceMs: number;
  stepMs: number;
  /** How many steps there are. */
  length: number;
}

export interface Overview {
  axis: Axis;
  total: Numbers;
  /** By the step of the axis. */
  steps: ReadonlyMap<number, Numbers>;
  /** The models that cost most, and what each cost by step; the last one may be all others. */
  costs: readonly ModelCosts[];
  /** Some calls are among the others since the server does not keep so many models apart. */
  areModelsMerged: boolean;
  /** Models that were called least are not in the costs, since there were too many of them. */
  areModelsCut: boolean;
  /** Traces in which a call was throttled, by step. */
  throttled: ReadonlyMap<number, number>;
}

export interface ModelCosts {
  /** Null for all others together. */
  model: string | null;
  total: number;
  bySteps: ReadonlyMap<number, number>;
}

export const stepOf = ({ sinceMs, stepMs }: Axis, startMs: number): number => Math.round((startMs - sinceMs) / stepMs);

/** When a step begins and ends. */
export function stretchOf({ sinceMs, stepMs }: Axis, step: number): { from: number; to: number } {
  return { from: sinceMs + step * stepMs, to: sinceMs + (step + 1) * stepMs };
}

/** Moments to name along the axis: whole steps, a quarter of it apart. */
export function ticksOf({ sinceMs, stepMs, length }: Axis): { ms: number; place: number }[] {
  const apart = Math.max(1, Math.ceil(length / TICKS));
  const steps = Array.from({ length: Math.ceil(length / apart) }, (_, i) => i * apart);
  return steps.map((step) => ({ ms: sinceMs + step * stepMs, place: step / length }));
}

const TICKS = 4;

export type Values = readonly (number | null)[];

/** A series of a number of each step; steps without traces have none, or nought where they are summed. */
export function seriesOf({ axis, steps }: Overview, read: (numbers: Numbers) => number | null | undefined, none: 0 | null = null): Values {
  return Array.from({ length: axis.length }, (_, step) => {
    const numbers = steps.get(step);
    return (numbers && read(numbers)) ?? none;
  });
}

export const ofSteps = ({ axis }: Overview, values: ReadonlyMap<number, number>): Values =>
  Array.from({ length: axis.length }, (_, step) => values.get(step) ?? 0);

const SHOWN = 5;

/** The models that cost most one by one, and the others as one; a null model's costs are among them. */
export function dearest(models: readonly { model: string | null; bySteps: ReadonlyMap<number, number> }[]): ModelCosts[] {
  const sums = models
    .map((each) => ({ ...each, total: [...each.bySteps.values()].reduce((sum, cost) => sum + cost, 0) }))
    .filter(({ total }) => total > 0)
    .sort((one, other) => other.total - one.total);
  const named = sums.filter(({ model }) => model !== null);
  const shown: ModelCosts[] = named.slice(0, SHOWN);
  const rest = [...named.slice(SHOWN), ...sums.filter(({ model }) => model === null)];
  if (rest.length === 0) return shown;
  const bySteps = new Map<number, number>();
  for (const each of rest) for (const [step, cost] of each.bySteps) bySteps.set(step, (bySteps.get(step) ?? 0) + cost);
  return [...shown, { model: null, total: rest.reduce((sum, { total }) => sum + total, 0), bySteps }];
}

/** The lines of a chart without the steps that have no value: pieces of points, (step, value). */
export function linePieces(values: Values): [number, number][][] {
  const pieces: [number, number][][] = [];
  let isOpen = false;
  values.forEach((value, step) => {
    if (value === null) {
      isOpen = false;
      return;
    }
    if (!isOpen) pieces.push([]);
    isOpen = true;
    pieces.at(-1)?.push([step, value]);
  });
  return pieces;
}

/** The largest value of series that stand on each other. */
export function stackedMost(series: readonly Values[], length: number): number {
  let most = 0;
  for (let step = 0; step < length; step++) most = Math.max(most, series.reduce((sum, values) => sum + (values[step] ?? 0), 0));
  return most;
}
