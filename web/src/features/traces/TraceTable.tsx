// The list itself: a head, virtual rows, and the keys that move in it.
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState, type CSSProperties } from "react";
import { ScrollPane, VirtualRows } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import { useNarrow } from "@/lib/useNarrow";
import { keepForTab } from "@/lib/storage";
import { useNow } from "@/lib/useNow";
import type { ListSearch } from "@/model/address";
import { NONE_CHOSEN } from "@/model/chosen";
import { gridTracks, leastWidth, type Column, type Layout } from "@/model/columns";
import { freeWords } from "@/model/filterText";
import { medianByName } from "@/model/slowness";
import type { TraceRow as Row } from "@/model/trace";
import { TableHead } from "./TableHead";
import { TraceRow } from "./TraceRow";
import styles from "./TraceTable.module.css";
import type { ChosenRows } from "./useChosen";
import { useFeedback } from "./useFeedback";
import type { Change } from "./useListAsk";
import type { LiveRows } from "./useLiveRows";

const AHEAD = 30;
// How far the keys [ and ] lead from a trace that was opened here.
const NEAR = 500;
// How often a list that follows asks again while words are being indexed.
const AGAIN_MS = 4000;
const TALL = 44;
const TALL_COMPACT = 32;
const TALL_NARROW = 72;
// What a phone's card has.
const NARROW: readonly Column[] = ["time", "name", "model", "latency", "tokens", "cost"];

interface Props {
  live: LiveRows;
  rows: readonly Row[];
  search: ListSearch;
  layout: Layout;
  onLayout: (layout: Layout) => void;
  chosen: ChosenRows;
  onChange: (change: Change) => void;
}

export function TraceTable({ live, rows, search, layout, onLayout, chosen, onChange }: Props) {
  const { t } = useSpeech();
  const isNarrow = useNarrow();
  const nowMs = useNow(30_000);
  const medians = useMemo(() => medianByName(rows), [rows]);
  const { at, select, open } = useSelection(rows, search);
  const words = useMemo(() => freeWords(search.filter ?? ""), [search.filter]);
  const onScroll = useFollowing(live, search.live === "1");
  const columns = useMemo(() => (isNarrow ? NARROW : layout.columns.map(({ id }) => id)), [isNarrow, layout]);
  const shown = useMemo(() => new Set(columns), [columns]);
  const feedback = useFeedback(rows, shown.has("feedback"));
  const isCompact = layout.isCompact && !isNarrow;

  const { loadOlder } = live;
  const onLast = useCallback(
    (index: number) => {
      if (index >= rows.length - AHEAD) loadOlder();
    },
    [rows.length, loadOlder],
  );

  useListKeys({ rows, at, select, open, chosen });
  const tracks = { "--columns": gridTracks(layout), "--least": `${leastWidth(layout)}px` } as CSSProperties;
  const isAll = rows.length > 0 && rows.every(({ id }) => chosen.ids.has(id));
  return (
    <ScrollPane className={styles.pane} onScroll={onScroll}>
      <div
        role="grid"
        aria-label={t.traces}
        aria-multiselectable
        aria-rowcount={live.hasOlder ? -1 : rows.length + 1}
        className={styles.grid}
        style={tracks}
      >
        <TableHead
          layout={layout}
          onLayout={onLayout}
          order={search.order}
          onOrder={(order) => onChange({ order })}
          chosen={isAll ? "all" : chosen.ids.size > 0 ? "some" : "none"}
          onChooseAll={(isOn) => chosen.set(isOn ? new Set(rows.map(({ id }) => id)) : NONE_CHOSEN)}
        />
        <VirtualRows
          role="rowgroup"
          count={rows.length}
          height={isNarrow ? TALL_NARROW : isCompact ? TALL_COMPACT : TALL}
          keyOf={(i) => rows[i]?.id ?? i}
          reveal={at >= 0 ? at : undefined}
          onLast={onLast}
          render={(i) => {
            const row = rows[i];
            return row && (
              <TraceRow
                row={row}
                index={i}
                columns={columns}
                shown={shown}
                isCompact={isCompact}
                isAt={i === at}
                isChosen={chosen.ids.has(row.id)}
                medians={medians}
                words={words}
                nowMs={nowMs}
                feedback={shown.has("feedback") ? feedback(row) : null}
                onOpen={open}
                onChoose={chosen.toggle}
              />
            );
          }}
        />
      </div>
      <p className={styles.end}>{live.hasOlder ? t.loadingOlder : t.endOfList}</p>
    </ScrollPane>
  );
}

interface Keys {
  rows: readonly Row[];
  at: number;
  select: (index: number) => void;
  open: (row: Row) => void;
  chosen: ChosenRows;
}

function useListKeys({ rows, at, select, open, chosen }: Keys): void {
  const go = (by: number, isExtending: boolean) => {
    const [here, there] = [rows[at], rows[at + by]];
    if (isExtending && there) chosen.extend((here ?? there).id, there.id);
    select(at + by);
  };
  const arrow = (by: number) => (event: KeyboardEvent) => {
    event.preventDefault();
    go(by, event.shiftKey);
  };
  useKeys({
    j: () => go(1, false),
    k: () => go(-1, false),
    J: () => go(1, true),
    K: () => go(-1, true),
    ArrowDown: arrow(1),
    ArrowUp: arrow(-1),
    x: () => {
      const row = rows[at];
      if (row) chosen.toggle(row.id, false);
    },
    X: () => {
      const row = rows[at];
      if (row) chosen.toggle(row.id, true);
    },
    Escape: () => chosen.set(NONE_CHOSEN),
    Enter: () => {
      const row = rows[at];
      if (row) open(row);
    },
  });
}

/** Where newer traces come in by themselves they do so at the list's head alone: nobody who reads is moved. */
function useFollowing({ waiting, showWaiting, unsearched, askAgain }: LiveRows, isFollowing: boolean): (top: number) => void {
  const [isAtHead, setIsAtHead] = useState(true);
  const asksAgain = isFollowing && isAtHead && unsearched > 0;
  useEffect(() => {
    if (!asksAgain) return;
    const timer = setInterval(askAgain, AGAIN_MS);
    return () => clearInterval(timer);
  }, [asksAgain, askAgain]);
  useEffect(() => {
    if (isFollowing && isAtHead && waiting > 0) showWaiting();
  }, [isFollowing, isAtHead, waiting, showWaiting]);
  return useCallback((top: number) => setIsAtHead(top < 8), []);
}

/** Where the list stands is in the URL, so that going back comes back to it. */
function useSelection(rows: readonly Row[], search: ListSearch) {
  const navigate = useNavigate();
  const at = useMemo(() => (search.at === undefined ? -1 : rows.findIndex((row) => row.id === search.at)), [rows, search.at]);
  const stand = useCallback((row: Row) => navigate({ to: "/traces", search: { ...search, at: row.id }, replace: true }), [navigate, search]);
  const select = (index: number) => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    if (row) void stand(row);
  };
  const open = useCallback(
    (row: Row) => {
      const { experiment } = search;
      const place = rows.indexOf(row);
      keepForTab("neighbours", rows.slice(Math.max(place - NEAR, 0), place + NEAR).map(({ id }) => id).join(","));
      void stand(row).then(() =>
        navigate({ to: "/traces/$traceId", params: { traceId: row.id }, search: experiment === undefined ? {} : { experiment } }),
      );
    },
    [navigate, rows, search, stand],
  );
  return { at, select, open };
}
