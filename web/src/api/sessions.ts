// What can be asked of sessions.
import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Session } from "@/model/session";
import { get } from "./client";
import type { components } from "./generated/schema";
import { readTraceRow, readUsage } from "./read";

const PAGE = 50;

export const sessionsQuery = (experiment: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["sessions", experiment ?? null],
    queryFn: async ({ pageParam, signal }) => {
      const found = await get("/api/sessions", { query: { experiments: experiment, page_token: pageParam, limit: PAGE }, signal });
      return { sessions: found.sessions.map(readSession), next: found.next_page_token };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 15_000,
  });

/** A session and its traces, from the first one on. */
export const conversationQuery = (id: string, experiment: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["conversation", id, experiment ?? null],
    queryFn: async ({ pageParam, signal }) => {
      const query = { experiment, cursor: pageParam, limit: PAGE };
      const found = await get("/api/sessions/{session_id}", { path: { session_id: id }, query, signal });
      return { sessions: found.sessions.map(readSession), rows: found.traces.map(readTraceRow), next: found.next_cursor };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 15_000,
  });

const readSession = (raw: components["schemas"]["TraceSession"]): Session => ({
  id: raw.session_id,
  experiment: raw.experiment_name,
  traces: raw.trace_count,
  errors: raw.error_count,
  firstNs: BigInt(raw.first_start_ns),
  lastNs: BigInt(raw.last_start_ns),
  usage: readUsage(raw.usage),
  // Nothing but calls without a price costs nobody knows what, not nothing.
  costUsd: raw.cost_usd === 0 && raw.unpriced_calls > 0 ? null : raw.cost_usd,
  unpriced: raw.unpriced_calls,
});
