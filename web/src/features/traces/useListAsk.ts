// The question that the URL asks of the list. "The last hour" is the hour before it was chosen.
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { ListAsk } from "@/api/queries";
import { defined, type ListSearch } from "@/model/address";
import { boundsOf } from "@/model/timeRange";

const route = getRouteApi("/traces");

export type Change = { [Key in keyof ListSearch]?: ListSearch[Key] | undefined };

export function useListAsk(): { search: ListSearch; ask: ListAsk; change: (change: Change) => void } {
  const search = route.useSearch();
  const navigate = useNavigate();
  const { experiment, filter, range, from, to, order } = search;
  const ask = useMemo(
    () => ({
      experiment,
      filter,
      order,
      ...boundsOf({ range, from, to }),
    }),
    [experiment, filter, range, from, to, order],
  );
  const change = useCallback(
    (wanted: Change) => {
      // A place in the list that was is none in the list that will be.
      void navigate({ to: "/traces", search: (before) => defined<ListSearch>({ ...before, at: undefined, ...wanted }) });
    },
    [navigate],
  );
  return { search, ask, change };
}
