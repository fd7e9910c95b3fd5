// What was said of the traces in the list, asked for only where a column shows it, and again where a row changed.
import { useCallback, useEffect, useState } from "react";
import { judgementsOf, MOST_JUDGED } from "@/api/several";
import type { Assessment } from "@/model/assessment";
import type { TraceRow } from "@/model/trace";

interface Known {
  /** The row as it was when it was asked for: another one may have been judged since. */
  row: TraceRow;
  said: readonly Assessment[];
}

const NOTHING: ReadonlyMap<string, Known> = new Map();

/** Null while it is not known; "failed" where it could not be had. */
export type Feedback = (row: TraceRow) => readonly Assessment[] | null | "failed";

export function useFeedback(rows: readonly TraceRow[], isWanted: boolean): Feedback {
  const [known, setKnown] = useState(NOTHING);
  const [hasFailed, setHasFailed] = useState(false);
  useEffect(() => {
    if (!isWanted) return;
    const asked = rows.filter((row) => known.get(row.id)?.row !== row).slice(0, MOST_JUDGED);
    if (asked.length === 0) return;
    let isOver = false;
    judgementsOf(asked.map(({ id }) => id)).then(
      (found) => {
        if (isOver) return;
        setKnown((before) => {
          const next = new Map(before);
          for (const row of asked) next.set(row.id, { row, said: found.get(row.id) ?? [] });
          return next;
        });
        setHasFailed(false);
      },
      () => {
        if (!isOver) setHasFailed(true);
      },
    );
    return () => {
      isOver = true;
    };
  }, [rows, isWanted, known]);
  return useCallback((row) => known.get(row.id)?.said ?? (hasFailed ? "failed" : null), [known, hasFailed]);
}
