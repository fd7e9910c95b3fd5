// The overview's numbers: several questions to the server over one axis of time, as one answer.
import { queryOptions, keepPreviousData } from "@tanstack/react-query";
import { dearest, OTHER, stepOf, THROTTLED, type Axis, type Numbers, type Overview } from "@/model/overview";
import { get } from "./client";
import type { components } from "./generated/schema";
import { histogram, stretch, type ListAsk } from "./queries";

type Schemas = components["schemas"];

const MOST_GROUPS = 10_000;

export const overviewQuery = (ask: ListAsk) =>
  queryOptions({
    queryKey: ["overview", ask],
    queryFn: ({ signal }) => overview(ask, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ask.untilMs === null ? 30_000 : false,
    refetchIntervalInBackground: false,
    staleTime: 15_000,
  });

async function overview(ask: ListAsk, signal: AbortSignal): Promise<Overview> {
  // The axis first: all else is counted in its steps.
  const { sinceMs, untilMs, stepMs } = await histogram(ask, signal);
  const axis: Axis = { sinceMs, stepMs, length: Math.max(1, Math.round((untilMs - sinceMs) / stepMs)) };
  const whole = { experiments: ask.experiment, ...stretch({ ...ask, sinceMs, untilMs }), limit: MOST_GROUPS };
  const aggregates = (...groupBy: string[]) =>
    get("/api/aggregates", { query: { ...whole, group_by: groupBy, interval_s: stepMs / 1000 }, signal });
  const [total, byTime, byModel, throttled] = await Promise.all([
    aggregates(),
    aggregates("time"),
    aggregates("time", "model"),
    histogram({ ...ask, sinceMs, untilMs, filter: THROTTLED }, signal),
  ]);
  const steps = byTime.groups.map((group) => [stepAt(axis, group.key.time), readNumbers(group)] as const);
  return {
    axis,
    total: readNumbers(total.groups[0]),
    steps: new Map(steps),
    costs: costsByModel(axis, byModel.groups),
    areModelsMerged: byModel.has_others,
    areModelsCut: !byModel.is_complete,
    throttled: new Map(throttled.bars.map(({ startMs, count }) => [stepOf(axis, startMs), count])),
  };
}

const stepAt = (axis: Axis, time: string | null | undefined): number => stepOf(axis, Number(BigInt(time ?? "0") / 1_000_000n));

function costsByModel(axis: Axis, groups: readonly Schemas["Group"][]) {
  const models = new Map<string | null, Map<number, number>>();
  for (const { key, calls } of groups) {
    if (key.model == null) continue;
    const model = key.model === OTHER ? null : key.model;
    const bySteps = models.get(model) ?? new Map<number, number>();
    bySteps.set(stepAt(axis, key.time), calls.cost_usd);
    models.set(model, bySteps);
  }
  return dearest([...models].map(([model, bySteps]) => ({ model, bySteps })));
}

const readPercentiles = (raw: Schemas["Percentiles"] | null) => raw && { p50: raw.p50_ns, p95: raw.p95_ns, p99: raw.p99_ns };

function readNumbers(raw: Schemas["Group"] | undefined): Numbers {
  const { traces, calls } = raw ?? { traces: null, calls: null };
  return {
    traces: traces && { count: traces.count, errors: traces.errors, latency: readPercentiles(traces.latency) },
    calls: {
      count: calls?.count ?? 0,
      errors: calls?.errors ?? 0,
      latency: calls && readPercentiles(calls.latency),
      firstToken: calls && readPercentiles(calls.time_to_first_chunk),
      input: calls?.usage.input_tokens ?? 0,
      output: calls?.usage.output_tokens ?? 0,
      cacheRead: calls?.usage.cache_read_input_tokens ?? 0,
      costUsd: calls?.cost_usd ?? 0,
      unpriced: calls?.unpriced ?? 0,
    },
  };
}
