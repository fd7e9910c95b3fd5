// Which members of a JSON value are open, and which long texts are shown whole.
import { useMemo, useState } from "react";
import { jsonRows, openWithin, type JsonRow } from "@/model/jsonRows";

const AT_FIRST = 80;
const ALL = 20_000;

export interface JsonFold {
  rows: readonly JsonRow[];
  isFull: (id: string) => boolean;
  toggle: (id: string) => void;
  toggleFull: (id: string) => void;
  openAll: () => void;
  closeAll: () => void;
}

interface State {
  value: unknown;
  open: ReadonlySet<string>;
  full: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** The state is keyed by the value: another value starts anew, within the same component. */
export function useJsonFold(value: unknown, bare = false): JsonFold {
  const first = useMemo(() => openWithin(value, AT_FIRST), [value]);
  const [state, setState] = useState<State>({ value, open: first, full: NONE });
  const current = Object.is(state.value, value) ? state : { value, open: first, full: NONE };
  const rows = useMemo(() => jsonRows(value, current.open, bare), [value, current.open, bare]);
  return {
    rows,
    isFull: (id) => current.full.has(id),
    toggle: (id) => setState({ ...current, open: toggled(current.open, id) }),
    toggleFull: (id) => setState({ ...current, full: toggled(current.full, id) }),
    openAll: () => setState({ ...current, open: openWithin(value, ALL) }),
    closeAll: () => setState({ ...current, open: new Set() }),
  };
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}
