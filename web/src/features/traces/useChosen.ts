// Which rows are chosen, and where a stretch of them begins.
import { useCallback, useMemo, useState } from "react";
import { NONE_CHOSEN, toggledRow, withRange, type Chosen } from "@/model/chosen";
import type { TraceRow } from "@/model/trace";

export interface ChosenRows {
  ids: Chosen;
  /** Chooses a row or lets go of it; with `isRange` all from the one that was chosen last. */
  toggle: (id: string, isRange: boolean) => void;
  /** All between two rows. */
  extend: (from: string, to: string) => void;
  set: (ids: Chosen) => void;
}

export function useChosen(rows: readonly TraceRow[], question: string): ChosenRows {
  const [state, setState] = useState({ question, ids: NONE_CHOSEN, last: "" });
  // Another question has other traces: what was chosen before is not carried over unseen.
  const current = state.question === question ? state : { question, ids: NONE_CHOSEN, last: "" };
  const order = useMemo(() => rows.map(({ id }) => id), [rows]);
  const toggle = useCallback(
    (id: string, isRange: boolean) => {
      setState((before) => {
        const now = before.question === question ? before : { question, ids: NONE_CHOSEN, last: "" };
        const ids = isRange && now.last !== "" ? withRange(now.ids, order, now.last, id) : toggledRow(now.ids, id);
        return { question, ids, last: id };
      });
    },
    [order, question],
  );
  const extend = useCallback(
    (from: string, to: string) => {
      setState((before) => ({ question, ids: withRange(before.question === question ? before.ids : NONE_CHOSEN, order, from, to), last: to }));
    },
    [order, question],
  );
  const set = useCallback((ids: Chosen) => setState({ question, ids, last: "" }), [question]);
  return { ids: current.ids, toggle, extend, set };
}
