// The list itself: a head, virtual rows, and the keys that move in it.
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { ScrollPane, VirtualRows } from "@/components/VirtualRows";
import { useSpeech } from "@/lib/i18n/language";
import { useKeys } from "@/lib/useKeys";
import { useNarrow } from "@/lib/useNarrow";
import { useNow } from "@/lib/useNow";
import type { ListSearch } from "@/model/address";
import { freeWords } from "@/model/filterText";
import { medianByName } from "@/model/slowness";
import type { TraceRow as Row } from "@/model/trace";
import { TableHead } from "./TableHead";
import { TraceRow } from "./TraceRow";
import styles from "./TraceTable.module.css";
import type { Change } from "./useListAsk";
import type { LiveRows } from "./useLiveRows";

const AHEAD = 30;
const TALL = 44;
const TALL_NARROW = 72;

interface Props {
  live: LiveRows;
  rows: readonly Row[];
  search: ListSearch;
  onChange: (change: Change) => void;
}

export function TraceTable({ live, rows, search, onChange }: Props) {
  const { t } = useSpeech();
  const isNarrow = useNarrow();
  const nowMs = useNow(30_000);
  const medians = useMemo(() => medianByName(rows), [rows]);
  const { at, select, open } = useSelection(rows, search);
  const words = useMemo(() => freeWords(search.filter ?? ""), [search.filter]);
  const onScroll = useFollowing(live, search.live === "1");

  const { loadOlder } = live;
  const onLast = useCallback(
    (index: number) => {
      if (index >= rows.length - AHEAD) loadOlder();
    },
    [rows.length, loadOlder],
  );

  useKeys({
    j: () => select(at + 1),
    k: () => select(at - 1),
    ArrowDown: (event) => {
      event.preventDefault();
      select(at + 1);
    },
    ArrowUp: (event) => {
      event.preventDefault();
      select(at - 1);
    },
    Enter: () => {
      const row = rows[at];
      if (row) open(row);
    },
  });

  return (
    <ScrollPane className={styles.pane} onScroll={onScroll}>
      <div role="grid" aria-label={t.traces} aria-rowcount={live.hasOlder ? -1 : rows.length + 1} className={styles.grid}>
        <TableHead order={search.order} onOrder={(order) => onChange({ order })} />
        <VirtualRows
          role="rowgroup"
          count={rows.length}
          height={isNarrow ? TALL_NARROW : TALL}
          keyOf={(i) => rows[i]?.id ?? i}
          reveal={at >= 0 ? at : undefined}
          onLast={onLast}
          render={(i) => {
            const row = rows[i];
            return row && (
              <TraceRow row={row} index={i} isSelected={i === at} medians={medians} words={words} nowMs={nowMs} onOpen={open} />
            );
          }}
        />
      </div>
      <p className={styles.end}>{live.hasOlder ? t.loadingOlder : t.endOfList}</p>
    </ScrollPane>
  );
}

/** Where newer traces come in by themselves they do so at the list's head alone: nobody who reads is moved. */
function useFollowing({ waiting, showWaiting }: LiveRows, isFollowing: boolean): (top: number) => void {
  const [isAtHead, setIsAtHead] = useState(true);
  useEffect(() => {
    if (isFollowing && isAtHead && waiting > 0) showWaiting();
  }, [isFollowing, isAtHead, waiting, showWaiting]);
  return useCallback((top: number) => setIsAtHead(top < 8), []);
}

/** Where the list stands is in the URL, so that going back comes back to it. */
function useSelection(rows: readonly Row[], search: ListSearch) {
  const navigate = useNavigate();
  const at = useMemo(() => (search.at === undefined ? -1 : rows.findIndex((row) => row.id === search.at)), [rows, search.at]);
  const stand = (row: Row) => navigate({ to: "/traces", search: { ...search, at: row.id }, replace: true });
  const select = (index: number) => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    if (row) void stand(row);
  };
  const open = (row: Row) => {
    const { experiment } = search;
    void stand(row).then(() =>
      navigate({ to: "/traces/$traceId", params: { traceId: row.id }, search: experiment === undefined ? {} : { experiment } }),
    );
  };
  return { at, select, open };
}
