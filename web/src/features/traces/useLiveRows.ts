// The rows of the list, page after page, and how many newer ones wait behind the button.
import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { newestQuery, tracesQuery, unsearchedOf, type ListAsk, type TracePage } from "@/api/queries";
import { joinedHead, mergeFresh } from "@/model/freshRows";
import type { TraceRow } from "@/model/trace";
import { useTold } from "./useTold";

export interface LiveRows {
  rows: readonly TraceRow[] | null;
  /** The rows are those of the question before, until the answer comes. */
  isOld: boolean;
  error: Error | null;
  retry: () => void;
  waiting: number;
  isMoreWaiting: boolean;
  showWaiting: () => void;
  loadOlder: () => void;
  hasOlder: boolean;
  /** Takes rows away that are no more. */
  remove: (ids: readonly string[]) => void;
  /** What is on show is read anew, such as after tags were set. */
  renew: () => void;
  /** So many traces may fit besides: their words were not indexed yet when the list was asked for. */
  unsearched: number;
  /** Asks for the list again, and for what is counted of it. */
  askAgain: () => void;
  /** Why the last look for newer traces failed; the rows on show stay. */
  liveError: Error | null;
}

type Pages = InfiniteData<TracePage, string | undefined>;

export function useLiveRows(ask: ListAsk): LiveRows {
  const client = useQueryClient();
  const list = useInfiniteQuery(tracesQuery(ask));
  // Newer ones have a place only at the head of a list that is open towards now.
  const isOpen = ask.untilMs === null && ask.order === undefined;
  const isReady = list.isSuccess && !list.isPlaceholderData && isOpen;
  const { queryKey } = tracesQuery(ask);
  const newestKey = newestQuery(ask, false).queryKey;
  const told = useTold(ask, isReady, () => void client.invalidateQueries({ queryKey: newestKey }));
  const newest = useQuery({ ...newestQuery(ask, told.isTelling), enabled: isReady });

  const loaded = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? null, [list.data]);
  const fresh = useMemo(() => {
    if (!loaded) return null;
    const page = newest.data;
    return mergeFresh(loaded, joinedHead(page?.rows ?? [], told.rows), page === undefined || page.next === null);
  }, [loaded, newest.data, told.rows]);

  const isMore = (fresh?.isMore ?? false) || told.isCut;
  const { forget } = told;
  const news = fresh?.waiting;
  const showWaiting = useCallback(() => {
    if (!news) return;
    if (isMore) {
      // More wait than are known: the list begins anew. What goes wrong then is `liveError`.
      void client.query({ ...newestQuery(ask, true), staleTime: 0 }).then((page) => {
        client.setQueryData<Pages>(queryKey, { pages: [page], pageParams: [undefined] });
        forget();
      }, () => undefined);
      return;
    }
    // No request, no empty moment.
    client.setQueryData<Pages>(queryKey, (before) => {
      const [first, ...rest] = before?.pages ?? [];
      return before && first && { ...before, pages: [{ ...first, rows: [...news, ...first.rows] }, ...rest] };
    });
  }, [client, ask, queryKey, news, isMore, forget]);

  const { drop } = told;
  const remove = useCallback(
    (ids: readonly string[]) => {
      const gone = new Set(ids);
      const without = (page: TracePage): TracePage => ({ ...page, rows: page.rows.filter(({ id }) => !gone.has(id)) });
      drop(gone);
      client.setQueryData<TracePage>(newestKey, (page) => page && without(page));
      client.setQueryData<Pages>(queryKey, (before) => before && { ...before, pages: before.pages.map(without) });
    },
    [client, queryKey, newestKey, drop],
  );

  const { refetch } = list;
  const askAgain = useCallback(() => {
    // One that is still under way is waited for: a slow search that is begun anew each time would never end.
    void refetch({ cancelRefetch: false });
    for (const counted of ["count", "histogram", "facets"]) void client.invalidateQueries({ queryKey: [counted, ask] });
  }, [client, ask, refetch]);

  // Where nothing is on show, nothing can move: the first traces come in by themselves.
  const isEmpty = loaded?.length === 0;
  const waiting = news?.length ?? 0;
  useEffect(() => {
    if (isEmpty && waiting > 0) showWaiting();
  }, [isEmpty, waiting, showWaiting]);

  return {
    rows: fresh?.rows ?? null,
    isOld: list.isPlaceholderData,
    error: list.data ? null : list.error,
    retry: () => void list.refetch(),
    waiting,
    isMoreWaiting: isMore,
    showWaiting,
    loadOlder: () => {
      if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
    },
    hasOlder: list.hasNextPage,
    remove,
    renew: () => void list.refetch(),
    unsearched: list.data && !list.isPlaceholderData ? unsearchedOf(list.data.pages) : 0,
    askAgain,
    liveError: newest.error,
  };
}
