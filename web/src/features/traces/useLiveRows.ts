// The rows of the list, page after page, and how many newer ones wait behind the button.
import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { newestQuery, tracesQuery, type TracePage } from "@/api/queries";
import { mergeFresh } from "@/model/freshRows";
import type { TraceRow } from "@/model/trace";

export interface LiveRows {
  rows: readonly TraceRow[] | null;
  error: Error | null;
  retry: () => void;
  waiting: number;
  isMoreWaiting: boolean;
  showWaiting: () => void;
  loadOlder: () => void;
  isLoadingOlder: boolean;
  hasOlder: boolean;
  /** Why the last look for newer traces failed; the rows on show stay. */
  liveError: Error | null;
}

export function useLiveRows(experiment: string | undefined): LiveRows {
  const client = useQueryClient();
  const pages = tracesQuery(experiment);
  const list = useInfiniteQuery(pages);
  const first = list.data?.pages[0];
  const newest = useQuery({ ...newestQuery(experiment), enabled: list.isSuccess });
  const head = newest.data ?? first;

  const loaded = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? null, [list.data]);
  const fresh = useMemo(
    () => (loaded && head ? mergeFresh(loaded, head.rows, head.next === null) : null),
    [loaded, head],
  );

  const { queryKey } = pages;
  const showWaiting = useCallback(() => {
    if (!head) return;
    // The head becomes the list: no request, no empty moment.
    client.setQueryData<InfiniteData<TracePage, string | undefined>>(queryKey, { pages: [head], pageParams: [undefined] });
  }, [client, queryKey, head]);

  // Where nothing is on show, nothing can move: the first traces come in by themselves.
  const isEmpty = loaded?.length === 0;
  const waiting = fresh?.waiting ?? 0;
  useEffect(() => {
    if (isEmpty && waiting > 0) showWaiting();
  }, [isEmpty, waiting, showWaiting]);

  return {
    rows: fresh?.rows ?? null,
    error: list.data ? null : list.error,
    retry: () => void list.refetch(),
    waiting,
    isMoreWaiting: fresh?.isMore ?? false,
    showWaiting,
    loadOlder: () => {
      if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
    },
    isLoadingOlder: list.isFetchingNextPage,
    hasOlder: list.hasNextPage,
    liveError: newest.error,
  };
}
