// What can be asked of the server, as TanStack Query options: keys, pages and pace in one place.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Histogram } from "@/model/histogram";
import type { TraceRow } from "@/model/trace";
import { get } from "./client";
import { readExperiment, readPayload, readTrace, readTraceRow } from "./read";
import { readOutline } from "./readOutline";
import type { Span } from "@/model/trace";

const PAGE = 100;
const POLL_MS = 4000;
// As many as can be told apart on a screen.
const BARS = 100;
// A trace's spans may still be arriving while it is open.
const YOUNG_MS = 60_000;

export interface TracePage {
  rows: readonly TraceRow[];
  next: string | null;
  /** So many traces may fit besides: their words could not be searched yet. */
  unsearched: number;
}

/** Which traces are asked for, and in which order. */
export interface ListAsk {
  experiment: string | undefined;
  filter: string | undefined;
  sinceMs: number | null;
  untilMs: number | null;
  order: string | undefined;
}

const milliseconds = (ns: string): number => Number(BigInt(ns) / 1_000_000n);
const nanoseconds = (ms: number | null): string | undefined => (ms === null ? undefined : `${ms}000000`);

export const stretch = ({ sinceMs, untilMs }: ListAsk) => ({ since_ns: nanoseconds(sinceMs), until_ns: nanoseconds(untilMs) });

async function tracePage(ask: ListAsk, cursor: string | undefined, signal: AbortSignal): Promise<TracePage> {
  const { experiment, filter, order } = ask;
  const page = await get("/api/traces", { query: { experiment, filter, ...stretch(ask), order_by: order, cursor, limit: PAGE }, signal });
  return { rows: page.traces.map(readTraceRow), next: page.next_cursor, unsearched: page.words_waiting };
}

export const experimentsQuery = queryOptions({
  queryKey: ["experiments"],
  queryFn: async ({ signal }) => (await get("/api/experiments", { signal })).experiments.map(readExperiment),
  refetchInterval: 4 * POLL_MS,
});

/** Who the page speaks for; it changes only by way of the sign-in page, which loads everything anew. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => get("/api/session", { signal }),
  staleTime: Infinity,
});

/**
 * The list as it was when it was opened, page after page. It is fetched again by itself only while nothing is on
 * show, since words are still being indexed: then nothing can move.
 */
export const tracesQuery = (ask: ListAsk) =>
  infiniteQueryOptions({
    queryKey: ["traces", ask],
    queryFn: ({ pageParam, signal }) => tracePage(ask, pageParam, signal),
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.every(({ rows }) => rows.length === 0) === true && unsearchedOf(state.data.pages) > 0 ? POLL_MS : false,
    refetchIntervalInBackground: false,
    staleTime: Infinity,
    gcTime: 10 * 60_000,
  });

/** A page that was asked for when more waited may lack what is found by now: the most counts. */
export const unsearchedOf = (pages: readonly TracePage[]): number => Math.max(0, ...pages.map(({ unsearched }) => unsearched));

/** The newest page; where the server cannot tell what comes, it is looked at every few seconds. */
export const newestQuery = (ask: ListAsk, isToldOf: boolean) =>
  queryOptions({
    queryKey: ["newest", ask],
    queryFn: ({ signal }) => tracePage(ask, undefined, signal),
    refetchInterval: isToldOf ? false : POLL_MS,
    refetchIntervalInBackground: false,
    staleTime: 0,
  });

/** The first few traces of an order. */
export const topQuery = (ask: ListAsk, limit: number) =>
  queryOptions({
    queryKey: ["top", ask, limit],
    queryFn: async ({ signal }) => {
      const { experiment, filter, order } = ask;
      const page = await get("/api/traces", { query: { experiment, filter, ...stretch(ask), order_by: order, limit }, signal });
      return page.traces.map(readTraceRow);
    },
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });

/** How many traces there are; more than the server counts is said so. */
export const countQuery = (ask: ListAsk) =>
  queryOptions({
    queryKey: ["count", ask],
    queryFn: ({ signal }) =>
      get("/api/traces/count", { query: { experiments: ask.experiment, filter: ask.filter, ...stretch(ask) }, signal }),
    staleTime: POLL_MS,
  });

/** What the traces have, and how many have it. */
export const facetsQuery = (ask: ListAsk, top: number) =>
  queryOptions({
    queryKey: ["facets", ask, top],
    queryFn: ({ signal }) =>
      get("/api/facets", { query: { experiments: ask.experiment, filter: ask.filter, ...stretch(ask), top }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });

/** When the traces began, in steps that the server chooses. */
export async function histogram(ask: ListAsk, signal: AbortSignal): Promise<Histogram> {
  const query = { experiments: ask.experiment, filter: ask.filter, ...stretch(ask), steps: BARS };
  const found = await get("/api/timeline", { query, signal });
  return {
    sinceMs: milliseconds(found.since_ns),
    untilMs: milliseconds(found.until_ns),
    stepMs: found.interval_s * 1000,
    bars: found.bars.map(({ start_ns, count, errors }) => ({ startMs: milliseconds(start_ns), count, errors })),
    isExact: found.is_exact,
  };
}

export const histogramQuery = (ask: ListAsk) =>
  queryOptions({
    queryKey: ["histogram", ask],
    queryFn: ({ signal }) => histogram(ask, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ask.untilMs === null ? 30_000 : false,
    refetchIntervalInBackground: false,
    staleTime: 15_000,
  });

export const traceQuery = (traceId: string) =>
  queryOptions({
    queryKey: ["trace", traceId],
    queryFn: async ({ signal }) => readTrace(await get("/api/traces/{trace_id}", { path: { trace_id: traceId }, signal })),
    refetchInterval: ({ state }) => {
      const start = state.data?.row.startNs;
      return start !== undefined && Date.now() - Number(start / 1_000_000n) < YOUNG_MS ? POLL_MS : false;
    },
  });

// A browser bears no more at once; the earliest by their ids, which say nothing of their place.
export const MOST_SPANS = 200_000;
const OUTLINE_PAGE = 20_000;

/** All spans of a trace that is too large to come at once. It is asked for anew when their number has changed. */
export const outlineQuery = (traceId: string, spanCount: number) =>
  queryOptions({
    queryKey: ["outline", traceId, spanCount],
    queryFn: async ({ signal }) => {
      const spans: Span[] = [];
      let after: string | undefined;
      do {
        const page = await get("/api/traces/{trace_id}/outline", { path: { trace_id: traceId }, query: { after, limit: OUTLINE_PAGE }, signal });
        for (const span of readOutline(page)) spans.push(span);
        after = page.next_after ?? undefined;
      } while (after !== undefined && spans.length < MOST_SPANS);
      return spans;
    },
    // Comparing so many with those of before costs more than drawing them.
    structuralSharing: false,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 30_000,
  });

export const spanQuery = (traceId: string, spanId: string) =>
  queryOptions({
    queryKey: ["span", traceId, spanId],
    queryFn: async ({ signal }) =>
      readPayload(await get("/api/traces/{trace_id}/spans/{span_id}", { path: { trace_id: traceId, span_id: spanId }, signal })),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
