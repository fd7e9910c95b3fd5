// A trace: header, tree with waterfall, and the selected span. On a phone the two panes are steps.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo } from "react";
import { traceQuery } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { SkeletonRows } from "@/components/Skeleton";
import { Split } from "@/components/Split";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import { useNarrow } from "@/lib/useNarrow";
import { readForTab } from "@/lib/storage";
import { defined, listSearch, parseSearch, type ListSearch, type TraceSearch } from "@/model/address";
import { spanThatMatters } from "@/model/focus";
import type { Trace } from "@/model/trace";
import { buildTree } from "@/model/tree";
import { SpanPane } from "./SpanPane";
import { SpanTree } from "./SpanTree";
import { TraceContext } from "./TraceContext";
import { TraceHeader } from "./TraceHeader";

const route = getRouteApi("/traces/$traceId");

export function TraceView() {
  const { t } = useSpeech();
  const { traceId } = route.useParams();
  const { data, error, refetch } = useQuery(traceQuery(traceId));
  if (data) return <OpenTrace key={traceId} trace={data} />;
  if (error) return <Failure what={t.whatTrace} error={error} onRetry={() => void refetch()} />;
  return <SkeletonRows count={10} height={32} widths={[30, 20, 6]} />;
}

function OpenTrace({ trace }: { trace: Trace }) {
  const { t } = useSpeech();
  const isNarrow = useNarrow();
  const search = route.useSearch();
  const tree = useMemo(() => buildTree(trace.spans), [trace.spans]);
  const { go, back } = useMoves(trace.row.id, search);
  const select = useCallback((span: string) => go({ span, chunk: undefined }), [go]);
  useKeys({ Escape: back });

  // The choice is made once and written down: spans that arrive later do not move it.
  const hasChoice = search.span !== undefined;
  useEffect(() => {
    const span = hasChoice || isNarrow ? null : spanThatMatters(tree);
    if (span) select(span.id);
  }, [hasChoice, isNarrow, tree, select]);

  const open = useMemo(() => ({ tree, select }), [tree, select]);
  const panes = {
    left: <SpanTree tree={tree} spans={trace.spans} selected={search.span ?? null} onSelect={select} />,
    right: search.span === undefined ? null : <SpanPane trace={trace} spanId={search.span} search={search} go={go} />,
  };
  return (
    <TraceContext value={open}>
      <TraceHeader trace={trace} onBack={isNarrow && hasChoice ? () => go({ span: undefined, tab: undefined, chunk: undefined }) : back} />
      <div style={{ flex: 1, minHeight: 0, display: "flex", flexDirection: "column" }}>
        {isNarrow ? (panes.right ?? panes.left) : <Split name="trace" label={t.resize} left={panes.left} right={panes.right} />}
      </div>
    </TraceContext>
  );
}

export type Change = { [Key in keyof TraceSearch]?: TraceSearch[Key] | undefined };

function useMoves(traceId: string, search: TraceSearch) {
  const navigate = useNavigate();
  const { experiment } = search;
  const go = useCallback(
    (change: Change) => {
      void navigate({
        to: "/traces/$traceId",
        params: { traceId },
        search: (before) => defined<TraceSearch>({ ...before, ...change }),
        replace: true,
      });
    },
    [navigate, traceId],
  );
  const back = useCallback(() => {
    // As the list was, if this trace was opened from it; a link may lead here from anywhere.
    const list = listSearch(parseSearch(readForTab("list") ?? ""));
    const own: ListSearch = experiment === undefined ? {} : { experiment };
    void navigate({ to: "/traces", search: { ...(list.experiment === experiment ? list : own), at: traceId } });
  }, [navigate, experiment, traceId]);
  return { go, back };
}
