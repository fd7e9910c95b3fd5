// Which charts there are, and what stands beside them.
import { formatCost, formatCount, formatDuration, formatLarge, formatShare } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { shortModel } from "@/model/modelName";
import { ofSteps, seriesOf, THROTTLED, type Numbers, type Overview, type Values } from "@/model/overview";

export interface Series {
  name: string;
  colour: string;
  values: Values;
  /** Of the whole stretch; null where a sum means nothing. */
  total: number | null;
}

export interface ChartFacts {
  name: string;
  kind: "bars" | "lines";
  series: readonly Series[];
  format: (value: number) => string;
  /** Further words beside the chart, a line each. */
  notes?: readonly string[];
  /** What the list behind a step is filtered by. */
  filter?: string;
}

const COLOURS = [1, 2, 3, 4, 5].map((n) => `var(--series-${n})`);
const [FIRST = "", SECOND = "", THIRD = ""] = COLOURS;
const REST = "var(--series-rest)";

export function useChartList(overview: Overview): ChartFacts[] {
  const { t, language } = useSpeech();
  const { total, throttled, costs } = overview;
  const { calls } = total;
  const count = (value: number) => formatCount(value, language);
  const of = (name: string, colour: string, read: (numbers: Numbers) => number | null | undefined, none: 0 | null = 0): Series => ({
    name,
    colour,
    values: seriesOf(overview, read, none),
    total: read(total) ?? null,
  });
  const charts: (ChartFacts | null)[] = [
    {
      name: t.traces,
      kind: "bars",
      series: [
        of(t.failed, "var(--red)", ({ traces }) => traces?.errors),
        of(t.succeeded, REST, ({ traces }) => traces && traces.count - traces.errors),
      ],
      format: count,
      notes: total.traces ? [t.failedShare(formatShare(total.traces.errors, total.traces.count))] : [],
    },
    {
      name: t.latency,
      kind: "lines",
      series: [
        of("p99", REST, ({ traces }) => traces?.latency?.p99, null),
        of("p95", SECOND, ({ traces }) => traces?.latency?.p95, null),
        of("p50", FIRST, ({ traces }) => traces?.latency?.p50, null),
      ],
      format: formatDuration,
    },
    calls.firstToken && {
      name: t.firstToken,
      kind: "lines",
      series: [
        of("p95", SECOND, (numbers) => numbers.calls.firstToken?.p95, null),
        of("p50", FIRST, (numbers) => numbers.calls.firstToken?.p50, null),
      ],
      format: formatDuration,
    },
    {
      name: t.tokens,
      kind: "bars",
      series: [
        of(t.output, FIRST, (numbers) => numbers.calls.output),
        of(t.input, SECOND, (numbers) => numbers.calls.input - numbers.calls.cacheRead),
        ...(calls.cacheRead > 0 ? [of(t.fromCache, REST, (numbers) => numbers.calls.cacheRead)] : []),
      ],
      format: (value) => formatLarge(value, language),
      notes: calls.cacheRead > 0 ? [t.cached(formatShare(calls.cacheRead, calls.input))] : [],
    },
    costs.length > 0
      ? {
          name: t.cost,
          kind: "bars",
          series: costs.map(({ model, total: sum, bySteps }, i) => ({
            name: model === null ? t.otherModels : shortModel(model),
            colour: model === null ? REST : (COLOURS[i] ?? REST),
            values: ofSteps(overview, bySteps),
            total: sum,
          })),
          format: (value: number) => formatCost(value, language),
          notes: [
            ...(calls.unpriced > 0 ? [t.unpricedCalls(calls.unpriced, count(calls.unpriced))] : []),
            ...(overview.areModelsMerged ? [t.modelsMerged] : []),
            ...(overview.areModelsCut ? [t.modelsCut] : []),
          ],
        }
      : null,
    throttled.size > 0
      ? {
          name: t.throttling,
          kind: "bars",
          series: [{ name: t.traces, colour: THIRD, values: ofSteps(overview, throttled), total: sumOf(throttled) }],
          format: count,
          filter: THROTTLED,
        }
      : null,
  ];
  return charts.filter((chart) => chart !== null);
}

const sumOf = (values: ReadonlyMap<number, number>): number => [...values.values()].reduce((sum, value) => sum + value, 0);
