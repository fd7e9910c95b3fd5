// What the columns of a comparison are: each trace, and of it the span whose words are looked at.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { compareQuery } from "@/api/compare";
import { spanQuery, traceQuery } from "@/api/queries";
import type { SpanPayload } from "@/api/read";
import { placeThatMatters, type Place } from "@/model/compared";
import type { CompareItem } from "@/model/compareItems";
import { spanThatMatters } from "@/model/focus";
import type { Span, Trace } from "@/model/trace";
import { buildTree } from "@/model/tree";

export interface Column {
  item: CompareItem;
  trace: Trace;
  /** The span that is compared; null where a trace has none at the place. */
  span: Span | null;
  payload: SpanPayload | null;
  /** The payload could not be had. */
  error: Error | null;
}

export interface Compared {
  columns: readonly Column[] | null;
  places: readonly Place[];
  place: number;
  isWhole: boolean;
  error: Error | null;
  retry: () => void;
}

export function useCompared(items: readonly CompareItem[], chosen: number | undefined): Compared {
  const traces = useQueries({ queries: items.map(({ traceId }) => traceQuery(traceId)) });
  const ids = useMemo(() => items.map(({ traceId }) => traceId), [items]);
  // Single spans are compared as they are; whole traces place by place.
  const areTraces = items.length > 1 && items.every(({ spanId }) => spanId === null);
  const aligned = useQuery({ ...compareQuery(ids), enabled: areTraces });
  const places = (areTraces ? aligned.data?.places : undefined) ?? NO_PLACES;

  const found = traces.map(({ data }) => data);
  const focus = found.map((trace) => (trace ? spanThatMatters(buildTree(trace.spans)) : null));
  const place = chosen !== undefined && chosen < places.length ? chosen : placeThatMatters(places, focus[0]?.id ?? null);
  const spans = items.map((item, i) => {
    if (item.spanId !== null) return found[i]?.spans.find(({ id }) => id === item.spanId) ?? null;
    return places.length > 0 ? (places[place]?.spans[i] ?? null) : (focus[i] ?? null);
  });
  const payloads = useQueries({
    queries: items.map(({ traceId }, i) => ({
      ...spanQuery(traceId, spans[i]?.id ?? ""),
      enabled: spans[i] !== null && spans[i] !== undefined,
      placeholderData: undefined,
    })),
  });

  const broken = [...traces, aligned].find(({ error, data }) => error !== null && data === undefined);
  const isWaiting = found.some((trace) => trace === undefined) || (areTraces && aligned.data === undefined);
  const columns = isWaiting
    ? null
    : items.flatMap((item, i): Column[] => {
        const trace = found[i];
        return trace ? [{ item, trace, span: spans[i] ?? null, payload: payloads[i]?.data ?? null, error: payloads[i]?.error ?? null }] : [];
      });
  return {
    columns,
    places,
    place,
    isWhole: aligned.data?.isWhole ?? true,
    error: broken?.error ?? null,
    retry: () => {
      for (const each of [...traces, aligned]) if (each.error) void each.refetch();
    },
  };
}

const NO_PLACES: readonly Place[] = [];
