// A trace: header, tree with waterfall, and the selected span. On a phone the two panes are steps.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { IconListTree, IconSitemap } from "@tabler/icons-react";
import { lazy, Suspense, useCallback, useEffect, useMemo } from "react";
import { outlineQuery, traceQuery } from "@/api/queries";
import { Failure } from "@/components/Failure";
import { IconButton } from "@/components/IconButton";
import { SkeletonRows } from "@/components/Skeleton";
import { Split } from "@/components/Split";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import { useNarrow } from "@/lib/useNarrow";
import { readForTab } from "@/lib/storage";
import { defined, listSearch, parseSearch, type ListSearch, type TraceSearch } from "@/model/address";
import { spanThatMatters } from "@/model/focus";
import type { Span, Trace } from "@/model/trace";
import { buildTree, type SpanTree as Tree } from "@/model/tree";
import { SpanPane } from "./SpanPane";

import { TraceContext } from "./TraceContext";
import { TraceHeader } from "./TraceHeader";
import { SpanTree } from "./tree/SpanTree";
import barStyles from "./tree/TreeBar.module.css";

const AgentGraph = lazy(() => import("./graph/AgentGraph"));

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
  const all = useSpans(trace);
  const tree = useMemo(() => buildTree(all.spans), [all.spans]);
  const { go, back } = useMoves(trace.row.id, search);
  const select = useCallback((span: string) => go({ span, chunk: undefined }), [go]);
  useKeys({ Escape: back });

  // The choice is made once and written down: spans that arrive later do not move it. It is on show before that.
  const hasChoice = search.span !== undefined;
  const { isLoading } = all;
  const proposed = useMemo(() => (hasChoice || isNarrow || isLoading ? undefined : spanThatMatters(tree)?.id), [hasChoice, isNarrow, isLoading, tree]);
  useEffect(() => {
    if (proposed !== undefined) select(proposed);
  }, [proposed, select]);
  const shown = search.span ?? proposed;

  const open = useMemo(() => ({ tree, select }), [tree, select]);
  const panes = {
    left: (
      <>
        {all.error && <Failure what={t.whatSpans} error={all.error} onRetry={all.retry} />}
        <SpansPane tree={tree} trace={trace} isLoading={isLoading} search={search} selected={shown ?? null} select={select} go={go} />
      </>
    ),
    right: shown === undefined ? null : <SpanPane trace={trace} spanId={shown} search={search} go={go} isLoading={isLoading} />,
  };
  return (
    <TraceContext value={open}>
      <TraceHeader trace={trace} spanCount={all.isLoading || tree.order.length >= trace.row.spanCount ? null : tree.order.length} onBack={isNarrow && hasChoice ? () => go({ span: undefined, tab: undefined, chunk: undefined }) : back} />
      <div style={{ flex: 1, minHeight: 0, display: "flex", flexDirection: "column" }}>
        {isNarrow ? (panes.right ?? panes.left) : <Split name="trace" label={t.resize} left={panes.left} right={panes.right} />}
      </div>
    </TraceContext>
  );
}

interface SpansProps {
  tree: Tree;
  trace: Trace;
  isLoading: boolean;
  search: TraceSearch;
  selected: string | null;
  select: (spanId: string) => void;
  go: (change: Change) => void;
}

/** The spans as a tree, or as a graph of who called whom. */
function SpansPane({ tree, trace, isLoading, search, selected, select, go }: SpansProps) {
  const { t } = useSpeech();
  const find = useCallback((words: string) => go({ find: words === "" ? undefined : words }), [go]);
  if (search.show === "graph") {
    return (
      <>
        <GraphBar onTree={() => go({ show: undefined })} />
        <Suspense fallback={<SkeletonRows count={4} height={60} widths={[30]} />}>
          <AgentGraph tree={tree} selected={selected} onSelect={select} />
        </Suspense>
      </>
    );
  }
  return (
    <SpanTree tree={tree} count={trace.row.spanCount} isLoading={isLoading} selected={selected} onSelect={select} find={search.find ?? ""} onFind={find}>
      <IconButton label={t.agentGraph} className={barStyles.tool} onClick={() => go({ show: "graph" })}>
        <IconSitemap size={16} stroke={1.6} />
      </IconButton>
    </SpanTree>
  );
}

function GraphBar({ onTree }: { onTree: () => void }) {
  const { t } = useSpeech();
  return (
    <div className={barStyles.bar}>
      <h2 className={barStyles.heading}>{t.agentGraph}</h2>
      <IconButton label={t.showTree} className={barStyles.tool} onClick={onTree}>
        <IconListTree size={16} stroke={1.6} />
      </IconButton>
    </div>
  );
}

/** All spans of the trace. Of a large one those nearest to the roots come first, and then the whole. */
function useSpans(trace: Trace): { spans: readonly Span[]; isLoading: boolean; error: Error | null; retry: () => void } {
  const isLarge = trace.areSpansCut;
  const { data, error, refetch } = useQuery({ ...outlineQuery(trace.row.id, trace.row.spanCount), enabled: isLarge });
  const spans = isLarge && data ? data : trace.spans;
  return { spans, isLoading: isLarge && !data && !error, error: isLarge && !data ? error : null, retry: () => void refetch() };
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
