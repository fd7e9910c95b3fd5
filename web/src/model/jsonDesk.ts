// Where a viewer of JSON gets its rows from: from a value in the page at once, or from a worker a moment later.
import type { PathStep } from "@/lib/json";
import { JsonViewer, type ViewerAct, type ViewerRow, type ViewerState } from "./jsonViewer";

export interface JsonDesk {
  /** Called whenever the state or rows have changed. */
  subscribe: (changed: () => void) => () => void;
  /** The same object until something has changed. */
  state: () => ViewerState;
  act: (act: ViewerAct) => void;
  /** A row of the tree; null while it is on its way. */
  row: (at: number) => ViewerRow | null;
  rawRow: (at: number) => string | null;
  /** A value whole, as text. */
  whole: (path: readonly PathStep[]) => Promise<string>;
  all: () => Promise<string>;
}

const BLOCK = 100;

/** Rows by blocks: those of a block are asked for together. */
class Blocks<Row> {
  private blocks = new Map<number, readonly Row[]>();

  constructor(private readonly read: (from: number, to: number) => readonly Row[]) {}

  at(place: number): Row | null {
    const block = Math.floor(place / BLOCK);
    let rows = this.blocks.get(block);
    if (!rows) {
      rows = this.read(block * BLOCK, (block + 1) * BLOCK);
      this.blocks.set(block, rows);
    }
    return rows[place % BLOCK] ?? null;
  }

  clear(): void {
    this.blocks = new Map();
  }
}

/** The desk of a value that is in the page already. */
export function localDesk(value: unknown): JsonDesk {
  const viewer = new JsonViewer({ value });
  const listeners = new Set<() => void>();
  const rows = new Blocks((from, to) => viewer.rows(from, to));
  const lines = new Blocks((from, to) => viewer.rawRows(from, to));
  let state = viewer.state();
  return {
    subscribe: (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    state: () => state,
    act: (act) => {
      viewer.act(act);
      rows.clear();
      lines.clear();
      state = viewer.state();
      for (const listener of listeners) listener();
    },
    row: (at) => rows.at(at),
    rawRow: (at) => lines.at(at),
    whole: (path) => Promise.resolve(viewer.whole(path)),
    all: () => Promise.resolve(viewer.all()),
  };
}
