// What can be asked of the server, as TanStack Query options: keys, pages and pace in one place.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { TraceRow } from "@/model/trace";
import { get } from "./client";
import { readExperiment, readPayload, readTrace, readTraceRow } from "./read";

const PAGE = 100;
const POLL_MS = 4000;
// A trace's spans may still be arriving while it is open.
const YOUNG_MS = 60_000;

export interface TracePage {
  rows: readonly TraceRow[];
  next: string | null;
}

async function tracePage(experiment: string | undefined, cursor: string | undefined, limit: number, signal: AbortSignal): Promise<TracePage> {
  const page = await get("/api/traces", { query: { experiment, cursor, limit }, signal });
  return { rows: page.traces.map(readTraceRow), next: page.next_cursor };
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

/** The list as it was when it was opened, page after page; it is not fetched again by itself. */
export const tracesQuery = (experiment: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["traces", experiment ?? null],
    queryFn: ({ pageParam, signal }) => tracePage(experiment, pageParam, PAGE, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: Infinity,
    gcTime: 10 * 60_000,
  });

/** The newest page, looked at every few seconds while the tab is seen. */
export const newestQuery = (experiment: string | undefined) =>
  queryOptions({
    queryKey: ["newest", experiment ?? null],
    queryFn: ({ signal }) => tracePage(experiment, undefined, PAGE, signal),
    refetchInterval: POLL_MS,
    refetchIntervalInBackground: false,
    staleTime: 0,
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

export const spanQuery = (traceId: string, spanId: string) =>
  queryOptions({
    queryKey: ["span", traceId, spanId],
    queryFn: async ({ signal }) =>
      readPayload(await get("/api/traces/{trace_id}/spans/{span_id}", { path: { trace_id: traceId, span_id: spanId }, signal })),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
